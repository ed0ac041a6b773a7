"""Field types of requests and responses: strict, bounded, each with its unit and an example."""

import re
from datetime import date
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SkipValidation,
    StringConstraints,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from shared import uscc
from shared.events import fields
from shared.events.fields import Count, Digest, Fen, Months, OrgCode, Ppm, RatePpm

__all__ = [
    "Body",
    "Count",
    "Day",
    "Digest",
    "Fen",
    "Id",
    "Months",
    "OrgCode",
    "PositiveFen",
    "Ppm",
    "RatePpm",
    "Row",
    "Rows",
    "Text",
    "UsccField",
    "View",
]


class Body(BaseModel):
    """The base of every request body: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """The base of every response body."""

    model_config = ConfigDict(frozen=True)


class Row(TypedDict):
    """The base of a response's smallest parts, of which a page shows thousands.

    It is a plain dict of values that are typed where it is made; a view takes :data:`Rows` of it
    as they are. Models of their own would cost a page of seven hundred entries a third of its time.
    """


R = TypeVar("R")
Rows = Annotated[list[R], SkipValidation()]
"""Parts of a response that were made here and need no second look."""


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_day(given: object) -> object:
    # Pydantic would also read 86400 and "86400", seconds since 1970, as a day.
    if type(given) is date or (isinstance(given, str) and _DAY.fullmatch(given)):
        return given
    raise PydanticCustomError("date_parsing", "must be a date written YYYY-MM-DD")


Day = Annotated[fields.Day, BeforeValidator(_written_day)]


def _valid_uscc(text: str) -> str:
    reasons = uscc.check(text)
    if reasons:
        raise PydanticCustomError("uscc", "{why}", {"why": "; ".join(r.en for r in reasons)})
    return text


UsccField = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_valid_uscc),
    Field(description="unified social credit code, GB 32100", examples=["91320706MA1N00018N"]),
]
PositiveFen = Annotated[
    int, Field(strict=True, gt=0, le=10**15, description="fen (分)", examples=[300_000_000])
]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, strip_whitespace=True),
    Field(examples=["示例文本"]),
]
Id = Annotated[UUID, Field(examples=["01890a5d-ac96-774b-bcce-b302099a8057"])]
