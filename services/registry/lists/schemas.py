"""Responses of the lists."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from services.registry.lists.handlers import ImportReport
from services.registry.lists.store import ListVersion
from shared.web.csv_upload import RowNumber, RowReason
from shared.web.fields import Count, OrgCode, UsccField, View


class ImportedFirm(View):
    """What became of one row; ``uscc`` is shown as it was given.

    ``notes`` tell what of an accepted row was not taken: there another organisation's word stands.
    """

    row: RowNumber
    uscc: str = Field(examples=["91320706MA1N00018N"])
    accepted: bool = Field(examples=[True])
    reasons: list[RowReason]
    notes: list[RowReason]


class ListImport(View):
    """The report of an import: the version published and every row."""

    list_code: OrgCode
    version: Count
    accepted: Count
    rejected: Count
    rows: list[ImportedFirm]

    @classmethod
    def of(cls, report: ImportReport) -> Self:
        """Show a report."""
        rows = [
            ImportedFirm(
                row=row.number,
                uscc=row.uscc,
                accepted=not row.reasons,
                reasons=[RowReason.of(reason) for reason in row.reasons],
                notes=[RowReason.of(note) for note in row.notes],
            )
            for row in report.rows
        ]
        accepted = sum(row.accepted for row in rows)
        return cls(
            list_code=report.list_code,
            version=report.list_version,
            accepted=accepted,
            rejected=len(rows) - accepted,
            rows=rows,
        )


class ListVersionView(View):
    """A version and who was on it."""

    list_code: OrgCode
    version: Count
    published_by: OrgCode
    published_at: Annotated[datetime, Field(examples=["2026-03-02T01:00:00Z"])]
    accepted: Count
    rejected: Count
    members: list[UsccField]

    @classmethod
    def of(cls, version: ListVersion) -> Self:
        """Show a version."""
        return cls(
            list_code=version.list_code,
            version=version.version,
            published_by=version.published_by,
            published_at=version.published_at,
            accepted=version.accepted,
            rejected=version.rejected,
            members=list(version.members),
        )
