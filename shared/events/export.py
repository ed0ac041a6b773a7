"""Export the contracts: schemas, AsyncAPI, catalogue, topics and rights, and publish new versions.

``python -m shared.events.export`` writes them. It refuses a change that a published version may not
make; a new version, or optional fields of an old one, it publishes: from then on they are promised.
``--check`` writes nothing and fails when anything is not as it would be written. ``--forget TYPE``
takes back the publication of a type that no release has carried yet.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import orjson

from shared.events import asyncapi, golden, markdown
from shared.events.broker import access_document, topics_document
from shared.events.compatibility import (
    ENVELOPE,
    Contract,
    breaks,
    contract_of,
    envelope_contract,
)
from shared.events.envelope import EVENT_TYPES
from shared.events.schema import dump, envelope_schema, schema_of

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path("shared/events/schemas")
PUBLISHED = Path("shared/events/published")
CATALOGUE = Path("docs/events/README.md")
ASYNCAPI = Path("docs/events/asyncapi.json")
TOPICS = Path("deploy/kafka/topics.json")
ACCESS = Path("deploy/kafka/acls.json")


def files() -> dict[Path, bytes]:
    """Return every file that follows from today's declarations, by its path below the root."""
    schemas = {event.TYPE: schema_of(event) for event in EVENT_TYPES.values()}
    schemas[ENVELOPE] = envelope_schema()
    return {
        **{SCHEMAS / f"{name}.json": dump(schema) for name, schema in schemas.items()},
        **{PUBLISHED / f"{name}.json": dump(promise) for name, promise in contracts().items()},
        CATALOGUE: markdown.catalogue(),
        ASYNCAPI: dump(asyncapi.document()),
        TOPICS: dump(topics_document()),
        ACCESS: dump(access_document()),
    }


def contracts() -> dict[str, Contract]:
    """Return what every event type, and the envelope, promises today."""
    promised = {event.TYPE: contract_of(event) for event in EVENT_TYPES.values()}
    return {**promised, ENVELOPE: envelope_contract()}


def published(root: Path) -> dict[str, Contract]:
    """Return what was promised when the versions were published."""
    paths = sorted((root / PUBLISHED).glob("*.json"))
    return {path.name.removesuffix(".json"): orjson.loads(path.read_bytes()) for path in paths}


def stale(root: Path) -> list[str]:
    """Name the files under ``root`` that differ, are missing, or are left over."""
    wanted = files()
    differing = [
        str(path)
        for path, content in wanted.items()
        if not (root / path).is_file() or (root / path).read_bytes() != content
    ]
    present = {
        path.relative_to(root)
        for folder in (SCHEMAS, PUBLISHED)
        for path in (root / folder).glob("*.json")
    }
    return sorted(differing + [str(path) for path in present - set(wanted)])


def refusals(root: Path) -> list[str]:
    """Say what must not be written over: broken promises, and golden records that were touched."""
    before = published(root)
    broken = [str(found) for found in breaks(before, contracts())]
    return broken + golden.problems(root, set(before) - {ENVELOPE})


def check(root: Path) -> list[str]:
    """Say everything that keeps the tree from being as the export would leave it."""
    unwritten = [
        f"not as generated: {name} (run python -m shared.events.export)" for name in stale(root)
    ]
    return refusals(root) + unwritten


def write(root: Path) -> list[str]:
    """Write all files and add the golden records of what is new; returns what forbids it."""
    refused = refusals(root)
    if refused:
        return refused
    before = published(root)
    for path, content in files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    for leftover in stale(root):
        (root / leftover).unlink()
    _add_golden(root, before)
    return []


def forget(root: Path, name: str) -> None:
    """Take back a publication, for a type that no release has carried yet."""
    (root / PUBLISHED / f"{name}.json").unlink(missing_ok=True)
    (root / golden.path_of(name)).unlink(missing_ok=True)
    (root / golden.DIGESTS).write_bytes(golden.digests_of(golden.kept(root)))


def _add_golden(root: Path, before: Mapping[str, Contract]) -> None:
    lines = golden.kept(root)
    for name, event in EVENT_TYPES.items():
        if before.get(name) != contract_of(event):
            made = [record.line for record in golden.records_of(event)]
            of_one = lines.setdefault(name, [])
            of_one += [line for line in made if line not in of_one]
            path = root / golden.path_of(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(line + b"\n" for line in of_one))
    (root / golden.DIGESTS).write_bytes(golden.digests_of(lines))


def main() -> int:
    """Write the files, or check them; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a committed file differs")
    parser.add_argument("--forget", metavar="TYPE", help="of no release yet: publish it anew")
    arguments = parser.parse_args()
    if arguments.forget:
        forget(ROOT, arguments.forget)
    found = check(ROOT) if arguments.check else write(ROOT)
    for line in found:
        sys.stdout.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
