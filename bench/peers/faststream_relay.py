"""The peer's relay, run by an interpreter of its own: ``faststream_relay.py DSN BROKER TOPIC``.

Its settings are the fastest of nine that were tried: 48 workers, fetches and flushes of 2,000. Each
row is given to Kafka and acknowledged when every replica has it, as its documentation does it; what
is not needed for that (argument injection) is switched off.
"""

import asyncio
import logging
import sys
from typing import Any

# They are installed in the peer's own environment, not in the project's.
from faststream.kafka import KafkaBroker  # type: ignore[import-not-found]  # the peer's own
from faststream_outbox import OutboxBroker, make_outbox_table  # type: ignore[import-not-found]  # same
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

TABLE = "peer_outbox"
QUEUE = "events"
WORKERS = 48
FETCH_ROWS = 2_000
FLUSH_ROWS = 2_000
IDLE_S = 0.005


async def main(dsn: str, servers: str, topic: str) -> None:
    """Relay until the process is ended."""
    url = dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, pool_size=WORKERS + 4)
    metadata = MetaData()
    table = make_outbox_table(metadata, TABLE)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    kafka = KafkaBroker(
        servers,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        max_batch_size=262_144,
        linger_ms=0,
        apply_types=False,
        logger=None,
    )
    await kafka.start()
    broker = OutboxBroker(engine, outbox_table=table, apply_types=False, logger=None)

    async def whole(message: Any) -> Any:  # noqa: ANN401 -- the peer's own type
        return message

    @broker.subscriber(  # type: ignore[untyped-decorator]  # the peer's own
        QUEUE,
        max_workers=WORKERS,
        fetch_batch_size=FETCH_ROWS,
        terminal_flush_batch_size=FLUSH_ROWS,
        min_fetch_interval=IDLE_S,
        max_fetch_interval=IDLE_S,
        decoder=whole,
    )
    async def relay(message: Any) -> None:  # noqa: ANN401 -- the peer's own type
        headers = dict(message.headers)
        key = headers.pop("key").encode()
        await kafka.publish(message.body, topic, key=key, headers=headers)

    await broker.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    logging.disable(logging.INFO)
    uvloop.run(main(*sys.argv[1:]))
