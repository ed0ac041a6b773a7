"""Requests and responses of the replays."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.guarantee.replays.rules import ReplayState, Row
from services.guarantee.replays.store import Stored
from shared.events.fields import OrgCode
from shared.web.fields import Body, Fen, Id, View
from shared.web.paging import Page
from shared.web.rule_packs import RulePackView

Year = Annotated[int, Field(strict=True, ge=2000, le=2200, examples=[2026])]
ByParty = Annotated[dict[str, Fen], Field(examples=[{"bank": 160_000_000, "pool": 50_000_000}])]


class AskReplay(Body):
    """Which year of which programme to decide again."""

    programme: OrgCode
    year: Year


class PartySums(View):
    """What one party bore, and what it would have borne, over the same losses."""

    party: str = Field(examples=["pool"])
    before_fen: Fen
    after_fen: Fen
    difference_fen: int = Field(description="after less before, fen", examples=[-25_000_000])


class ReplayView(View):
    """A replay: its progress, and the sums by party over the losses that the pack takes."""

    replay_id: Id
    state: Annotated[ReplayState, Field(examples=["done"])]
    programme: str = Field(examples=["sip-yuankedai"])
    year: Year
    rule_pack: RulePackView
    asked_by: str = Field(examples=["maker-1"])
    asked_at: Annotated[datetime, Field(examples=["2026-03-02T01:00:00Z"])]
    finished_at: Annotated[datetime | None, Field(examples=["2026-03-02T01:00:05Z"])]
    total: int = Field(description="losses decided on in the year", examples=[120])
    done: int = Field(examples=[120])
    refused: int = Field(description="losses that the pack does not take", examples=[0])
    failure: str | None = Field(examples=[None])
    parties: list[PartySums]

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a replay."""
        replay = stored.replay
        before, after = replay.before_fen, replay.after_fen
        return cls(
            replay_id=UUID(str(replay.id)),
            state=replay.state,
            programme=replay.programme,
            year=replay.year,
            rule_pack=RulePackView(
                id=replay.pack.id, version=replay.pack.version, digest=replay.pack.digest
            ),
            asked_by=replay.asked_by,
            asked_at=replay.asked_at,
            finished_at=replay.finished_at,
            total=replay.total,
            done=replay.done,
            refused=replay.refused,
            failure=replay.failure,
            parties=[
                PartySums(
                    party=party,
                    before_fen=before.get(party, 0),
                    after_fen=after.get(party, 0),
                    difference_fen=after.get(party, 0) - before.get(party, 0),
                )
                for party in dict.fromkeys((*after, *before))
            ],
        )


class ReplayRowView(View):
    """One loss by party: as it was decided, and as the pack would have; or why it would not."""

    place: int = Field(examples=[1])
    claim_id: Id
    before_fen: ByParty
    after_fen: ByParty
    refusal: str | None = Field(examples=[None])

    @classmethod
    def of(cls, row: Row) -> Self:
        """Show a row."""
        return cls(
            place=row.place,
            claim_id=row.claim_id,
            before_fen=dict(row.before_fen),
            after_fen=dict(row.after_fen),
            refusal=row.refusal,
        )


ReplayRowPage = Page[ReplayRowView]
