"""Refuse text that no answer can carry and no column can keep: NUL and lone surrogates.

JSON may escape both, and Python reads both into a string; PostgreSQL keeps no NUL, and a lone
surrogate has no UTF-8. They are refused once, before anything else reads the body.
"""

import json
import re
from collections.abc import Iterator

from shared.errors import Malformed, Violation

_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
_MOST_SHOWN = 20


class UnusableText(Malformed):
    """A text has a character that can be neither kept nor sent."""

    code = "unusable-text"
    title_zh = "文本含无法保存的字符"
    title_en = "Unusable text"


def usable(text: str) -> str:
    """Return the text with a question mark for every character that cannot be kept or sent."""
    return _UNUSABLE.sub("?", text)


def refuse_unusable_text(body: bytes) -> None:
    """Raise :class:`UnusableText` naming each field of a JSON body that has such a character.

    A body without such an escape costs one scan; one that is not JSON is for others to refuse.
    """
    if _SUSPECT.search(body) is None:
        return
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return
    violations = tuple(
        Violation(
            code="character",
            zh="含 NUL 或不成对的代理项(surrogate)",
            en="has a NUL or a lone surrogate",
            field=usable(field),
        )
        for _, field in zip(range(_MOST_SHOWN), _unusable_fields(parsed), strict=False)
    )
    if violations:
        raise UnusableText("a text has a NUL or a lone surrogate", violations=violations)


def _unusable_fields(parsed: object) -> Iterator[str]:
    """Yield the JSON pointer of every text and name that cannot be used."""
    pending = [("", parsed)]
    while pending:
        field, value = pending.pop()
        match value:
            case str():
                if _UNUSABLE.search(value):
                    yield field
            case list():
                pending += [(f"{field}/{place}", part) for place, part in enumerate(value)]
            case dict():
                inner = [(f"{field}/{name}", part) for name, part in value.items()]
                yield from (place for place, _ in inner if _UNUSABLE.search(place))
                pending += inner
