"""What operators ask for and see over REST."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.operation_parts import OperationKind
from shared.messaging.parking import HeldKey
from shared.messaging.process import Waiting
from shared.messaging.requests import Operation, State
from shared.operations.backlog import Backlog
from shared.operations.redrive import Selection
from shared.web.paging import Page

_TOPIC = "tongzhou.credit.loan.v1"
_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
Reason = Annotated[
    str, Field(min_length=1, max_length=500, examples=["the handler was mended in release 1.4.2"])
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SelectParked(_Body):
    """Which parked keys: one, by topic and key, or all that failed alike, by fingerprint."""

    topic: str | None = Field(default=None, max_length=249, examples=[_TOPIC])
    key: str | None = Field(default=None, max_length=500, examples=[_ID])
    fingerprint: str | None = Field(default=None, max_length=64, examples=[None])

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_key = self.topic is not None and self.key is not None
        if by_key == (self.fingerprint is not None) or (self.key is not None) != by_key:
            raise ValueError("give topic and key, or fingerprint")
        return self

    def selection(self) -> Selection:
        """Return it as the kernel takes it."""
        return Selection(topic=self.topic, key=self.key, fingerprint=self.fingerprint)


class RequestRedrive(SelectParked):
    """Ask for a redrive; another person approves it."""

    reason: Reason


class RequestRebuild(_Body):
    """Ask for a read model to be rebuilt from its topics; another person approves it."""

    read_model: str = Field(min_length=1, max_length=64, examples=["known"])
    reason: Reason


class Decide(_Body):
    """Approve or decline what another person asked for."""

    approve: bool = Field(examples=[True])


class ResumeProcess(_Body):
    """Send a process's timer once more."""

    reason: Reason


class RedrivePreviewView(BaseModel):
    """What a redrive would do now; it was tried and undone."""

    keys: int = Field(examples=[1])
    events: int = Field(examples=[3])
    tried: list[dict[str, Any]] = Field(
        description="per key (the first 20): outcomes, and for what it would be held then",
        examples=[
            [{"topic": _TOPIC, "key": _ID, "outcomes": {"applied": 3}, "held_for": None}],
        ],
    )


class HeldKeyView(BaseModel):
    """A parked key: the event at the head of its queue, why it failed, and what waits behind."""

    topic: str = Field(examples=[_TOPIC])
    key: str = Field(examples=[_ID])
    reason: str = Field(examples=["sequence-gap"])
    fingerprint: str = Field(examples=["4be1c2f09a7d1e22"])
    parked_at: datetime = Field(examples=["2026-03-02T01:00:00Z"])
    waiting: int = Field(examples=[3])
    event_type: str = Field(examples=["credit.loan.disbursed.v1"])
    error: str = Field(examples=["SequenceGap: credit.loan 01890a5d: expected 3, got 4"])

    @classmethod
    def of(cls, held: HeldKey) -> Self:
        """Show a parked key."""
        return cls.model_validate(held, from_attributes=True)


HeldKeyPage = Page[HeldKeyView]


class OperationView(BaseModel):
    """A request, its decision and what it did."""

    id: UUID = Field(examples=[_ID])
    kind: OperationKind = Field(examples=["redrive"])
    target: dict[str, str] = Field(examples=[{"topic": _TOPIC, "key": _ID}])
    preview: dict[str, Any] = Field(examples=[{"keys": 1, "events": 3}])
    reason: str = Field(examples=["the handler was mended in release 1.4.2"])
    state: State = Field(examples=["requested"])
    requested_by: str = Field(examples=["operator/on-call"])
    requested_at: datetime = Field(examples=["2026-03-02T01:00:00Z"])
    decided_by: str | None = Field(examples=[None])
    decided_at: datetime | None = Field(examples=[None])
    result: dict[str, Any] | None = Field(examples=[None])
    finished_at: datetime | None = Field(examples=[None])

    @classmethod
    def of(cls, operation: Operation) -> Self:
        """Show an operation."""
        return cls.model_validate(operation, from_attributes=True)


OperationPage = Page[OperationView]


class WaitingProcessView(BaseModel):
    """A process that has not ended."""

    kind: str = Field(examples=["guaranteed_loan"])
    id: str = Field(examples=[_ID])
    version: int = Field(examples=[2])
    state: dict[str, Any] = Field(examples=[{"step": "asked"}])
    deadline: datetime | None = Field(examples=["2026-03-07T01:00:00Z"])
    updated_at: datetime = Field(examples=["2026-03-02T01:00:00Z"])
    reminders: int = Field(description="sent since the deadline", examples=[0])

    @classmethod
    def of(cls, waiting: Waiting) -> Self:
        """Show a process."""
        return cls.model_validate(waiting, from_attributes=True)


WaitingProcessPage = Page[WaitingProcessView]


class BacklogView(BaseModel):
    """What waits for the broker."""

    depth: int = Field(description="events written and not yet sent", examples=[0])
    limit: int = Field(description="at this depth writes are refused", examples=[100_000])
    oldest_at: datetime | None = Field(examples=[None])
    scheduled: int = Field(description="events whose time has not come", examples=[12])
    due: int = Field(description="scheduled events whose time has come", examples=[0])
    shards_held: int = Field(description="of 16, by a relay that lives", examples=[16])
    topics: dict[str, int] = Field(description="events by topic", examples=[{_TOPIC: 3}])

    @classmethod
    def of(cls, backlog: Backlog) -> Self:
        """Show a backlog."""
        return cls.model_validate(backlog, from_attributes=True)
