"""What may change in a published event: a version grows by optional fields, and by nothing else.

Records of every release stay on the topics for months, and services are released one by one. So a
consumer of any release must be able to read the records of any other, within one version: what is
published may be neither taken away nor narrowed nor widened. All else is a new version, published
beside the old one. Pure: contracts are JSON documents, compared here and kept by the caller.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.events.catalogue import BY_NAME
from shared.events.envelope import Event
from shared.events.schema import envelope_schema, schema_of

Contract = Mapping[str, Any]
"""What a version promises: where its records go, and the shape of their data."""

ENVELOPE = "envelope"
_WORDS_ONLY = {"title", "examples", "$comment", "$schema", "$id"}
_PLACES = {
    "topic": "a consumer looks for its records on the published topic",
    "partitions": "keys would move to other partitions and lose their order",
    "key": "records of one key would no longer be in order",
    "subject": "watermarks are kept per subject",
    "data_class": "feeds were granted for the published class",
}
_ONE = {"items", "additionalProperties", "contains", "not", "propertyNames"}
_SEVERAL = {"anyOf", "oneOf", "allOf", "prefixItems"}
_UNORDERED = {"enum"}
_UNITS = ("_fen", "_yuan", "_ppm", "_bps", "_percent", "_days", "_months", "_ms", "_s")
_REASONS = {
    "enum": "a record may hold a value that is gone, and today's consumers refuse a new one",
    "description": "the description of a number is its unit",
    "default": "it is what the absence of the field means",
}
_BOUNDS = {
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "multipleOf",
    "pattern",
    "format",
}
_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Break:
    """One change that somebody could not read: where, which rule, and what to do instead."""

    event: str
    pointer: str
    rule: str
    mend: str

    def __str__(self) -> str:
        """Say all of it in one line."""
        return f"{self.event} at {self.pointer or '/'}: {self.rule}; {self.mend}"


def contract_of(event: type[Event]) -> dict[str, object]:
    """Return what an event type promises today."""
    return {
        "type": event.TYPE,
        "topic": event.topic(),
        "partitions": BY_NAME[event.topic()].partitions,
        "key": event.KEY,
        "subject": event.SUBJECT,
        "data_class": event.DATA_CLASS.value,
        "schema": _promise(schema_of(event)),
    }


def envelope_contract() -> dict[str, object]:
    """Return what the headers of every record promise today."""
    return {"type": ENVELOPE, "schema": _promise(envelope_schema())}


def breaks(published: Mapping[str, Contract], today: Mapping[str, Contract]) -> list[Break]:
    """Compare all that was published with all that is declared; additions are no breaks."""
    found = []
    for name, before in sorted(published.items()):
        if name in today:
            found += broken(before, today[name])
        else:
            mend = "keep its model for as long as its topic keeps its records"
            found.append(Break(name, "", "the published version is gone", mend))
    return found


def broken(before: Contract, now: Contract) -> list[Break]:
    """Compare one version's published contract with today's."""
    name = str(before["type"])
    mend = f"take it back, or publish {_next_version(name)} beside it"
    found = [
        Break(
            name, f"/{place}", f"{place} was {before[place]} and is {now.get(place)}: {why}", mend
        )
        for place, why in _PLACES.items()
        if place in before and before[place] != now.get(place)
    ]
    shapes = _Shapes(before["schema"], now["schema"])
    return found + [Break(name, at, rule, mend) for at, rule in shapes.differences()]


def _next_version(name: str) -> str:
    stem, _, version = name.rpartition(".v")
    return f"{stem}.v{int(version) + 1}" if version.isdigit() else "a second envelope"


def _promise(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Leave out of a schema what only explains; what describes a number is its unit, and stays."""
    match schema:
        case {"properties": dict(properties), **rest}:
            fields = {name: _promise(field) for name, field in properties.items()}
            return {**_promise(rest), "properties": fields}
        case dict():
            kept = {
                name: _promise(value)
                for name, value in schema.items()
                if name not in _WORDS_ONLY and not name.startswith("x-")
            }
            if kept.get("type") not in {"integer", "number"}:
                kept.pop("description", None)
            return kept
        case list():
            return [_promise(item) for item in schema]
        case _:
            return schema


