"""The bare client at its best, as a program: ``python -m bench.bare_producer BOOTSTRAP TOPIC …``.

``batches`` fills one batch per partition and awaits it, as a relay must; ``send`` gives record by
record to the client, two thousand in flight. Records are in memory before the clock starts, out of
the garbage collector's sight, and are compressed with snappy, the library's fastest codec.
"""

import asyncio
import gc
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, cast

import uvloop

from bench import load
from shared.events import wire
from shared.events.catalogue import PARTITIONS
from shared.messaging import kafka
from shared.messaging.kafka import AIOKafkaProducer, KafkaSettings

IN_FLIGHT = 2000


@dataclass(frozen=True, slots=True)
class Bare:
    """One record as the client takes it."""

    partition: int
    key: bytes
    value: bytes
    timestamp_ms: int
    headers: list[tuple[str, bytes]]


def records(count: int) -> list[Bare]:
    """Make the load's events as bare records."""
    made = []
    for row in load.make(count).rows:
        key, payload = str(row[2]), cast("bytes", row[8])
        headers = wire.decoded(cast("bytes", row[7]))
        partition = kafka.partition_of(key, PARTITIONS)
        at_ms = int(load.RECORDED_AT.timestamp() * 1000)
        made.append(Bare(partition, key.encode(), payload, at_ms, headers))
    return made


async def in_batches(producer: AIOKafkaProducer, topic: str, made: list[Bare]) -> None:
    """Send pages of two thousand, one batch per partition, the next page while one is away."""
    under_way: asyncio.Future[list[object]] | None = None
    for start in range(0, len(made), IN_FLIGHT):
        by_partition: defaultdict[int, list[Bare]] = defaultdict(list)
        for record in made[start : start + IN_FLIGHT]:
            by_partition[record.partition].append(record)
        sent = []
        for partition, group in by_partition.items():
            batch = producer.create_batch()
            for record in group:
                if _append(batch, record) is None:
                    sent.append(await producer.send_batch(batch, topic, partition=partition))
                    batch = producer.create_batch()
                    _append(batch, record)
            batch.close()
            sent.append(await producer.send_batch(batch, topic, partition=partition))
        if under_way is not None:
            await under_way
        under_way = asyncio.gather(*sent)
    if under_way is not None:
        await under_way


def _append(batch: Any, record: Bare) -> object | None:  # noqa: ANN401 - aiokafka has no types
    added: object | None = batch.append(
        key=record.key, value=record.value, timestamp=record.timestamp_ms, headers=record.headers
    )
    return added


async def one_by_one(producer: AIOKafkaProducer, topic: str, made: list[Bare]) -> None:
    """Send record by record, at most two thousand unanswered."""
    free = asyncio.Semaphore(IN_FLIGHT)
    for record in made:
        await free.acquire()
        answer = await producer.send(
            topic,
            record.value,
            key=record.key,
            partition=record.partition,
            timestamp_ms=record.timestamp_ms,
            headers=record.headers,
        )
        answer.add_done_callback(lambda _: free.release())
    for _ in range(IN_FLIGHT):
        await free.acquire()


async def main(bootstrap_servers: str, topic: str, way: str, count: int) -> None:
    """Send the load and print what it took."""
    made = records(count)
    settings = KafkaSettings(bootstrap_servers, "bench-bare")
    producer = kafka.producer(settings, compression="snappy")
    await producer.start()
    send = {"batches": in_batches, "send": one_by_one}[way]
    await send(producer, topic, made[:PARTITIONS])
    gc.freeze()
    began, spent = time.perf_counter(), time.process_time()
    await send(producer, topic, made)
    seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    await producer.stop()
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu": cpu}) + "\n")


if __name__ == "__main__":
    _, servers, to_topic, how, number = sys.argv
    uvloop.run(main(servers, to_topic, how, int(number)))
