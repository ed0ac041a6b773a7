"""Waiting for a feed: it ends with the first entry, the time, the client or the process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import orjson
import pytest
from starlette.types import Message

from deploy.local.ports import free_port
from services.notify.feeds.handlers import FeedWatch
from shared import clock as system_clock
from shared.clock import business_date
from shared.ids import new_id
from tests.component.notify.subscribing import FEED, grant, next_cursor, read, shown
from tests.support.city import (
    FIRM,
    OTHER_FIRM,
    a_consent,
    a_qualification,
    a_revocation,
    an_amendment,
)
from tests.support.service import ServiceUnderTest
from tests.support.tokens import AUDIENCE, ISSUER
from tests.support.waiting import until

pytestmark = pytest.mark.component

LONG_S = 30
SOON_S = 5.0
"""What must end at once ends within this, on a machine that has other work too."""


async def someone_waits(notify: ServiceUnderTest) -> None:
    """Return once a request waits for a feed."""

    async def waits() -> bool:
        watch: FeedWatch | None = getattr(notify.app.state, "feed_watch", None)
        return watch is not None and watch.waiting > 0

    await until(waits, what="a request waits for the feed")


@asynccontextmanager
async def waiting_bank(notify: ServiceUnderTest) -> AsyncIterator["asyncio.Task[httpx.Response]"]:
    """Let a bank wait for its feed, which has nothing to show yet."""
    task = asyncio.create_task(read(notify, "bank-haizhou", timeout=LONG_S))
    try:
        await someone_waits(notify)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class TestWaiting:
    async def test_ends_with_the_first_entry(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"))

        async with waiting_bank(notify) as answer:
            await notify.deliver(a_qualification())
            data = shown(await asyncio.wait_for(answer, SOON_S))

        assert data == [{"uscc": FIRM, "category": "hnte", "valid_to": "2028-01-01"}]

    async def test_goes_on_over_entries_that_may_not_be_shown(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")

        async with waiting_bank(notify) as answer:
            await notify.deliver(a_qualification(), a_consent("bank-haizhou"), an_amendment())
            data = shown(await asyncio.wait_for(answer, SOON_S))

        assert data[-1]["valid_to"] == "2029-01-01"

    async def test_decides_by_the_consents_of_the_moment_of_showing(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")
        other = a_consent("bank-haizhou", uscc=OTHER_FIRM, consent_id=new_id())
        await notify.deliver(a_consent("bank-haizhou"), other)

        async with waiting_bank(notify) as answer:
            await notify.deliver(
                a_revocation("bank-haizhou"),
                a_qualification(),
                a_qualification(uscc=OTHER_FIRM, qualification_id=new_id()),
            )
            data = shown(await asyncio.wait_for(answer, SOON_S))

        assert [event["uscc"] for event in data] == [OTHER_FIRM]

    async def test_ends_empty_with_its_time_and_has_the_cursor_to_go_on(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())
        seen = next_cursor(await read(notify, "bank-haizhou"))
        loop = asyncio.get_running_loop()

        began = loop.time()
        answer = await read(notify, "bank-haizhou", after=seen, timeout=1)
        took_s = loop.time() - began

        assert shown(answer) == []
        assert 1.0 <= took_s < SOON_S
        assert next_cursor(answer) == seen
        await notify.deliver(an_amendment())
        assert len(shown(await read(notify, "bank-haizhou", after=next_cursor(answer)))) == 1

    async def test_does_not_begin_where_no_time_is_given(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")

        answer = await asyncio.wait_for(read(notify, "bank-haizhou"), SOON_S)

        assert shown(answer) == []
        assert notify.app.state.feed_watch.waiting == 0

    async def test_ends_when_the_process_is_to_end(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")

        async with waiting_bank(notify) as answer:
            notify.app.state.stopping.set()
            ended = await asyncio.wait_for(answer, SOON_S)

        assert shown(ended) == []

    async def test_ends_when_the_client_goes(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")
        gone = asyncio.Event()
        pending: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            if pending:
                return pending.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(_message: Message) -> None:
            """Nobody reads the answer."""

        request = asyncio.create_task(notify.app(_scope(notify), receive, send))
        await someone_waits(notify)
        gone.set()
        await asyncio.wait_for(request, SOON_S)

        assert notify.app.state.feed_watch.waiting == 0


def _scope(notify: ServiceUnderTest) -> dict[str, object]:
    headers = notify.headers("bank-haizhou", "notify.feeds:read")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/v1/feeds/{FEED}",
        "raw_path": f"/v1/feeds/{FEED}".encode(),
        "query_string": f"timeout={LONG_S}".encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in headers.items()
            if name == "Authorization"
        ],
        "server": ("test", 80),
        "client": ("test", 1),
    }


class TestProcess:
    async def test_ends_soon_after_sigterm_though_a_client_waits(
        self, notify: ServiceUnderTest
    ) -> None:
        notify.clock.instant = system_clock.now()
        today = business_date(notify.clock.instant)
        period = (today.isoformat(), (today + timedelta(days=30)).isoformat())
        await grant(notify, "bank-haizhou", period=period)

        async with (
            issuing(notify) as jwks_url,
            serving(notify, jwks_url) as (process, base_url),
            httpx.AsyncClient(base_url=base_url, timeout=LONG_S + 5) as client,
        ):
            waiting = await long_poll(notify, client)
            process.send_signal(signal.SIGTERM)
            status = await asyncio.wait_for(process.wait(), SOON_S)
            answer = await waiting

        assert status == 0
        assert shown(answer) == []


async def long_poll(
    notify: ServiceUnderTest, client: httpx.AsyncClient
) -> "asyncio.Task[httpx.Response]":
    """Send a long poll and return once the service has begun to answer it."""
    sent = asyncio.Event()

    async def trace(name: str, _info: Mapping[str, object]) -> None:
        if name == "http11.send_request_body.complete":
            sent.set()

    task = asyncio.create_task(
        client.get(
            f"/v1/feeds/{FEED}",
            params={"timeout": LONG_S},
            headers=notify.headers("bank-haizhou", "notify.feeds:read"),
            extensions={"trace": trace},
        )
    )
    await asyncio.wait_for(sent.wait(), SOON_S)
    # The service reads its connections in turn: the poll before this one's readiness query.
    assert (await client.get("/readyz")).status_code == 200
    assert not task.done()
    return task


@asynccontextmanager
async def issuing(notify: ServiceUnderTest) -> AsyncIterator[str]:
    """Publish the test issuer's keys where another process can fetch them."""
    body = orjson.dumps(await notify.issuer.keys())
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    port = free_port()
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield f"http://127.0.0.1:{port}/jwks.json"


@asynccontextmanager
async def serving(
    notify: ServiceUnderTest, jwks_url: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run notify's API in a process of its own, on the same database."""
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    settings = {
        "TONGZHOU_DATABASE_URL": notify.database.dsn,
        "TONGZHOU_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "TONGZHOU_ISSUER": ISSUER,
        "TONGZHOU_AUDIENCE": AUDIENCE,
        "TONGZHOU_JWKS_URL": jwks_url,
        "TONGZHOU_HTTP_PORT": str(port),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.notify", "api"),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=base_url) as client:

            async def ready() -> bool:
                assert process.returncode is None, "the service ended"
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(ready, what="notify answers")
        yield process, base_url
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
