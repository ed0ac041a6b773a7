"""Run a command: authenticate, one transaction, at most once per Idempotency-Key.

The idempotency row is the first write of the transaction and holds the whole answer at its end, so
the answer is stored exactly when the effect is. Nothing is stored for a refusal: the same key may
be sent again once what was refused has been mended.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeVar

from fastapi import Depends, Request, Response
from fastapi.security.base import SecurityBase
from pydantic import BaseModel
from pydantic_core import to_json

from shared.db.database import Database, Transaction
from shared.errors import Conflict, Malformed
from shared.web.auth import BEARER, Caller, caller_of, require
from shared.web.problem import BadRequest, PreconditionRequired

KEY_FORM = re.compile(r'^"?(?P<key>[\x21\x23-\x7e]{1,255})"?$')
ETAG_FORM = re.compile(r'^(?:W/)?"(?P<version>\d{1,18})"$')

CLAIM_KEY = """
    WITH held AS (SELECT pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0)) AS mine)
    INSERT INTO idempotency (caller, key, fingerprint, created_at)
    SELECT $1, $2, $3, $4 FROM held WHERE mine
    ON CONFLICT DO NOTHING RETURNING true
"""
READ_KEY = (
    "SELECT fingerprint, status, headers, body FROM idempotency WHERE caller = $1 AND key = $2"
)
STORE_ANSWER = (
    "UPDATE idempotency SET status = $3, headers = $4, body = $5 WHERE caller = $1 AND key = $2"
)

T = TypeVar("T")


class KeyMissing(BadRequest):
    """A command came without its Idempotency-Key."""

    code = "idempotency-key-missing"
    title_zh = "缺少 Idempotency-Key"
    title_en = "Idempotency-Key missing"
    action_zh = "请为每个写操作生成唯一的 Idempotency-Key,重试时保持不变。"
    action_en = "Send a unique Idempotency-Key per command, the same one on a retry."


class KeyReused(Malformed):
    """The key was used before with another request."""

    code = "idempotency-key-reused"
    title_zh = "Idempotency-Key 已用于其他请求"
    title_en = "Idempotency-Key used for another request"


class KeyInFlight(Conflict):
    """A request with the same key is being carried out right now."""

    code = "idempotency-key-in-flight"
    title_zh = "相同 Idempotency-Key 的请求正在处理"
    title_en = "Idempotency-Key in flight"
    action_zh = "请稍后用同一 Idempotency-Key 重试。"
    action_en = "Try again shortly with the same Idempotency-Key."


class _Replay(Exception):
    """Leaves the transaction with the stored answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("replay")
        self.response = response


class Versioned(Protocol):
    """A result that knows its aggregate's version."""

    @property
    def version(self) -> int:
        """The version, for the ETag."""
        ...


class Command:
    """What a changing route needs: the caller, and how to run its one use case."""

    def __init__(
        self, request: Request, caller: Caller, key: str, if_match: str | None, body: bytes
    ) -> None:
        """Made by :func:`command` for one request."""
        self._request = request
        self._if_match = if_match
        self._key = key
        self._body = body
        self._database: Database = request.app.state.database
        self.caller = caller

    @property
    def if_match(self) -> int:
        """The version that the caller says it changes; raises 428 without one."""
        if self._if_match is None:
            raise PreconditionRequired("this change needs If-Match with the resource's ETag")
        found = ETAG_FORM.match(self._if_match.strip())
        if found is None:
            raise BadRequest('If-Match must be one ETag such as "3"')
        return int(found["version"])

    async def run(
        self,
        use_case: Callable[[Transaction], Awaitable[T]],
        *,
        present: Callable[[T], BaseModel],
        status: int = 200,
        location: Callable[[T], str] | None = None,
    ) -> Response:
        """Run the use case in one transaction and answer with what ``present`` makes of it.

        A result with a ``version`` becomes the ETag. A repeated key gets the first answer again,
        byte for byte, marked ``Idempotency-Replayed: true``.
        """
        self._database.bound.require_room()
        try:
            async with self._database.transaction() as work:
                await self._claim_key(work)
                result = await use_case(work)
                headers: dict[str, str] = {}
                version = getattr(result, "version", None)
                if isinstance(version, int):
                    headers["ETag"] = f'"{version}"'
                if location is not None:
                    headers["Location"] = location(result)
                body = to_json(present(result))
                owner = f"{self.caller.org}/{self.caller.sub}"
                await work.execute(STORE_ANSWER, owner, self._key, status, headers, body)
        except _Replay as replay:
            return replay.response
        return _answer(status, headers, body)

    async def _claim_key(self, work: Transaction) -> None:
        owner = f"{self.caller.org}/{self.caller.sub}"
        fingerprint = self._fingerprint()
        if await work.fetchval(CLAIM_KEY, owner, self._key, fingerprint, work.now):
            return
        row = await work.fetchrow(READ_KEY, owner, self._key)
        if row is None or row["status"] is None:
            raise KeyInFlight("a request with this key is still running")
        if bytes(row["fingerprint"]) != fingerprint:
            raise KeyReused("this key was used before with another method, path or body")
        headers = {**row["headers"], "Idempotency-Replayed": "true"}
        raise _Replay(_answer(row["status"], headers, bytes(row["body"])))

    def _fingerprint(self) -> bytes:
        digest = hashlib.sha256()
        scope = self._request.scope
        target = f"{scope['method']} {scope['path']}?".encode() + scope["query_string"]
        for part in (target, self._body):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.digest()


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> Response:
    return Response(body, status_code=status, headers=dict(headers), media_type="application/json")


