"""What every service tells of an operation that was carried out on its own event stores."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.events.envelope import Part
from shared.events.fields import Id, Text, Word

OperationKind = Literal["redrive", "rebuild", "reposition", "resume"]
Who = Annotated[
    str, Field(max_length=300, description="organisation/person", examples=["operator/on-call"])
]


class Name(Part):
    """One part of what an operation was for."""

    name: Word = Field(examples=["topic"])
    value: Annotated[str, Field(max_length=500, examples=["tongzhou.credit.loan.v1"])]


class Figure(Part):
    """How many of something an operation touched."""

    name: Word = Field(examples=["applied"])
    count: Annotated[int, Field(strict=True, ge=0, le=2**53, examples=[3])]


class OperationFacts(BaseModel):
    """Who let an operation be carried out, on what and why, and what it did."""

    operation_id: Id
    kind: Annotated[OperationKind, Field(examples=["redrive"])]
    target: Annotated[
        tuple[Name, ...],
        Field(description="what it was for: topic and key, fingerprint, read model, process"),
    ]
    reason: Text
    requested_by: Who
    decided_by: Annotated[
        Who | None,
        Field(
            description="the second person; none where one person, or the kernel, may act alone",
            examples=["operator/second"],
        ),
    ] = None
    figures: Annotated[tuple[Figure, ...], Field(description="what it did")]
