"""What every service tells of an operation that was carried out on its own event stores."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.events.fields import Id, Text

OperationKind = Literal["redrive", "rebuild", "reposition", "resume"]
Who = Annotated[
    str, Field(max_length=300, description="organisation/person", examples=["operator/on-call"])
]


class OperationFacts(BaseModel):
    """Who let an operation be carried out, on what and why, and what it did."""

    operation_id: Id
    kind: Annotated[OperationKind, Field(examples=["redrive"])]
    target: Annotated[
        dict[str, str],
        Field(
            description="what it was for: topic, key, fingerprint, read model, process",
            examples=[{"topic": "tongzhou.credit.loan.v1", "key": "01890a5d-ac96-774b"}],
        ),
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
    figures: Annotated[
        dict[str, int],
        Field(description="what it did, by name", examples=[{"keys": 1, "applied": 3}]),
    ]
