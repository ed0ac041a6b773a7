"""TCP proxies that hurt: between the services and PostgreSQL, and, frame by frame, before Kafka.

A proxy passes bytes on until it is told to behave otherwise: to delay, to say nothing more on
connections that stay open, to refuse, or to lose an answer to something that the server has done. A
connection of which bytes were swallowed is broken for good, so healing resets it.
"""

import asyncio
import random
import struct
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from deploy.local.ports import LOOPBACK

PRODUCE, FETCH, OFFSET_COMMIT = 0, 1, 8
API_NAMES = {PRODUCE: "Produce", FETCH: "Fetch", OFFSET_COMMIT: "OffsetCommit"}
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""A simple query of PostgreSQL's protocol, version 3: the type, the length, the text."""

_CHUNK_BYTES = 65_536
_FRAME_BYTES_MAX = 128 * 1024 * 1024


@dataclass(slots=True)
class Behaviour:
    """How a proxy treats the connections of one client; as it stands, it only passes bytes on."""

    delay_s: float = 0.0
    jitter_s: float = 0.0
    mute: bool = False
    """Connections are accepted and stay open, and nothing passes."""
    refuse: bool = False
    """Connections are reset as soon as they say anything."""
    linger: bool = False
    """A connection that the server ended stays open towards the client."""
    drops: Counter[int] = field(default_factory=Counter)
    """How many answers to each kind of request are still to be lost, with their connections."""


class Link:
    """One connection through a proxy: two streams to the client and two to the server."""

    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.from_client, self.to_client = client
        self.from_server, self.to_server = server
        self.client_id = ""
        self.asked: dict[int, int] = {}
        self.losing = False
        self.spoiled = False

    def reset(self) -> None:
        """Break the connection on both sides at once."""
        for writer in (self.to_client, self.to_server):
            writer.transport.abort()


class Dialect(Protocol):
    """How one protocol is carried through; both pumps run until their side ends."""

    async def requests(self, link: Link, proxy: "Proxy") -> None:
        """Carry what the client says to the server."""

    async def answers(self, link: Link, proxy: "Proxy") -> None:
        """Carry what the server says to the client."""


class Proxy:
    """Listens on a port and passes each connection on to another port of this machine."""

    def __init__(self, *, port: int, upstream_port: int, dialect: Dialect, seed: str = "") -> None:
        self.port = port
        self.counts: Counter[str] = Counter()
        self._upstream_port = upstream_port
        self._dialect = dialect
        self._rng = random.Random(seed)
        self._behaviours: dict[str, Behaviour] = {}
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)

    async def stop(self) -> None:
        """Stop listening and break what is open."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.reset()

    def behave(self, behaviour: Behaviour, *, client: str = "") -> None:
        """Treat the connections of a client so from now on; of all clients without a name."""
        self._behaviours[client] = behaviour

    def heal(self, *, client: str = "") -> None:
        """Only pass bytes on again; connections of which something was swallowed are reset."""
        self._behaviours.pop(client, None)
        for link in list(self._links):
            if link.spoiled and link.client_id.startswith(client):
                link.reset()

    def reset_all(self, *, client: str = "") -> None:
        """Break the open connections of a client, or of all."""
        for link in list(self._links):
            if link.client_id.startswith(client):
                self.counts["reset"] += 1
                link.reset()

    def behaviour_for(self, link: Link) -> Behaviour:
        """Return how a connection is treated now."""
        for client, behaviour in self._behaviours.items():
            if link.client_id.startswith(client):
                return behaviour
        return _PASS

    async def carry(self, link: Link, data: bytes, to: asyncio.StreamWriter) -> None:
        """Pass bytes on as the connection's behaviour has it."""
        behaviour = self.behaviour_for(link)
        if behaviour.refuse:
            self.counts["refused"] += 1
            link.reset()
            return
        if behaviour.mute:
            self.counts["muted"] += 1
            link.spoiled = True
        if link.spoiled:
            return
        if behaviour.delay_s:
            self.counts["delayed"] += 1
            await asyncio.sleep(behaviour.delay_s + self._rng.random() * behaviour.jitter_s)
        to.write(data)
        await to.drain()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection(LOOPBACK, self._upstream_port)
        except OSError:
            writer.transport.abort()
            return
        link = Link((reader, writer), server)
        self._links.add(link)
        pumps = [
            asyncio.create_task(self._dialect.requests(link, self)),
            asyncio.create_task(self._dialect.answers(link, self)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.discard(link)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            with suppress(OSError, RuntimeError):
                link.to_client.close()
                link.to_server.close()


_PASS = Behaviour()


class Postgres:
    """PostgreSQL's bytes; the one message that it knows is a commit."""

    async def requests(self, link: Link, proxy: Proxy) -> None:
        """Carry requests, and note a commit whose answer is to be lost."""
        while data := await link.from_client.read(_CHUNK_BYTES):
            drops = proxy.behaviour_for(link).drops
            if drops[0] > 0 and data.endswith(COMMIT):
                drops[0] -= 1
                link.losing = True
            await proxy.carry(link, data, link.to_server)

    async def answers(self, link: Link, proxy: Proxy) -> None:
        """Carry answers; the one to a commit is lost with its connection when it is to be."""
        while data := await link.from_server.read(_CHUNK_BYTES):
            if link.losing:
                proxy.counts["lost COMMIT"] += 1
                link.reset()
                return
            await proxy.carry(link, data, link.to_client)
        if proxy.behaviour_for(link).linger:
            link.spoiled = True
            await asyncio.Event().wait()


class Kafka:
    """Kafka's frames: a length, then a request's header or an answer's correlation id."""

    async def requests(self, link: Link, proxy: Proxy) -> None:
        """Carry requests, noting what each asks and who asks."""
        while True:
            size, body = await _frame(link.from_client)
            api, _, correlation, id_length = struct.unpack_from("!hhih", body)
            if id_length > 0:
                link.client_id = body[10 : 10 + id_length].decode("utf-8", "replace")
            link.asked[correlation] = api
            await proxy.carry(link, size + body, link.to_server)

    async def answers(self, link: Link, proxy: Proxy) -> None:
        """Carry answers, unless one is to be lost: the broker has then done what was asked."""
        while True:
            size, body = await _frame(link.from_server)
            api = link.asked.pop(struct.unpack_from("!i", body)[0], -1)
            drops = proxy.behaviour_for(link).drops
            if drops[api] > 0:
                drops[api] -= 1
                proxy.counts[f"lost {API_NAMES.get(api, api)}"] += 1
                link.reset()
                return
            await proxy.carry(link, size + body, link.to_client)


async def _frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    size = await reader.readexactly(4)
    length = int.from_bytes(size, "big")
    if length > _FRAME_BYTES_MAX:
        raise ConnectionError(f"a frame of {length} bytes is none of Kafka's")
    return size, await reader.readexactly(length)
