"""Requests and responses of the feeds: CloudEvents 1.0, JSON batch format."""

from datetime import date, datetime
from typing import Annotated, Any, Self

import orjson
from fastapi import Response
from pydantic import Field

from services.notify.feeds.handlers import Batch, Pruned, cursor
from services.notify.feeds.rules import Shown, snapshot_of
from shared.events.envelope import DataClass
from shared.events.notify import LegalBasis
from shared.web.fields import Body, Count, Day, Id, OrgCode, View
from shared.web.problem import link_header

MEDIA_TYPE = "application/cloudevents-batch+json"
NEXT_CURSOR = "Tongzhou-Next-Cursor"
AT_END = "Tongzhou-At-End"
EARLIEST = date(2000, 1, 1)
"""No feed has entries of an earlier day, and the first days of the calendar have no instant."""


class CloudEvent(View):
    """One entry as it is shown: only the granted fields are in ``data``.

    ``cursor`` is the position after it; ``legalbasis``, ``purpose`` and ``consentid`` say under
    what it was disclosed. Attributes without a value are left out.
    """

    specversion: str = Field(examples=["1.0"])
    id: Id
    source: str = Field(examples=["/tongzhou/registry"])
    type: str = Field(examples=["registry.enterprise.qualification_amended.v1"])
    subject: str | None = Field(default=None, examples=["91320706MA1N00018N"])
    time: Annotated[datetime, Field(examples=["2026-03-02T01:00:00Z"])]
    datacontenttype: str = Field(examples=["application/json"])
    dataclass: Annotated[DataClass, Field(examples=["internal"])]
    correlation: Id
    traceparent: str | None = Field(
        default=None, examples=["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]
    )
    cursor: str = Field(examples=["WyJlbnRlcnByaXNlLXF1YWxpZmljYXRpb25zIiw3XQ"])
    legalbasis: Annotated[LegalBasis, Field(examples=["consent"])]
    purpose: str = Field(examples=["credit_assessment"])
    consentid: Id | None = None
    data: dict[str, Any] = Field(
        examples=[{"uscc": "91320706MA1N00018N", "category": "hnte", "valid_to": "2028-01-01"}]
    )

    @classmethod
    def of(cls, shown: Shown, batch: Batch) -> Self:
        """Show an entry of a batch."""
        entry = shown.entry
        return cls(
            specversion="1.0",
            id=entry.event_id,
            source=f"/tongzhou/{entry.type.split('.', 1)[0]}",
            type=entry.type,
            subject=shown.subject,
            time=entry.recorded_at,
            datacontenttype="application/json",
            dataclass=shown.data_class,
            correlation=entry.correlation,
            traceparent=entry.traceparent,
            cursor=cursor(batch.feed.code, entry.position),
            legalbasis=batch.subscription.legal_basis,
            purpose=batch.subscription.purpose,
            consentid=shown.consent_id,
            data=dict(shown.data),
        )


class CloudEventsBatch(Response):
    """A batch with the cursor to go on from and whether it is the end, also when it is empty."""

    media_type = MEDIA_TYPE

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Answer with a batch; what remains of a snapshot is read before the feed goes on."""
        events = [
            CloudEvent.of(shown, batch).model_dump(mode="json", exclude_none=True)
            for shown in batch.shown
        ]
        following = cursor(batch.feed.code, batch.position)
        links = {"next": f"{_next_path(batch)}?after={following}"}
        if batch.passed_over_snapshot:
            links["snapshot"] = snapshot_of(batch.feed.code)
        headers = {
            NEXT_CURSOR: following,
            AT_END: "true" if batch.at_end else "false",
            "Link": link_header(links),
            "Cache-Control": "no-store",
        }
        return cls(orjson.dumps(events), headers=headers)


def _next_path(batch: Batch) -> str:
    code = batch.feed.code
    return snapshot_of(code) if batch.goes_on_in_snapshot else f"/v1/feeds/{code}"


BATCH_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "model": list[CloudEvent],
        "description": "entries in order; an empty array is the end only where the header says so",
        "headers": {
            NEXT_CURSOR: {"schema": {"type": "string"}, "description": "where to go on"},
            AT_END: {
                "schema": {"type": "string", "enum": ["true", "false"]},
                "description": "false: entries follow, read on at once, also after an empty array",
            },
            "Link": {
                "schema": {"type": "string"},
                "description": "rel=next: where to go on, in the snapshot until it is read whole; "
                "rel=snapshot: older states that a first read has passed over",
            },
        },
        "content": {
            MEDIA_TYPE: {
                "example": [
                    {
                        "specversion": "1.0",
                        "id": "01890a5d-ac96-774b-bcce-b302099a8057",
                        "source": "/tongzhou/registry",
                        "type": "registry.enterprise.qualification_amended.v1",
                        "subject": "91320706MA1N00018N",
                        "time": "2026-03-02T01:00:00Z",
                        "datacontenttype": "application/json",
                        "dataclass": "internal",
                        "correlation": "01890a5d-ac96-774b-bcce-b302099a8057",
                        "cursor": "WyJlbnRlcnByaXNlLXF1YWxpZmljYXRpb25zIiw3XQ",
                        "legalbasis": "duty",
                        "purpose": "monitoring",
                        "data": {"uscc": "91320706MA1N00018N", "category": "hnte"},
                    }
                ],
            }
        },
    }
}
"""What OpenAPI says of a feed's answer."""


class PruneFeed(Body):
    """Up to which day entries may go; the day itself is kept."""

    before: Annotated[Day, Field(ge=EARLIEST, examples=["2025-01-01"])]


class PrunedView(View):
    """What a pruning removed; cursors older than ``horizon`` are answered with 410."""

    feed: OrgCode = Field(examples=["enterprise-qualifications"])
    removed: Count
    horizon: Count

    @classmethod
    def of(cls, pruned: Pruned) -> Self:
        """Show the outcome."""
        return cls(feed=pruned.feed, removed=pruned.removed, horizon=pruned.horizon)
