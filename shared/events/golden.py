"""Golden records: what every published version put on the wire, kept for good.

Three per version: the smallest that its schema allows (optional fields absent, low edges), its
example, and the largest (all fields, high edges). They are made once, when a version is published
or grows; afterwards the file only gets longer, and the list of digests says whether it did.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import orjson

from shared.events.edges import Edge
from shared.events.envelope import Cause, Event, headers_of
from shared.events.sample import INSTANT

CORPUS = Path("tests/contracts/corpus")
DIGESTS = CORPUS / "digests.txt"
_NAMESPACE = UUID("5d7c1f0e-7d5a-5b52-9a3e-9f6f3c2d1b00")
_SUFFIX = ".jsonl"
_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_LARGEST_SEQUENCE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Golden:
    """One record as it was published."""

    case: str
    key: str
    headers: Mapping[str, str]
    value: Mapping[str, Any]

    @classmethod
    def parse(cls, line: bytes) -> "Golden":
        """Read a line of the corpus."""
        fields = orjson.loads(line)
        return cls(fields["case"], fields["key"], fields["headers"], fields["value"])

    @property
    def line(self) -> bytes:
        """The record as a line of the corpus, without its end."""
        return orjson.dumps(
            {"case": self.case, "key": self.key, "headers": self.headers, "value": self.value}
        )


def records_of(event: type[Event]) -> list[Golden]:
    """Make the three records of what the event declares today."""
    schema = event.model_json_schema()
    smallest = Edge(schema, high=False).value()
    largest = event.model_validate(Edge(schema, high=True).value())
    return [
        _golden(event, "smallest", smallest, sequence=1),
        _golden(event, "example", event.example().model_dump(mode="json"), sequence=None),
        _golden(event, "largest", largest.model_dump(mode="json"), sequence=_LARGEST_SEQUENCE),
    ]


def _golden(event: type[Event], case: str, value: Any, *, sequence: int | None) -> Golden:  # noqa: ANN401 - any JSON
    instance = event.model_validate(value)
    full = case == "largest"
    headers = headers_of(
        instance,
        event_id=uuid5(_NAMESPACE, f"{event.TYPE} {case}"),
        sequence=sequence,
        recorded_at=_instant(full=full),
        cause=Cause(
            correlation=uuid5(_NAMESPACE, f"{event.TYPE} case"),
            causation=uuid5(_NAMESPACE, "cause") if full else None,
        ),
        traceparent=_TRACE if full else None,
    )
    texts = {name: raw.decode() for name, raw in headers}
    return Golden(case, instance.key, texts, value)


def _instant(*, full: bool) -> datetime:
    return INSTANT + timedelta(microseconds=1) if full else INSTANT


def path_of(name: str) -> Path:
    """Return where the records of a type are kept, below the project's root."""
    return CORPUS / f"{name}{_SUFFIX}"


def kept(root: Path) -> dict[str, list[bytes]]:
    """Return the lines of every type's file."""
    files = sorted((root / CORPUS).glob(f"*{_SUFFIX}"))
    return {path.name.removesuffix(_SUFFIX): path.read_bytes().splitlines() for path in files}


def digests_of(lines: Mapping[str, list[bytes]]) -> bytes:
    """Return the list of digests of all records, in order, as the file's bytes."""
    return b"".join(
        f"{hashlib.sha256(line).hexdigest()} {name} {place}\n".encode()
        for name, of_one in sorted(lines.items())
        for place, line in enumerate(of_one, start=1)
    )


def problems(root: Path, published: set[str]) -> list[str]:
    """Say which version has no golden records, and which record is not as it was kept."""
    lines = kept(root)
    listed = (root / DIGESTS).read_bytes().splitlines() if (root / DIGESTS).is_file() else []
    present = digests_of(lines).splitlines()
    return [
        *(f"{path_of(name)}: no golden records" for name in sorted(published - lines.keys())),
        *(f"{path_of(name)}: no such event" for name in sorted(lines.keys() - published)),
        *_moved(set(listed), set(present)),
    ]


def _moved(listed: set[bytes], present: set[bytes]) -> Iterator[str]:
    for entry in sorted(listed - present):
        _, name, place = entry.decode().split()
        yield f"{path_of(name)}:{place}: a golden record was changed or is gone; restore it"
    for entry in sorted(present - listed):
        _, name, place = entry.decode().split()
        yield f"{path_of(name)}:{place}: not in {DIGESTS.name}; only the export adds records"
