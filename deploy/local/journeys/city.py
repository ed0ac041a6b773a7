"""The organisations of the example city, calling the services over REST as their systems would."""

import asyncio
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypedDict

import httpx

from shared.ids import new_id

Json = dict[str, Any]
POLL_S = 0.02
DEADLINE_S = 60.0
REQUEST_TIMEOUT_S = 60.0


class ClientToken(TypedDict):
    """What stack.json says of a development client."""

    org: str
    token: str


class JourneyFailed(Exception):
    """A journey did not end as it must; the message says where and what came instead."""


class City:
    """REST clients of the five services, one token per organisation."""

    def __init__(self, services: Mapping[str, str], clients: Mapping[str, ClientToken]) -> None:
        """Both come from ``.run/stack.json``."""
        self._clients = clients
        self._http = {
            name: httpx.AsyncClient(base_url=url, timeout=REQUEST_TIMEOUT_S, trust_env=False)
            for name, url in services.items()
        }

    async def close(self) -> None:
        """Close every connection."""
        for client in self._http.values():
            await client.aclose()

    async def send(
        self,
        method: str,
        address: str,
        *,
        by: str,
        body: Json | bytes | None = None,
        if_match: int | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> httpx.Response:
        """Send a request; ``address`` is ``service:/path``, ``by`` the development client."""
        service, _, path = address.partition(":")
        headers = {
            "Authorization": f"Bearer {self._clients[by]['token']}",
            "Idempotency-Key": str(new_id()),
        }
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        content: dict[str, Any] = {}
        if isinstance(body, bytes):
            headers["Content-Type"] = "text/csv"
            content["content"] = body
        elif body is not None:
            content["json"] = body
        return await self._http[service].request(
            method, path, headers=headers, params=params, **content
        )

    async def post(
        self,
        address: str,
        *,
        by: str,
        body: Json | bytes | None = None,
        if_match: int | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Json:
        """Carry out a command that must succeed; returns its answer."""
        answer = await self.send(
            "POST", address, by=by, body=body, if_match=if_match, params=params
        )
        return _success(answer, f"POST {address} by {by}")

    async def post_once_ready(self, address: str, *, by: str, body: Json) -> Json:
        """Carry out a command that is refused until other services' events have arrived."""
        end = time.monotonic() + DEADLINE_S
        while True:
            answer = await self.send("POST", address, by=by, body=body)
            if answer.status_code != HTTPStatus.CONFLICT or time.monotonic() > end:
                return _success(answer, f"POST {address} by {by}")
            await asyncio.sleep(POLL_S)

    async def get(
        self, address: str, *, by: str, params: Mapping[str, str | int] | None = None
    ) -> Json:
        """Read what must be there."""
        answer = await self.send("GET", address, by=by, params=params)
        return _success(answer, f"GET {address} by {by}")

    async def change(self, address: str, action: str, *, by: str, body: Json | None = None) -> Json:
        """Read a resource for its version, then carry out an action on it."""
        current = await self.get(address, by=by)
        return await self.post(
            f"{address}/{action}", by=by, body=body or {}, if_match=current["version"]
        )

    async def until(
        self,
        address: str,
        holds: Callable[[Json], bool],
        *,
        by: str,
        what: str,
        params: Mapping[str, str | int] | None = None,
    ) -> Json:
        """Read until a condition holds: events need a moment to arrive."""
        end = time.monotonic() + DEADLINE_S
        while True:
            answer = await self.send("GET", address, by=by, params=params)
            if answer.is_success and holds(answer.json()):
                found: Json = answer.json()
                return found
            if time.monotonic() > end:
                raise JourneyFailed(f"not within {DEADLINE_S:.0f} s: {what}; last: {answer.text}")
            await asyncio.sleep(POLL_S)


def _success(answer: httpx.Response, request: str) -> Json:
    if not answer.is_success:
        raise JourneyFailed(f"{request} answered {answer.status_code}: {answer.text}")
    found: Json = answer.json()
    return found


def expect(held: bool, what: str, found: object) -> None:  # noqa: FBT001 - reads as an assertion
    """Fail the journey when an end state is not what it must be."""
    if not held:
        raise JourneyFailed(f"expected {what}, found {found}")
