"""The one factory of Kafka clients: the library's defaults lose or repeat events, these do not."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

# aiokafka ships no type information; this module is the one place that imports it.
from aiokafka import (  # type: ignore[import-untyped]
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    TopicPartition,
)
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.coordinator.assignors.sticky.sticky_assignor import (  # type: ignore[import-untyped]
    StickyPartitionAssignor,
)
from aiokafka.errors import (  # type: ignore[import-untyped]
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    for_code,
)
from aiokafka.partitioner import murmur2  # type: ignore[import-untyped]

REQUEST_TIMEOUT_MS = 15_000
SESSION_TIMEOUT_MS = 12_000
"""A member that was killed keeps its partitions for so long; four heartbeats fit into it."""

MAX_POLL_INTERVAL_MS = 300_000
MAX_RECORDS = 500
FETCH_MAX_WAIT_MS = 50
"""Short: a partition that was busy when a fetch left has to wait for that fetch to end."""
BATCH_BYTES = 262_144

__all__ = [
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "ConsumerRebalanceListener",
    "ConsumerRecord",
    "KafkaError",
    "NoOffsetForPartitionError",
    "OffsetOutOfRangeError",
    "TopicPartition",
]


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where the brokers are and how to speak with them."""

    bootstrap_servers: str
    client_id: str


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition that Kafka's own default partitioner (murmur2) gives a key."""
    hashed: int = murmur2(key.encode())
    return (hashed & 0x7FFFFFFF) % partitions


def producer(settings: KafkaSettings) -> AIOKafkaProducer:
    """Build a producer that waits for every replica and keeps order through retries."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        client_id=settings.client_id,
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
        linger_ms=0,
        compression_type="lz4",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )


async def discard(client: AIOKafkaProducer, *, within_s: float) -> None:
    """End a producer for good within a bound, whatever its broker does.

    The library's own stop waits for its pending batches; cut off, it leaves a task behind that
    would go on sending.
    """
    with suppress(Exception):
        async with asyncio.timeout(within_s):
            await client.stop()
            return
    with suppress(Exception):
        # The library has no other way to reach it.
        sending = client._sender.sender_task
        if sending is not None:
            sending.cancel()
        async with asyncio.timeout(within_s):
            await client.client.close()


def consumer(settings: KafkaSettings, *, group: str) -> AIOKafkaConsumer:
    """Build a group member that starts at the beginning and never commits by itself."""
    return AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        client_id=settings.client_id,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        partition_assignment_strategy=(StickyPartitionAssignor,),
        session_timeout_ms=SESSION_TIMEOUT_MS,
        heartbeat_interval_ms=3_000,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_poll_records=MAX_RECORDS,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
    )


def reader(settings: KafkaSettings) -> AIOKafkaConsumer:
    """Build a reader outside any group: it chooses its partitions and commits nothing."""
    return AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        client_id=settings.client_id,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_poll_records=MAX_RECORDS,
    )


def admin(settings: KafkaSettings) -> AIOKafkaAdminClient:
    """Build an administrative client."""
    return AIOKafkaAdminClient(
        bootstrap_servers=settings.bootstrap_servers,
        client_id=settings.client_id,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )


async def create_topics(
    settings: KafkaSettings,
    topics: Iterable[tuple[str, int, dict[str, str]]],
    *,
    replication_factor: int,
) -> list[str]:
    """Create the topics (name, partitions, configuration) that do not exist; return their names."""
    client = admin(settings)
    await client.start()
    try:
        existing = set(await client.list_topics())
        missing = [
            NewTopic(
                name=name,
                num_partitions=partitions,
                replication_factor=replication_factor,
                topic_configs=configuration,
            )
            for name, partitions, configuration in topics
            if name not in existing
        ]
        if missing:
            answer = await client.create_topics(missing, validate_only=False)
            for name, code, *why in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(f"topic {name} was not created: {why}")
        return [topic.name for topic in missing]
    finally:
        await client.close()
