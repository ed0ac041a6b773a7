"""The golden records of every published version: read by today's consumers, made by producers."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

from shared.events import export, golden
from shared.events.compatibility import ENVELOPE
from shared.events.envelope import EVENT_TYPES, Event, Received
from shared.events.golden import Golden
from shared.events.sample import sample_headers
from shared.messaging.records import Record, read

KEPT = {name: [Golden.parse(line) for line in of] for name, of in golden.kept(export.ROOT).items()}
PUBLISHED = export.published(export.ROOT)
TYPES = sorted(PUBLISHED.keys() - {ENVELOPE})
ADDED = {"added_by_a_newer_release": {"of": ["any", 1, None]}}


def received(kept: Golden, value: dict[str, Any]) -> Received[Event]:
    """Read a golden record, with another value, as a consumer does."""
    record = Record(
        topic=str(PUBLISHED[kept.headers["ce_type"]]["topic"]),
        partition=0,
        offset=0,
        key=kept.key,
        headers={name: text.encode() for name, text in kept.headers.items()},
        value=orjson.dumps(value),
    )
    return read(record)


def objects(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Yield every object of named fields in a value, the whole one first; a map's keys are data."""
    match schema:
        case {"$ref": str(target)}:
            yield from objects(value, root["$defs"][target.removeprefix("#/$defs/")], root)
        case {"anyOf": [*choices]} if value is not None:
            for choice in choices:
                yield from objects(value, choice, root)
        case {"properties": dict(fields)}:
            yield value
            for name in fields.keys() & value.keys():
                yield from objects(value[name], fields[name], root)
        case {"items": dict(item)}:
            for one in value:
                yield from objects(one, item, root)


def today(event: type[Event]) -> list[Event]:
    """Return what today's producers can publish at the edges and between."""
    return [event.model_validate(record.value) for record in golden.records_of(event)]


def validator(name: str) -> jsonschema_rs.Validator:
    """Return the validator of what was published."""
    return jsonschema_rs.Draft202012Validator(PUBLISHED[name]["schema"], validate_formats=True)


class TestCorpus:
    def test_has_three_records_of_every_published_version(self) -> None:
        assert sorted(KEPT) == TYPES
        assert all(
            [record.case for record in of_one][:3] == ["smallest", "example", "largest"]
            for of_one in KEPT.values()
        )

    def test_is_as_it_was_kept(self) -> None:
        assert golden.problems(export.ROOT, set(TYPES)) == []

    @pytest.mark.parametrize(
        ("plant", "problem"),
        [
            (lambda lines: [line.replace(b"a-", b"b-") for line in lines], ":1: a golden record"),
            (lambda lines: lines[:-1], ":3: a golden record was changed or is gone"),
            (lambda lines: lines[::-1], ":1: a golden record was changed"),
            (lambda lines: [*lines, lines[0]], ":4: not in digests.txt"),
        ],
        ids=["changed", "removed", "in another order", "added by hand"],
    )
    def test_that_was_touched_is_seen(self, plant: Any, problem: str, tmp_path: Path) -> None:  # noqa: ANN401 - a plain function
        name = "notify.subscription.requested.v1"
        source = (export.ROOT / golden.path_of(name)).read_bytes().splitlines()
        path = tmp_path / golden.path_of(name)
        path.parent.mkdir(parents=True)
        (tmp_path / golden.DIGESTS).write_bytes(golden.digests_of({name: source}))
        path.write_bytes(b"\n".join(plant(source)))

        found = golden.problems(tmp_path, {name})

        assert any(problem in line for line in found)

    def test_that_lacks_a_version_is_seen(self, tmp_path: Path) -> None:
        assert golden.problems(tmp_path, {"a.b.c.v1"}) == [
            "tests/contracts/corpus/a.b.c.v1.jsonl: no golden records"
        ]


@pytest.mark.parametrize("name", TYPES)
class TestConsumers:
    def test_read_every_golden_record_as_it_was_meant(self, name: str) -> None:
        for kept in KEPT[name]:
            got = received(kept, dict(kept.value))
            data = got.data.model_dump(mode="json")

            assert {field: data[field] for field in kept.value} == kept.value
            for absent in data.keys() - kept.value.keys():
                assert data[absent] == type(got.data).model_fields[absent].get_default()
            assert str(got.id) == kept.headers["ce_id"]
            assert got.subject == kept.headers["ce_subject"]
            assert got.sequence == (
                int(kept.headers["ce_sequence"]) if "ce_sequence" in kept.headers else None
            )
            assert got.traceparent == kept.headers.get("ce_traceparent")

    def test_read_what_a_newer_producer_adds_anywhere(self, name: str) -> None:
        schema = PUBLISHED[name]["schema"]
        for kept in KEPT[name]:
            newer = deepcopy(dict(kept.value))
            for found in list(objects(newer, schema, schema)):
                found.update(ADDED)

            assert newer != kept.value
            assert received(kept, newer).data == received(kept, dict(kept.value)).data

    def test_read_what_an_older_producer_leaves_out(self, name: str) -> None:
        needed = PUBLISHED[name]["schema"]["required"]
        for kept in KEPT[name]:
            older = {field: value for field, value in kept.value.items() if field in needed}

            data = received(kept, older).data.model_dump(mode="json")

            assert {field: data[field] for field in older} == older


@pytest.mark.parametrize("name", TYPES)
class TestProducers:
    def test_write_what_the_published_schema_promises(self, name: str) -> None:
        schema = validator(name)
        for event in today(EVENT_TYPES[name]):
            schema.validate(json.loads(event.model_dump_json()))

    def test_write_the_headers_of_the_published_envelope(self, name: str) -> None:
        schema = validator(ENVELOPE)
        for event in today(EVENT_TYPES[name]):
            headers = sample_headers(event)
            schema.validate(headers)
            assert set(headers) == set(PUBLISHED[ENVELOPE]["schema"]["properties"])
        for kept in KEPT[name]:
            schema.validate(dict(kept.headers))

    def test_have_golden_records_that_the_schema_promises(self, name: str) -> None:
        schema = validator(name)
        for kept in KEPT[name]:
            schema.validate(dict(kept.value))
