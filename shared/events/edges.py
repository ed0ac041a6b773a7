"""The smallest and the largest value that a JSON Schema of an event allows."""

from collections.abc import Mapping, Sequence
from typing import Any

_ITEMS = 3
_WIDE = '同舟 "Tongzhou"\\\n🛶\t'
"""Beyond the basic plane, and what JSON escapes."""

_FORMATS = {
    "uuid": ("00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff"),
    "date": ("1949-10-01", "9999-12-31"),
    "date-time": ("1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
}
_PATTERNS = {
    "^[a-z][a-z0-9-]{1,63}$": ("a-", "z" + "9-" * 31 + "z"),
    "^[a-z][a-z0-9_]{0,63}$": ("a", "z" + "9_" * 31 + "z"),
    "^[0-9a-f]{64}$": ("0" * 64, "f" * 64),
    "^[0-9]{6}$": ("000000", "999999"),
    "^[0-9A-HJ-NP-RTUW-Y]{18}$": ("0" * 18, "Y" * 18),
}
"""The edges of a pattern; one that is not here is shown by its field's own example."""


class Edge:
    """One edge of a schema: the low one leaves out what is optional, the high one nothing."""

    def __init__(self, root: Mapping[str, Any], *, high: bool) -> None:
        self._root = root
        self._high = high

    def value(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the value at this edge."""
        return self._of(self._root)

    def _of(self, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        match schema:
            case {"$ref": str(target)}:
                return self._of(self._root["$defs"][target.removeprefix("#/$defs/")])
            case {"anyOf": list(choices)}:
                null_last = sorted(choices, key=lambda choice: choice.get("type") == "null")
                return self._of(null_last[0 if self._high else -1])
            case {"type": "object", "properties": dict(properties)}:
                return self._object(properties, schema.get("required", ()))
            case {"type": "array", "items": dict(item)}:
                count = min(_ITEMS, schema.get("maxItems", _ITEMS))
                return [self._of(item)] * (count if self._high else schema.get("minItems", 0))
            case {"type": "null"}:
                return None
            case _:
                low, high = self._ends(schema)
                return high if self._high else low

    def _object(self, properties: Mapping[str, Any], needed: Sequence[str]) -> dict[str, object]:
        return {
            name: self._of(field)
            for name, field in properties.items()
            if self._high or name in needed
        }

    def _ends(self, schema: Mapping[str, Any]) -> tuple[Any, Any]:
        match schema:
            case {"const": one}:
                return one, one
            case {"enum": [*members]}:
                return members[0], members[-1]
            case {"type": "boolean"}:
                return False, True
            case {"type": "integer", "minimum": int(low), "maximum": int(high)}:
                return low, high
            case {"type": "string", "minLength": int(low), "maxLength": int(high)}:
                return "一" * low, (_WIDE * high)[:high]
            case _:
                return self._known(schema)

    def _known(self, schema: Mapping[str, Any]) -> tuple[Any, Any]:
        found = _PATTERNS.get(schema.get("pattern", "")) or _FORMATS.get(schema.get("format", ""))
        if found is not None:
            return found
        if not schema.get("examples"):
            raise TypeError(f"no edge is known of {dict(schema)}: give the field an example")
        return schema["examples"][0], schema["examples"][-1]
