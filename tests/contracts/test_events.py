"""The published contracts: schemas, examples, headers, and how open a consumer reads."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from shared.events import export
from shared.events.catalogue import PUBLISHERS, TOPICS
from shared.events.envelope import EVENT_TYPES, Cause, Event, headers_of
from shared.ids import new_id
from shared.messaging.records import Record, read

EVENTS = [pytest.param(event, id=name) for name, event in EVENT_TYPES.items()]
INSTANT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def headers(event: Event) -> list[tuple[str, bytes]]:
    """Return the headers of an event's record."""
    return headers_of(
        event,
        event_id=new_id(),
        sequence=7,
        recorded_at=INSTANT,
        cause=Cause(new_id(), new_id()),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


class TestSchemas:
    def test_are_exported_and_clean(self) -> None:
        assert export.stale(export.ROOT) == []

    def test_a_changed_file_is_noticed(self, tmp_path: Path) -> None:
        for path, content in export.files().items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
        (tmp_path / export.CATALOGUE).write_text("by hand")
        leftover = tmp_path / export.SCHEMAS / "registry.nobody.left.v1.json"
        leftover.write_text("{}")

        found = export.stale(tmp_path)

        assert found == sorted([str(export.CATALOGUE), str(leftover.relative_to(tmp_path))])

    @pytest.mark.parametrize("event", EVENTS)
    def test_accept_their_example_and_refuse_an_unknown_field(self, event: type[Event]) -> None:
        schema = json.loads((export.ROOT / export.SCHEMAS / f"{event.TYPE}.json").read_bytes())
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        [example] = schema["examples"]

        assert validator.is_valid(example)
        assert not validator.is_valid({**example, "unknown": 1})

    @pytest.mark.parametrize("event", EVENTS)
    def test_name_money_and_rates_by_their_unit(self, event: type[Event]) -> None:
        for name, field in event.model_fields.items():
            if "fen" in str(field.description):
                assert name.endswith("_fen")
            if "ppm" in str(field.description):
                assert name.endswith("_ppm")


class TestProducers:
    @pytest.mark.parametrize("event", EVENTS)
    def test_validate_closed(self, event: type[Event]) -> None:
        data = event.example().model_dump()

        with pytest.raises(ValidationError, match="extra_forbidden"):
            event.model_validate({**data, "unknown": 1})


class TestConsumers:
    @pytest.mark.parametrize("event", EVENTS)
    def test_read_open(self, event: type[Event]) -> None:
        example = event.example()
        newer = json.loads(example.model_dump_json()) | {"added_by_a_newer_release": 1}
        record = Record(
            topic=event.topic(),
            partition=0,
            offset=0,
            key=example.key,
            headers=dict(headers(example)),
            value=json.dumps(newer).encode(),
        )

        received = read(record)

        assert received.data == example
        assert received.sequence == 7
        assert received.recorded_at == INSTANT

    def test_of_the_cloudevents_library_read_the_record(self) -> None:
        for event in (kind.example() for kind in EVENT_TYPES.values()):
            message = KafkaMessage(
                headers=dict(headers(event)),
                key=event.key.encode(),
                value=event.model_dump_json().encode(),
            )

            read_back = from_binary(message, JSONFormat(), CloudEvent)

            assert read_back.get_type() == event.TYPE
            assert read_back.get_subject() == event.subject
            assert read_back.get_data() == json.loads(event.model_dump_json())


class TestCatalogue:
    def test_has_every_topic_once(self) -> None:
        names = [topic.name for topic in TOPICS]

        assert sorted(names) == sorted({event.topic() for event in EVENT_TYPES.values()})

    def test_names_the_key_that_every_event_of_the_topic_uses(self) -> None:
        for topic in TOPICS:
            assert {event.KEY for event in topic.events} == {topic.key}

    def test_leaves_each_event_to_its_publishers_own_file(self) -> None:
        for module in PUBLISHERS:
            service, _, _ = module.__name__.rpartition(".")[2].partition("_")
            declared = [e for e in EVENT_TYPES.values() if e.__module__ == module.__name__]
            assert declared
            assert {event.service() for event in declared} == {service}
