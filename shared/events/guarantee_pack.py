"""Events that guarantee publishes of its rule packs: which version decides, and until when."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.events.envelope import Event
from shared.events.fields import Count, Day, Digest, PackId, Text

Ending = Annotated[Literal["superseded", "retired"], Field(examples=["superseded"])]
Base64 = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Za-z+/]{1,200}={0,2}$"),
    Field(description="base64", examples=["c2lnbmF0dXJl"]),
]


class RulePackActivated(Event):
    """A second person made a version of a rule pack decide from a day on."""

    TYPE: ClassVar[str] = "guarantee.pack.activated.v1"
    SUBJECT: ClassVar[str] = "rule_pack_id"

    rule_pack_id: PackId
    rule_pack_version: Count
    rule_pack_digest: Digest
    valid_from: Day
    valid_to: date | None = Field(default=None, examples=["2027-01-01"])
    drafted_by: Text
    activated_by: Text
    signature: Base64
    public_key: Base64


class RulePackEnded(Event):
    """A version no longer decides from a day on; what it decided stays."""

    TYPE: ClassVar[str] = "guarantee.pack.ended.v1"
    SUBJECT: ClassVar[str] = "rule_pack_id"

    rule_pack_id: PackId
    rule_pack_version: Count
    ends_on: Day
    ending: Ending
    reason: Text
