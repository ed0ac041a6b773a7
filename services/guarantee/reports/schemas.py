"""Requests and responses of the reports and their snapshots."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from services.guarantee.figures.schemas import ReportView
from services.guarantee.reports.handlers import Compared
from services.guarantee.reports.rules import Change, ReportKind, Snapshot
from shared.events.fields import Digest
from shared.web.fields import Body, Day, Id, View
from shared.web.paging import Page

Subject = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description="a programme, a fund, an enterprise's code, a bank or `all`",
        examples=["bank-haizhou"],
    ),
]


class KeepReport(Body):
    """Which report to keep: of whom, over which days."""

    report: Annotated[ReportKind, Field(examples=["g53-05"])]
    subject: Subject
    since: Day | None = None
    on: Day


class SnapshotView(View):
    """A kept report without its figures."""

    snapshot_id: Id
    report: Annotated[ReportKind, Field(examples=["g53-05"])]
    subject: Subject
    since: Day | None
    on: Day
    taken_by: str = Field(examples=["officer-1"])
    taken_at: Annotated[datetime, Field(examples=["2026-04-03T01:00:00Z"])]
    sha256: Digest

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Show a snapshot."""
        asked = snapshot.asked
        return cls(
            snapshot_id=snapshot.id,
            report=asked.kind,
            subject=asked.subject,
            since=asked.since,
            on=asked.on,
            taken_by=snapshot.taken_by,
            taken_at=snapshot.taken_at,
            sha256=snapshot.sha256,
        )


class ChangeView(View):
    """A figure that is no longer what it was."""

    item: str = Field(examples=["1"])
    then: int | None = Field(examples=[1_000_000_000])
    now: int | None = Field(examples=[900_000_000])

    @classmethod
    def of(cls, change: Change) -> Self:
        """Show a change."""
        return cls(item=change.item, then=change.then, now=change.now)


class ComparedView(View):
    """A snapshot against what the same question yields now."""

    snapshot: SnapshotView
    changes: list[ChangeView]

    @classmethod
    def of(cls, compared: Compared) -> Self:
        """Show a comparison."""
        return cls(
            snapshot=SnapshotView.of(compared.snapshot),
            changes=[ChangeView.of(change) for change in compared.changes],
        )


SnapshotPage = Page[SnapshotView]


def kept(snapshot: Snapshot) -> ReportView:
    """Read a kept report; it writes the same bytes that were kept."""
    return ReportView.model_validate_json(snapshot.content)
