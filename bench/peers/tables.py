"""The peers' own outbox tables, and the plainest statements that write them."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from shared.db.database import Row

HEADERS = {
    "specversion": "1.0",
    "type": "enterprise-registered.v1",
    "source": "/tongzhou/registry",
    "time": "2026-03-01T00:00:00Z",
    "datacontenttype": "application/json",
    "correlationid": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
"""Seven attributes per event, half as many as our own rows carry."""
HEADERS_JSON = json.dumps(HEADERS)


@dataclass(frozen=True, slots=True)
class Peer:
    """How a peer's outbox is laid out and written."""

    schema: str
    table: str
    columns: Sequence[str]
    insert_one: str
    row: Callable[[str, bytes, random.Random], tuple[object, ...]]


def debezium_row(key: str, payload: bytes, draw: random.Random) -> tuple[object, ...]:
    """Make a row in the layout of the outbox event router's documentation."""
    return UUID(int=draw.getrandbits(128), version=4), "registry", key, "registered", payload


def faststream_row(key: str, payload: bytes, draw: random.Random) -> tuple[object, ...]:
    """Make a row as the peer's own publish makes it; the key travels as a header."""
    correlation = f"{draw.getrandbits(128):032x}"
    return "events", payload, json.dumps({**HEADERS, "key": key, "correlation_id": correlation})


PEERS = {
    "debezium": Peer(
        schema="""
            CREATE TABLE peer_outbox (
                id uuid PRIMARY KEY, aggregatetype text NOT NULL, aggregateid text NOT NULL,
                type text NOT NULL, payload bytea NOT NULL,
                specversion text NOT NULL DEFAULT '1.0',
                source text NOT NULL DEFAULT '/tongzhou/registry',
                time text NOT NULL DEFAULT '2026-03-01T00:00:00Z',
                datacontenttype text NOT NULL DEFAULT 'application/json',
                correlationid text NOT NULL DEFAULT '0f8fad5b-d9cb-469f-a165-70867728950e',
                traceparent text NOT NULL
                    DEFAULT '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
            )
        """,
        table="peer_outbox",
        columns=("id", "aggregatetype", "aggregateid", "type", "payload"),
        insert_one="""
            INSERT INTO peer_outbox (id, aggregatetype, aggregateid, type, payload)
            VALUES ($1, $2, $3, $4, $5)
        """,
        row=debezium_row,
    ),
    "faststream": Peer(
        schema="",
        table="peer_outbox",
        columns=("queue", "payload", "headers"),
        insert_one="""
            INSERT INTO peer_outbox (queue, payload, headers) VALUES ($1, $2, $3::text::jsonb)
            RETURNING pg_notify('outbox_peer_outbox', queue)
        """,
        row=faststream_row,
    ),
}


async def pool(dsn: str, *, connections: int) -> "asyncpg.Pool[Row]":
    """Open a pool whose connections all exist."""
    return await asyncpg.create_pool(dsn, min_size=connections, max_size=connections)