class Query:
    """What a reading route needs: the caller and a consistent snapshot."""

    def __init__(self, request: Request, caller: Caller) -> None:
        """Made by :func:`query` for one request."""
        self._request = request
        self.database: Database = request.app.state.database
        self.caller = caller

    async def abandoned(self) -> bool:
        """Tell whether to stop waiting: the client has gone, or this process is to end."""
        stopping: asyncio.Event = self._request.app.state.stopping
        return stopping.is_set() or await self._request.is_disconnected()

    async def run(
        self,
        read: Callable[[Transaction], Awaitable[T]],
        *,
        present: Callable[[T], BaseModel],
    ) -> Response:
        """Read in one snapshot and answer; a result with a ``version`` becomes the ETag."""
        async with self.database.read() as work:
            result = await read(work)
        version = getattr(result, "version", None)
        headers = {"ETag": f'"{version}"'} if isinstance(version, int) else {}
        return _answer(200, headers, to_json(present(result)))

    async def show(
        self,
        read: Callable[[Transaction], Awaitable[T]],
        *,
        present: Callable[[T], bytes],
        media_type: str,
    ) -> Response:
        """Read in one snapshot and answer with what is no JSON: a picture, a file."""
        async with self.database.read() as work:
            result = await read(work)
        return Response(present(result), media_type=media_type)


class _Dependency(SecurityBase):
    """One level of dependencies for all that a route is given about its request.

    The headers are read here and not by FastAPI: each level, and each header with a model of its
    own, would cost every command a twentieth. :func:`declare` tells the OpenAPI document of them.
    """

    model = BEARER.model
    takes: ClassVar[str]

    def __init__(self, scope: str) -> None:
        """``{service}`` in a scope is the service's name, for routes that every service has."""
        self._scope = scope
        self.scheme_name = f"{self.takes} {scope}"

    async def _caller(self, request: Request) -> Caller:
        caller = await caller_of(request)
        require(caller, self._scope.replace("{service}", request.app.state.service))
        return caller


class _CommandOf(_Dependency):
    takes = "command"

    async def __call__(self, request: Request) -> Command:
        caller = await self._caller(request)
        key = request.headers.get("idempotency-key")
        if key is None:
            raise KeyMissing("the Idempotency-Key header is missing")
        found = KEY_FORM.match(key.strip())
        if found is None:
            raise KeyMissing("the Idempotency-Key must be 1 to 255 visible ASCII characters")
        if_match = request.headers.get("if-match")
        return Command(request, caller, found["key"], if_match, await request.body())


class _QueryOf(_Dependency):
    takes = "query"

    async def __call__(self, request: Request) -> Query:
        return Query(request, await self._caller(request))


def command(scope: str) -> Any:  # noqa: ANN401 - FastAPI's own marker type is Any
    """Depend on a :class:`Command` for callers with the scope."""
    return Depends(_CommandOf(scope))


def query(scope: str) -> Any:  # noqa: ANN401 - FastAPI's own marker type is Any
    """Depend on a :class:`Query` for callers with the scope, as :func:`command` does."""
    return Depends(_QueryOf(scope))


HEADERS = (
    ("idempotency-key", "unique per command", "0f8fad5b-d9cb-469f-a165"),
    ("if-match", "the resource's ETag, where it is changed", '"3"'),
)


def declare(document: dict[str, Any], service: str) -> dict[str, Any]:
    """Say in an OpenAPI document which scope an operation asks for, which headers a command takes.

    The scope stands with the bearer token, as a role name does (OpenAPI 3.1, security requirement).
    """
    schemes = document.get("components", {}).get("securitySchemes", {})
    for name in [name for name in schemes if " " in name]:
        schemes[BEARER.scheme_name] = schemes.pop(name)
    for methods in document["paths"].values():
        for operation in methods.values():
            for name in [name for asked in operation.get("security", ()) for name in asked]:
                takes, _, scope = name.partition(" ")
                if not scope:
                    continue
                asked = {BEARER.scheme_name: [scope.replace("{service}", service)]}
                operation["security"] = [asked]
                if takes == _CommandOf.takes:
                    operation.setdefault("parameters", []).extend(map(_header, HEADERS))
    return document


def _header(described: tuple[str, str, str]) -> dict[str, Any]:
    name, description, example = described
    text = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    schema = {**text, "description": description, "examples": [example], "title": name.title()}
    return {
        "name": name,
        "in": "header",
        "required": False,
        "schema": schema,
        "description": description,
    }