class _Shapes:
    """Two schemas, walked side by side; what differs is told as (JSON pointer, rule)."""

    def __init__(self, before: Contract, now: Contract) -> None:
        self._before, self._now = before, now

    def differences(self) -> Iterator[tuple[str, str]]:
        yield from self._compare(self._before, self._now, "")

    def _compare(self, before: Any, now: Any, at: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
        before, now = _resolved(before, self._before), _resolved(now, self._now)
        if at.count("/") > 2 * _DEPTH:
            yield at, f"nested deeper than {_DEPTH} levels: it cannot be compared"
            return
        if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
            if before != now:
                yield at, f"was {before} and is {now}"
            return
        yield from self._fields(before, now, at)
        for keyword in sorted((before.keys() | now.keys()) - {"properties", "required", "$defs"}):
            yield from self._keyword(keyword, before, now, f"{at}/{keyword}")

    def _fields(self, before: Contract, now: Contract, at: str) -> Iterator[tuple[str, str]]:
        old, new = before.get("properties", {}), now.get("properties", {})
        needed, needs = set(before.get("required", ())), set(now.get("required", ()))
        for name in sorted(old.keys() - new.keys()):
            yield f"{at}/properties/{name}", _removed(name, new.keys() - old.keys())
        for name in sorted((new.keys() - old.keys()) & needs):
            yield f"{at}/properties/{name}", "a new field must be optional: older records lack it"
        for name in sorted(old.keys() & new.keys()):
            place = f"{at}/properties/{name}"
            if name in needs - needed:
                yield place, "became required: older records lack it"
            if name in needed - needs:
                yield place, "became optional: today's consumers need it"
            yield from self._compare(old[name], new[name], place)

    def _keyword(
        self, keyword: str, before: Contract, now: Contract, at: str
    ) -> Iterator[tuple[str, str]]:
        old, new = before.get(keyword), now.get(keyword)
        if keyword in _ONE and isinstance(old, dict) and isinstance(new, dict):
            yield from self._compare(old, new, at)
        elif keyword in _SEVERAL and old and new and len(old) == len(new):
            for place, (one, other) in enumerate(zip(old, new, strict=True)):
                yield from self._compare(one, other, f"{at}/{place}")
        elif _ordered(keyword, old) != _ordered(keyword, new):
            yield at, f"{keyword} was {_said(old)} and is {_said(new)}{_reason(keyword, old, new)}"


def _resolved(schema: Any, root: Contract) -> Any:  # noqa: ANN401 - any JSON
    """Follow a reference within its document: the name of a part is no promise."""
    match schema:
        case {"$ref": str(target), **beside}:
            part = root["$defs"][target.removeprefix("#/$defs/")]
            return {**part, **beside}
        case _:
            return schema


def _removed(name: str, added: set[str]) -> str:
    stem = next((name.removesuffix(unit) for unit in _UNITS if name.endswith(unit)), None)
    other = sorted(one for one in added if stem and one.startswith(f"{stem}_"))
    if other:
        return f"the unit changed with the name, to {', '.join(other)}: keep {name} beside it"
    return "a published field is gone: consumers read it"


def _ordered(keyword: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    return sorted(map(str, value)) if keyword in _UNORDERED and isinstance(value, list) else value


def _said(value: object) -> str:
    return "absent" if value is None else str(value)


def _reason(keyword: str, old: object, new: object) -> str:
    if keyword == "enum" and isinstance(old, list) and isinstance(new, list):
        gone, added = sorted(set(old) - set(new)), sorted(set(new) - set(old))
        return f" (gone: {gone}, new: {added}): {_REASONS['enum']}"
    if keyword in _BOUNDS:
        return ": tighter refuses published records, looser is refused by today's consumers"
    return f": {_REASONS[keyword]}" if keyword in _REASONS else ""
