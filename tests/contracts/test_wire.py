"""What the relay puts on a real broker, read by other people's libraries."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Message

from deploy.local.stack import Stack
from shared import clock as system_clock
from shared.events import golden
from shared.events.catalogue import PARTITIONS, TOPICS
from shared.events.envelope import EVENT_TYPES, Event
from shared.messaging import kafka
from shared.messaging.kafka import KafkaSettings
from shared.messaging.relay import Relay
from shared.messaging.topics import ensure_topics
from shared.telemetry import span
from tests.support import foreign
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import toy_on
from tests.support.traces import TraceLog

pytestmark = pytest.mark.integration

PLACEMENT = "test.placement"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
EVENTS = [
    event_type.model_validate(record.value)
    for event_type in EVENT_TYPES.values()
    for record in golden.records_of(event_type)
    if record.case != "smallest"
]
"""Two events of each type: its example, and one with every field at its high edge."""


@pytest.fixture(scope="module")
async def broker(stack: Stack) -> KafkaSettings:
    """The broker, with the catalogue's topics."""
    await ensure_topics(stack.bootstrap_servers)
    return KafkaSettings(stack.bootstrap_servers, "test")


@pytest.fixture
async def published(
    databases: Databases, clock: ManualClock, broker: KafkaSettings, traces: TraceLog
) -> AsyncIterator[dict[UUID, tuple[int, Event]]]:
    """All events through the outbox of one transaction, and a relay that ships them."""
    assert traces.provider is not None
    async with toy_on(databases, clock) as toy:
        with span("a request", traceparent=f"00-{TRACE_ID}-b7ad6b7169203331-01"):
            async with toy.database.transaction() as work:
                sent = {
                    work.publish(event, sequence=number): (number, event)
                    for number, event in enumerate(EVENTS, start=1)
                }
        relay = Relay(
            toy.database.dsn, broker, wake=toy.database.published, read_clock=system_clock.now
        )
        task = asyncio.create_task(relay.run())
        try:
            yield sent
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def read(broker: KafkaSettings, wanted: Iterable[UUID]) -> dict[UUID, Message]:
    """Read the topics as a plain consumer until the wanted events are there."""
    missing = set(wanted)
    found: dict[UUID, Message] = {}
    places = [(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
    for message in foreign.records(broker, places, polls=600):
        event_id = UUID(headers(message)["ce_id"].decode())
        if event_id in missing:
            found.setdefault(event_id, message)
            if len(found) == len(missing):
                break
    return found


def headers(message: Message) -> dict[str, bytes]:
    """Return the headers of a record, each of which stands there once."""
    pairs = message.headers()
    assert isinstance(pairs, list)
    found = {pair[0]: pair[1] for pair in pairs if isinstance(pair[1], bytes)}
    assert len(found) == len(pairs)
    return found


class TestRecords:
    async def test_are_read_by_a_plain_consumer_and_as_cloudevents(
        self, published: dict[UUID, tuple[int, Event]], broker: KafkaSettings
    ) -> None:
        found = await asyncio.to_thread(read, broker, published)

        assert set(found) == set(published)
        for event_id, message in found.items():
            number, event = published[event_id]
            value, key, envelope = message.value(), message.key(), headers(message)
            assert isinstance(value, bytes)
            assert isinstance(key, bytes)
            assert key.decode() == event.key == envelope["ce_partitionkey"].decode()
            assert message.topic() == event.topic()
            assert message.partition() == kafka.partition_of(event.key, PARTITIONS)
            assert envelope["ce_sequence"].decode() == f"{number:020d}"
            assert envelope["ce_traceparent"].decode().split("-")[1] == TRACE_ID
            assert message.timestamp()[1] == _milliseconds(envelope["ce_recordedtime"])
            read_back = from_binary(KafkaMessage(envelope, key, value), JSONFormat(), CloudEvent)
            assert read_back.get_specversion() == "1.0"
            assert read_back.get_id() == str(event_id)
            assert read_back.get_type() == event.TYPE
            assert read_back.get_source() == f"/tongzhou/{event.service()}"
            assert read_back.get_subject() == event.subject
            assert read_back.get_dataschema() == f"/schemas/{event.TYPE}.json"
            assert read_back.get_datacontenttype() == "application/json"
            assert read_back.get_extension("partitionkey") == event.key
            assert read_back.get_extension("dataclass") == event.DATA_CLASS.value
            assert read_back.get_data() == json.loads(event.model_dump_json())


class TestPlacement:
    async def test_is_that_of_a_client_that_hashes_as_java_does(
        self, broker: KafkaSettings
    ) -> None:
        keys = sorted({event.key for event in EVENTS} | {f"键-{n}-{n * 7919}" for n in range(500)})
        await kafka.create_topics(broker, [(PLACEMENT, PARTITIONS, {})], replication_factor=1)

        found = await asyncio.to_thread(foreign.placed, broker, PLACEMENT, keys)

        assert found == {key: kafka.partition_of(key, PARTITIONS) for key in keys}
        assert set(found.values()) == set(range(PARTITIONS))


def _milliseconds(instant: bytes) -> int:
    moment = datetime.fromisoformat(instant.decode())
    return int(moment.timestamp() * 1000)
