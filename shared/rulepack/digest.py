"""Digests: sha256 over canonical JSON, so that equal content has one name for ever.

Canonical means: keys sorted, no white space, UTF-8 as it is, integers as they are. There is no
float to canonicalise: a float is refused.
"""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON can say
    """Write ``value`` as canonical JSON. Raises ``TypeError`` for what JSON integers cannot say."""
    _refuse_floats(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def digest_of(value: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    """Return ``sha256:<hex>`` of the canonical JSON; the prefix leaves room for other
    algorithms."""
    return f"sha256:{hashlib.sha256(canonical_json(value)).hexdigest()}"


def _refuse_floats(value: object) -> None:
    match value:
        case float():
            raise TypeError("a float has no canonical form here: amounts and rates are integers")
        case dict():
            for item in value.values():
                _refuse_floats(item)
        case list() | tuple():
            for item in value:
                _refuse_floats(item)
        case _:
            return
