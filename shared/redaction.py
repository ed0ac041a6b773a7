"""What logs and traces may show: ids, figures and codes; no secret, no name or number of a person.

What is not known to be harmless is left out: an object of an unknown type shows its type only.
"""

import re
import traceback
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from uuid import UUID

import pydantic
from asyncpg import PostgresError
from fastapi.exceptions import ValidationException

REDACTED = "[redacted]"
MAX_DEPTH = 8
MAX_FRAMES = 40
MAX_FAULTS = 5
MAX_SAID_CHARS = 1000

_SECRET_NAME = re.compile(
    r"password|secret|token|authorization|dsn|database_url|payload|body|name_zh|contact|phone",
    re.IGNORECASE,
)
_FIGURE_NAME = re.compile(
    r"(?:^|[_.])(?:fen|ppm|offset|position|partition|sequence|count|depth|lag|version|revision|size"
    r"|bytes|records|rows|events|pid|port|id|s|ms|us|ns)$",
    re.IGNORECASE,
)
"""Amounts, positions, counters, durations: their eleven digits are no telephone number."""

_SECRET_TEXT = re.compile(
    r"(?P<url>://[^:/@\s]*:)[^@\s]+(?=@)"  # password inside a URL, with or without a user
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"  # JSON web token
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{8,}"  # any other credential of a header
    r"|(?P<named>(?:password|passwd|secret|token|api_?key|name_zh|phone)\w*['\"]?\s*[=:]\s*)"
    r"(?:'[^']*'|\"[^\"]*\"|(?:(?:Bearer|Basic)\s+)?[^\s'\",;&)}]+)"  # what a text calls secret
    r"|(?P<input>input_value=).*?(?=, input_type=)"  # pydantic quotes what it refused
    r"|(?P<detail>\bDETAIL:\s*)[^\n]+"  # PostgreSQL quotes the row
    r"|(?P<argument>\bquery argument \$\d+: )[^\n]+"  # so does its driver
    r"|(?<!\d)\d{17}[\dXx](?!\d)"  # resident identity number
    r"|(?<!\d)1[3-9]\d{9}(?!\d)",  # mobile number
    re.IGNORECASE,
)
_HEADS = ("url", "scheme", "named", "input", "detail", "argument")
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Trace ids, digests and UUIDs: a run of digits inside one is no number of a person."""

_MOBILE = re.compile(r"1[3-9]\d{9}")
_RESIDENT = re.compile(r"[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}")
"""GB 11643: region, date of birth, serial number, check digit."""

_FOREIGN_WORDS = re.compile(r"[^\x00-\x7f]+")
_HARMLESS = (UUID, date, time, timedelta, Decimal, Fraction, PurePath)


def text(shown: str) -> str:
    """Blank what is secret or personal by its form."""
    return shown if _ID.fullmatch(shown) else _SECRET_TEXT.sub(_blank, shown)


def _blank(found: re.Match[str]) -> str:
    head = next((found[name] for name in _HEADS if found[name]), "")
    return head + REDACTED


def value(name: str, found: object, *, depth: int = 0) -> object:
    """Return what may be shown of a value under its name, as JSON knows it."""
    if _SECRET_NAME.search(name) or depth > MAX_DEPTH:
        return REDACTED
    match found:
        case Enum():
            return value(name, found.value, depth=depth + 1)
        case str() | bytes() | bytearray() | memoryview() | BaseException():
            return _scalar(name, found)
        case Mapping():
            return {
                text(str(part)): value(str(part), inner, depth=depth + 1)
                for part, inner in found.items()
            }
        case Sequence() | AbstractSet():
            return [value(name, inner, depth=depth + 1) for inner in found]
        case _:
            return _scalar(name, found)


def _scalar(name: str, found: object) -> object:
    match found:
        case None | bool() | float():
            return found
        case int():
            return found if _is_figure(name, found) else REDACTED
        case str():
            return text(found)
        case bytes() | bytearray() | memoryview():
            return f"<{len(found)} bytes>"
        case BaseException():
            return describe(found)
        case _:
            # What an object says of itself may be all that it holds.
            harmless = isinstance(found, _HARMLESS)
            return text(str(found)) if harmless else f"<{type(found).__name__}>"


def _is_figure(name: str, number: int) -> bool:
    digits = str(number)
    if _RESIDENT.fullmatch(digits):
        return name.endswith(("_fen", "_ppm", "offset", "position", "_ns"))
    return bool(_FIGURE_NAME.search(name)) or not _MOBILE.fullmatch(digits)


def describe(error: BaseException) -> str:
    """Say in one line what failed, without the input or the row that an error likes to quote."""
    kind = type(error).__name__
    match error:
        case pydantic.ValidationError():
            faults = [(fault["loc"], fault["type"]) for fault in error.errors(include_url=False)]
            return f"{kind}: {_faults(faults)}"
        case ValidationException():
            faults = [(fault.get("loc", ()), fault.get("type")) for fault in error.errors()]
            return f"{kind}: {_faults(faults)}"
        case PostgresError():
            return f"{kind}: {_diagnosis(error)}"
    if type(error).__module__.startswith("sqlalchemy."):
        # By name, as no service loads SQLAlchemy to serve; its message quotes the parameters.
        origin = getattr(error, "orig", None)
        return f"{kind}: {describe(origin)}" if isinstance(origin, BaseException) else kind
    # Our own messages are English: other words were put in, and may be somebody's name.
    said = _FOREIGN_WORDS.sub(REDACTED, text(str(error)[:MAX_SAID_CHARS]))
    return f"{kind}: {said}" if said else kind


def _faults(faults: Sequence[tuple[Sequence[object], object]]) -> str:
    shown = [f"{'.'.join(map(str, where))} {what}" for where, what in faults[:MAX_FAULTS]]
    # A place may be a name that the sender made up.
    places = _FOREIGN_WORDS.sub(REDACTED, text("; ".join(shown)))
    return f"{len(faults)} fault(s): {places}"


def _diagnosis(error: PostgresError) -> str:
    parts = {
        "sqlstate": error.sqlstate,
        "table": error.table_name,
        "column": error.column_name,
        "constraint": error.constraint_name,
    }
    return " ".join(f"{name}={part}" for name, part in parts.items() if part)


def render(error: BaseException) -> str:
    """Render an error, what led to it and what it groups, each as :func:`describe` does."""
    return "\n".join(_lines(error, depth=0))


def _lines(error: BaseException, *, depth: int) -> list[str]:
    if depth > MAX_DEPTH:
        return ["..."]
    lines: list[str] = []
    if error.__cause__ is not None:
        lines += [*_lines(error.__cause__, depth=depth + 1), "which led to:"]
    elif error.__context__ is not None and not error.__suppress_context__:
        lines += [*_lines(error.__context__, depth=depth + 1), "while handling it:"]
    if error.__traceback__ is not None:
        lines.append("Traceback (most recent call last):")
        frames = traceback.format_tb(error.__traceback__, limit=-MAX_FRAMES)
        lines += [line.rstrip("\n") for line in frames]
    lines.append(describe(error))
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            lines += [f"  | {line}" for line in _lines(inner, depth=depth + 1)]
    return lines
