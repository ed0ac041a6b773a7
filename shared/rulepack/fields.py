"""What a field of a rule pack may hold: names, dates, amounts, portions; closed, frozen parts.

Units: ``…_fen`` is integer fen, ``…_ppm`` integer parts per million. Nothing here is a float.
"""

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
)

from shared.money import MAX_FEN, PPM

MAX_ROWS = 100
"""The most rows that one list of a pack may hold."""

MAX_MULTIPLE_PPM = 100 * PPM
"""The largest multiple of a quantity that a pack may name: one hundred times."""

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_date(value: object) -> date:
    """Read a business date written YYYY-MM-DD; anything else, numbers included, is a ValueError."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("a date is written YYYY-MM-DD")


Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000)]
Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]{0,63}$")]
PackId = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Region = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{6}$")]
Key = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z_]{1,32}$")]
Fen = Annotated[int, Field(strict=True, ge=0, le=MAX_FEN)]
Ppm = Annotated[int, Field(strict=True, ge=0, le=PPM)]
Multiple = Annotated[int, Field(strict=True, ge=0, le=MAX_MULTIPLE_PPM)]
Whole = Annotated[int, Field(strict=True, ge=-MAX_FEN, le=MAX_FEN)]
IsoDate = Annotated[date, BeforeValidator(parse_date)]
FactInput = StrictBool | StrictInt | StrictStr | tuple[StrictStr, ...]
"""A fact as it is written in JSON or YAML: a date is still text, words are a list."""

Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "any_of", "none_of"]
FactKind = Literal["int", "bool", "word", "words", "date"]
Unit = Literal["fen", "ppm", "months", "years", "days", "people", "points", "count", "none"]
CapKind = Literal[
    "per_case", "per_subject", "per_partner_year", "year_share_of_base", "rate_cap", "free_balance"
]


class Part(BaseModel):
    """A part of a pack: frozen, and closed against fields that nobody would read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """The same sentence in Chinese and in English."""

    zh: Text
    en: Text
