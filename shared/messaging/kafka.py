"""The one factory of Kafka clients: the library's defaults lose or repeat events, these do not."""

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Literal

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

from shared.messaging.batches import BATCH_BYTES

REQUEST_TIMEOUT_MS = 15_000
SESSION_TIMEOUT_MS = 12_000
"""A member that was killed keeps its partitions for so long; four heartbeats fit into it."""

MAX_POLL_INTERVAL_MS = 300_000
MAX_RECORDS = 500
FETCH_MAX_WAIT_MS = 50
"""Short: a partition that was busy when a fetch left has to wait for that fetch to end."""
FETCH_MAX_WAIT_IDLE_MS = 500
"""Longer where no partition is busy: each fetch names every partition, ended or not."""

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


SaslMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


@dataclass(frozen=True, slots=True)
class Login:
    """As whom a client speaks: the principal that the brokers' access rules name."""

    username: str
    password: str = field(repr=False)
    mechanism: SaslMechanism = "SCRAM-SHA-512"
    tls: bool = True


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where the brokers are and how to speak with them."""

    bootstrap_servers: str
    client_id: str
    login: Login | None = None


def _common(settings: KafkaSettings) -> dict[str, object]:
    """Return what every kind of client is given."""
    common: dict[str, object] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "client_id": settings.client_id,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
    }
    if (login := settings.login) is not None:
        common |= {
            "security_protocol": "SASL_SSL" if login.tls else "SASL_PLAINTEXT",
            "ssl_context": ssl.create_default_context() if login.tls else None,
            "sasl_mechanism": login.mechanism,
            "sasl_plain_username": login.username,
            "sasl_plain_password": login.password,
        }
    return common


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition that Kafka's own default partitioner (murmur2) gives a key."""
    hashed: int = murmur2(key.encode())
    return (hashed & 0x7FFFFFFF) % partitions


def producer(settings: KafkaSettings, *, compression: str = "lz4") -> AIOKafkaProducer:
    """Build a producer that waits for every replica and keeps order through retries.

    ``compression`` is for batches of the library's own; one of ours has its own.
    """
    return AIOKafkaProducer(
        **_common(settings),
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
        linger_ms=0,
        compression_type=compression,
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
        # Its stop still waits for them, and would be found waiting when all is swept up.
        waiting = client._message_accumulator
        for batch in chain(*waiting._batches.values(), waiting._pending_batches):
            batch.future.cancel()
        async with asyncio.timeout(within_s):
            await client.client.close()


def consumer(settings: KafkaSettings, *, group: str) -> AIOKafkaConsumer:
    """Build a group member that starts at the beginning and never commits by itself."""
    return AIOKafkaConsumer(
        **_common(settings),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        partition_assignment_strategy=(StickyPartitionAssignor,),
        session_timeout_ms=SESSION_TIMEOUT_MS,
        heartbeat_interval_ms=3_000,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        max_poll_records=MAX_RECORDS,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
    )


def wait_at_broker(client: AIOKafkaConsumer, wait_ms: int) -> None:
    """Let the broker hold the member's coming fetches for so long when there is nothing new."""
    # The library takes it once, at the start; it reads it for each fetch.
    client._fetcher._fetch_max_wait_ms = wait_ms


def reader(settings: KafkaSettings) -> AIOKafkaConsumer:
    """Build a reader outside any group: it chooses its partitions and commits nothing."""
    return AIOKafkaConsumer(
        **_common(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_poll_records=MAX_RECORDS,
    )


def admin(settings: KafkaSettings) -> AIOKafkaAdminClient:
    """Build an administrative client."""
    return AIOKafkaAdminClient(
        **_common(settings),
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
