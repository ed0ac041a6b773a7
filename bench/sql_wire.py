"""A wire to PostgreSQL on which the server's answers are counted.

What the client's library calls one query may be several statements (a list in one string), or two
round trips (one to prepare it); the server's own messages tell.
"""

import asyncio
from typing import Self, cast
from urllib.parse import urlsplit, urlunsplit

from deploy.local.ports import LOOPBACK

_STATEMENT_ENDS = frozenset(b"Cs")
"""CommandComplete, and PortalSuspended: a query that was asked for its first row alone."""
_READY = ord("Z")
"""ReadyForQuery: the server has answered everything and waits; one per round trip."""
_HEAD_BYTES = 5
"""A message is its type, of one byte, its length in four, which count themselves, and the rest."""


class CountingWire:
    """Listens on the loopback and carries each connection to a server, without TLS."""

    def __init__(self, dsn: str) -> None:
        """``dsn`` is where the server is; nothing listens before the context is entered."""
        self._upstream = urlsplit(dsn)
        self._links: list[_Link] = []
        self.dsn = ""
        """The same address by way of this wire."""
        self.statements = 0
        """Statements that ended so far, ``BEGIN`` and ``COMMIT`` included."""
        self.round_trips = 0

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.get_running_loop().create_server(self._link, LOOPBACK, 0)
        port = self._server.sockets[0].getsockname()[1]
        login, at, _ = self._upstream.netloc.rpartition("@")
        here = self._upstream._replace(
            netloc=f"{login}{at}{LOOPBACK}:{port}", query="sslmode=disable"
        )
        self.dsn = urlunsplit(here)
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Cut every connection and listen no more."""
        self._server.close()
        for link in self._links:
            link.cut()

    def count(self, kind: int) -> None:
        """Note a message of the server."""
        self.statements += kind in _STATEMENT_ENDS
        self.round_trips += kind == _READY

    def _link(self) -> "_Link":
        link = _Link(self, str(self._upstream.hostname), self._upstream.port or 5432)
        self._links.append(link)
        return link


class _Link(asyncio.Protocol):
    """The client's side of one connection; what it says early waits for the server's side."""

    def __init__(self, wire: CountingWire, host: str, port: int) -> None:
        self._wire, self._host, self._port = wire, host, port
        self._early = bytearray()
        self._client: asyncio.Transport | None = None
        self._server: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client = cast("asyncio.Transport", transport)  # a stream's is always both
        self._connecting = asyncio.create_task(self._connect(self._client))

    async def _connect(self, client: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server, _ = await loop.create_connection(
                lambda: _Answers(self._wire, client), self._host, self._port
            )
        except OSError:
            client.abort()
            return
        self._server.write(self._early)

    def data_received(self, data: bytes) -> None:
        if self._server is None:
            self._early += data
        else:
            self._server.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.cut()

    def cut(self) -> None:
        """Close both sides."""
        self._connecting.cancel()
        for transport in (self._client, self._server):
            if transport is not None:
                transport.close()


class _Answers(asyncio.Protocol):
    """The server's side: counts whole messages, and carries bytes as they come."""

    def __init__(self, wire: CountingWire, client: asyncio.Transport) -> None:
        self._wire, self._client = wire, client
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        # Counted before the client has it, so that whoever was answered sees the count.
        said, at = self._rest + data, 0
        while len(said) >= at + _HEAD_BYTES:
            end = at + 1 + int.from_bytes(said[at + 1 : at + _HEAD_BYTES])
            if end > len(said):
                break
            self._wire.count(said[at])
            at = end
        self._rest = said[at:]
        self._client.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.close()
