"""What one command sends to PostgreSQL, written as a pgbench script of the identical SQL.

The command runs once in process and its statements are noted with their values; what is different
in each command (code, key, event id) becomes an expression of pgbench's own random number.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import httpx
import orjson

from deploy.local.issuer import AUDIENCE, Issuer
from services.registry.app import SERVICE
from shared import clock
from shared.db import database as databases
from shared.db.database import Database, Row
from shared.db.provision import ServiceDsns
from shared.uscc import with_checks
from shared.web.app import create_app
from shared.web.auth import TokenVerifier

CLIENT = "dept-kj"
PATH = "/v1/enterprises"
KEY = "the-key-of-the-noted-command"
BOOKKEEPING = ("idempotency", "outbox")
"""Tables without which the same command would be neither repeatable nor told of."""


def uscc_of(number: int) -> str:
    """Return a valid code: number and both of its check characters."""
    return with_checks("91320706", f"MA{number % 36**6:06d}"[-8:])


def body_of(number: int) -> bytes:
    """Return the request that registers an enterprise."""
    return orjson.dumps(
        {"uscc": uscc_of(number), "name": "示例企业", "region": "320706", "chain": "new_energy"}
    )


class QuietDatabase(Database):
    """Wakes no other process: one notification speaks for as many commits as there are."""

    async def _notify(self) -> None:
        """Send nothing, so that none stands among the statements of a command."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as the driver was given it."""

    sql: str
    values: Sequence[object]


async def noted(dsns: ServiceDsns, issuer: Issuer, *, number: int) -> list[Statement]:
    """Run one command on a connection that is warm and return its statements."""
    seen: list[Statement] = []
    prepare = databases.prepare_connection

    async def prepare_and_note(connection: "asyncpg.Connection[Row]") -> None:
        await prepare(connection)
        connection.add_query_logger(lambda query: seen.append(Statement(query.query, query.args)))

    database = QuietDatabase(dsns.app, max_connections=1)
    databases.prepare_connection = prepare_and_note
    try:
        await database.open()
    finally:
        databases.prepare_connection = prepare
    try:
        async with client(database, issuer) as asking:
            for again in (0, 1):
                seen.clear()
                await ask(asking, issuer, number + again, key=f"{KEY}-{again}")
    finally:
        await database.close()
    return seen


def client(database: Database, issuer: Issuer) -> httpx.AsyncClient:
    """Return a client of the service in this process, on a database that is open."""

    async def keys() -> dict[str, object]:
        return issuer.jwks()

    app = create_app(
        service=SERVICE.name,
        routers=SERVICE.routers,
        database=database,
        verifier=TokenVerifier(
            issuer=issuer.url, audience=AUDIENCE, fetch_keys=keys, read_clock=clock.now
        ),
        max_body_bytes=1 << 20,
        state=SERVICE.state,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench")


async def ask(client: httpx.AsyncClient, issuer: Issuer, number: int, *, key: str) -> None:
    """Register an enterprise; raises httpx.HTTPStatusError when it is not taken."""
    headers = {
        "Authorization": f"Bearer {issuer.token(CLIENT)}",
        "Idempotency-Key": key,
        "Content-Type": "application/json",
    }
    answer = await client.post(PATH, content=body_of(number), headers=headers)
    answer.raise_for_status()


def script(statements: Sequence[Statement], *, number: int, bookkeeping: bool) -> str:
    """Return the statements as pgbench runs them; without ``bookkeeping`` the bare business."""
    code = uscc_of(number)
    lines = ["\\set n random(1, 9000000000000)"]
    for statement in statements:
        if not bookkeeping and any(f"INTO {table}" in statement.sql for table in BOOKKEEPING):
            continue
        if not bookkeeping and "UPDATE idempotency" in statement.sql:
            continue
        text = " ".join(_filled(statement).split())
        text = text.replace(_literal(code), "('U' || CAST(:n AS text))")
        text = text.replace(_literal(f"{KEY}-1"), "('K' || CAST(:n AS text))")
        lines += [f"{part.strip()};" for part in text.split(";") if part.strip()]
    return "\n".join(lines) + "\n"


def _filled(statement: Statement) -> str:
    values = statement.values

    def value(found: re.Match[str]) -> str:
        return _literal(values[int(found[1]) - 1])

    return re.sub(r"\$(\d+)", value, statement.sql)


def _literal(value: object) -> str:  # noqa: PLR0911 -- one line per type
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value).lower()
        case UUID():
            return "gen_random_uuid()"
        case datetime():
            return f"to_timestamp({value.timestamp():.6f})"
        case bytes():
            return f"decode('{value.hex()}', 'hex')"
        case dict():
            return f"CAST(convert_from({_literal(orjson.dumps(value))}, 'UTF8') AS jsonb)"
        case list():
            return f"CAST(ARRAY[{', '.join(_literal(item) for item in value)}] AS text[])"
        case _:
            text = str(value)
            if ":" in text or not text.isascii():
                return f"convert_from({_literal(text.encode())}, 'UTF8')"
            return "'" + text.replace("'", "''") + "'"
