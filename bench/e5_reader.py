"""The reader of a latency run: ``python -m bench.e5_reader BOOTSTRAP TOPIC COUNT``.

A plain consumer for every relay, so that only the relays differ. Says ``ready`` once it stands at
the ends, then prints per event, by its number, the moment at which it had the event.
"""

import asyncio
import json
import sys
import time

import uvloop

from bench.e5_writer import number_in
from shared.events.catalogue import PARTITIONS
from shared.messaging import kafka
from shared.messaging.kafka import KafkaSettings, TopicPartition

DEADLINE_S = 60.0
POLL_MS = 200


async def main(servers: str, topic: str, count: int) -> None:
    """Read what comes from now on and print the moments."""
    client = kafka.consumer(KafkaSettings(servers, "bench-reader"), group="bench-reader")
    await client.start()
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    client.assign(partitions)
    await client.seek_to_end(*partitions)
    for partition in partitions:
        await client.position(partition)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    seen: dict[int, int] = {}
    async with asyncio.timeout(DEADLINE_S):
        while len(seen) < count:
            batches = await client.getmany(timeout_ms=POLL_MS)
            now = time.monotonic_ns()
            for records in batches.values():
                for record in records:
                    seen.setdefault(number_in(record.value), now)
    await client.stop()
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    _, to_servers, of_topic, number_given = sys.argv
    uvloop.run(main(to_servers, of_topic, int(number_given)))
