"""The web application factory: errors, limits, health, metrics and schema, the same everywhere."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import prometheus_client
from fastapi import APIRouter, FastAPI, Request, Response
from opentelemetry.trace import SpanKind
from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import metrics
from shared.db import revision
from shared.db.database import Database
from shared.errors import DomainError, Malformed, Transient
from shared.telemetry import fail, span
from shared.web import commands
from shared.web.auth import TokenVerifier
from shared.web.problem import (
    HANDLERS,
    BodyTooLarge,
    on_defect,
    problem_of,
    publish_problems,
    respond,
)
from shared.web.texts import refuse_unusable_text


class ConsumerStalled(Transient):
    """This process has stopped consuming without ending: it is to be restarted."""

    code = "consumer-stalled"
    title_zh = "事件消费已停滞"
    title_en = "Consumer stalled"


class NotReady(Transient):
    """The database cannot be reached or has an older schema revision than this release needs."""

    code = "not-ready"
    title_zh = "服务未就绪"
    title_en = "Not ready"


def create_app(
    *,
    service: str,
    routers: Sequence[APIRouter],
    database: Database,
    verifier: TokenVerifier,
    max_body_bytes: int,
    state: Mapping[str, object],
) -> FastAPI:
    """Build one service's application around what :func:`bind` gives it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await app.state.database.open()
        yield
        await app.state.database.close()

    app = FastAPI(
        title=f"Tongzhou {service}",
        version="1",
        lifespan=lifespan,
        separate_input_output_schemas=False,
        redoc_url=None,
        # Edge makes the span and the metrics; the framework's would repeat them, query included.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    bind(app, service=service, database=database, verifier=verifier, state=state)
    for kind, handler in HANDLERS:
        app.add_exception_handler(kind, handler)
    for router in routers:
        app.include_router(router)
    app.include_router(_health(service))
    app.add_middleware(Edge, max_body_bytes=max_body_bytes)
    generate = app.openapi
    app.openapi = lambda: commands.declare(publish_problems(generate()), service)  # type: ignore[method-assign]  # FastAPI's way to extend the document
    return app


def bind(
    app: FastAPI,
    *,
    service: str,
    database: Database,
    verifier: TokenVerifier,
    state: Mapping[str, object],
) -> None:
    """Give an application what its routes find on ``app.state``, in place of all it had.

    Whoever ends the process sets ``app.state.stopping`` first, so that no request waits on;
    ``app.state.stalled`` tells whether a consumer in this process has stopped.
    """
    app.state = State(
        {
            "service": service,
            "database": database,
            "verifier": verifier,
            "stopping": asyncio.Event(),
            "stalled": _never,
            **state,
        }
    )


def _never() -> bool:
    return False


def _health(service: str) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    wanted = revision.head(service)

    @router.get("/livez")
    async def livez(request: Request) -> dict[str, str]:
        if request.app.state.stalled():
            raise ConsumerStalled("there are events to apply, and no attempt is made at them")
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz(request: Request) -> dict[str, str]:
        database: Database = request.app.state.database
        async with database.read(deadline_s=2) as work:
            exists = await work.fetchval("SELECT to_regclass($1)", revision.VERSION_TABLE)
            found = exists and await work.fetchval(
                f"SELECT version_num FROM {revision.VERSION_TABLE}"  # noqa: S608 - constant
            )
        # A newer one is no obstacle: a migration only adds while the release before it still runs.
        if not found or found < wanted:
            raise NotReady(f"schema revision is {found}, this release needs {wanted}")
        return {"status": "ready", "revision": found}

    @router.get("/metrics")
    async def exported() -> Response:
        body = prometheus_client.generate_latest()
        return Response(body, media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return router


METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
CLIENT_GONE = 499
"""Counted, never sent: the client went before its request was whole."""


class _ClientGone(Exception):
    """The connection ended within the body: what came is a part, and must not be carried out."""


class Edge:
    """Around every request: a span, a duration, and a bound on the body's size."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        """Wrap the application."""
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        started = time.perf_counter()
        status: int | None = None

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        # Any other is the caller's invention, and would be a metric of its own.
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        with span(method, kind=SpanKind.SERVER, traceparent=headers.get("traceparent")) as running:
            try:
                await self._serve(scope, headers, receive, counted)
            except _ClientGone:
                status = CLIENT_GONE
            except Exception as error:
                if status is not None:
                    # The answer has begun: the connection must break, or it would look whole.
                    status = 500
                    raise
                fail(running, error)
                # Here and not further out, so that log and answer carry the trace id.
                answer = await on_defect(Request(scope), error)
                await answer(scope, receive, counted)
            finally:
                # The path itself stays out: it holds what the caller made of it.
                route = getattr(scope.get("route"), "path", "unmatched")
                labels = {"route": route, "method": method, "status": status or 500}
                running.update_name(f"{method} {route}")
                running.set_attribute("http.response.status_code", status or 500)
                metrics.REQUEST_SECONDS.record(time.perf_counter() - started, labels)

    async def _serve(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        try:
            _refuse_nul(scope)
            bounded = await self._body(headers, receive)
        except DomainError as error:
            await respond(problem_of(error))(scope, receive, send)
        else:
            await self._app(scope, bounded, send)

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> Receive:
        """Read the body up to the bound and hand it on; refuse as soon as it is known too large."""
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self._max_body_bytes:
            raise self._too_large()
        if declared == "0" and "transfer-encoding" not in headers:
            return receive
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _ClientGone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._max_body_bytes:
                raise self._too_large()
            if not message.get("more_body"):
                break
        body = b"".join(parts)
        refuse_unusable_text(body)
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        return replay

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the body is larger than {self._max_body_bytes} bytes")


def _refuse_nul(scope: Scope) -> None:
    """Refuse a NUL in path or query: PostgreSQL keeps none, so nothing can be found by it."""
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        raise Malformed("a NUL character in the path or the query")
