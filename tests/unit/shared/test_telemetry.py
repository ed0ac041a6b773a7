"""What leaves the process about a request: one span without its content, and one sample."""

from collections.abc import AsyncIterator, Iterator

import httpx
import prometheus_client
import pytest
from fastapi import APIRouter
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode
from starlette.responses import StreamingResponse

from shared.db.database import Database
from shared.telemetry import span
from shared.web.app import create_app
from tests.support.clocks import ManualClock
from tests.support.tokens import TestIssuer
from tests.support.traces import TraceLog

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}
NAME, MOBILE = "张三", "13800138000"


def _routes() -> APIRouter:
    router = APIRouter()

    @router.get("/fine/{uscc}")
    async def fine(uscc: str) -> dict[str, str]:
        return {"uscc": uscc}

    @router.get("/defect/{number}")
    async def defect(number: str) -> None:
        raise RuntimeError(f"defect for {NAME} {number}")

    @router.get("/broken")
    async def broken() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"the first half"
            raise RuntimeError(f"defect for {NAME}")

        return StreamingResponse(parts())

    return router


@pytest.fixture
def spans(traces: TraceLog) -> Iterator[TraceLog]:
    """The spans of one test."""
    traces.provider.force_flush()
    traces.exporter.clear()
    yield traces
    traces.exporter.clear()


@pytest.fixture
async def client(clock: ManualClock, spans: TraceLog) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that needs no database."""
    app = create_app(
        service="registry",
        routers=[_routes()],
        database=Database("postgresql://nowhere.invalid/none", read_clock=clock),
        verifier=TestIssuer(clock).verifier(),
        max_body_bytes=1000,
        state={},
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def _shown(ended: ReadableSpan) -> str:
    """Everything of a span that an exporter sends."""
    return str(ended.to_json())


def _library_call() -> None:
    tracer = trace.get_tracer("some.library")
    with tracer.start_as_current_span(f"call {MOBILE}") as running:
        running.set_attributes(
            {
                "url.query": f"name={NAME}",
                "password": "hunter2",
                "peer": f"tel {MOBILE}",
                "messaging.kafka.offset": 13_800_138_000,
            }
        )
        raise ValueError(f"refused {NAME}")


def _samples(metric: str, **labels: str) -> float:
    """Read one sample of this process's metrics; 0 when there is none."""
    found = [
        sample.value
        for family in prometheus_client.REGISTRY.collect()
        for sample in family.samples
        if sample.name == metric and labels.items() <= sample.labels.items()
    ]
    return sum(found)


class TestSpan:
    async def test_of_a_request_is_one_and_says_nothing_of_its_query(
        self, client: httpx.AsyncClient, spans: TraceLog
    ) -> None:
        await client.get("/fine/ABC", params={"q": NAME}, headers=HEADERS)

        (ended,) = spans.spans_of(TRACE_ID)
        assert (ended.name, ended.kind) == ("GET /fine/{uscc}", SpanKind.SERVER)
        assert dict(ended.attributes or {}) == {"http.response.status_code": 200}

    async def test_of_a_defect_names_the_route_and_the_type_only(
        self, client: httpx.AsyncClient, spans: TraceLog
    ) -> None:
        answer = await client.get(f"/defect/{MOBILE}", headers=HEADERS)

        (ended,) = spans.spans_of(TRACE_ID)
        assert ended.name == "GET /defect/{number}"
        assert ended.status.status_code is StatusCode.ERROR
        assert [dict(event.attributes or {}) for event in ended.events] == [
            {"exception.type": "builtins.RuntimeError"}
        ]
        assert MOBILE not in _shown(ended)
        assert NAME not in _shown(ended).encode().decode("unicode_escape")
        assert answer.json()["trace_id"] == TRACE_ID

    async def test_of_an_unknown_path_does_not_repeat_it(
        self, client: httpx.AsyncClient, spans: TraceLog
    ) -> None:
        await client.request("BREW", f"/{MOBILE}", headers=HEADERS)

        (ended,) = spans.spans_of(TRACE_ID)
        assert ended.name == "_OTHER unmatched"
        assert MOBILE not in _shown(ended)

    def test_of_any_library_is_redacted_on_its_way_out(self, spans: TraceLog) -> None:
        with pytest.raises(ValueError, match="refused"):
            _library_call()

        spans.provider.force_flush()
        (ended,) = spans.exporter.get_finished_spans()
        assert ended.name == "call [redacted]"
        assert dict(ended.attributes or {}) == {
            "password": "[redacted]",
            "peer": "tel [redacted]",
            "messaging.kafka.offset": 13_800_138_000,
        }
        (event,) = ended.events
        assert dict(event.attributes or {}).keys() == {"exception.type", "exception.escaped"}
        assert ended.status.description is None

    def test_of_our_own_keeps_parent_links_and_times(self, spans: TraceLog) -> None:
        with span("work", traceparent=HEADERS["traceparent"], links=(HEADERS["traceparent"],)):
            pass

        (ended,) = spans.spans_of(TRACE_ID)
        assert ended.parent is not None
        assert len(ended.links) == 1
        assert ended.start_time is not None
        assert ended.end_time is not None
        assert ended.end_time >= ended.start_time


class TestRequestMetrics:
    async def test_count_a_defect_as_500(self, client: httpx.AsyncClient) -> None:
        labels = {"route": "/defect/{number}", "method": "GET", "status": "500"}
        before = _samples("tongzhou_http_duration_seconds_count", **labels)

        answer = await client.get("/defect/1")

        assert answer.status_code == 500
        assert _samples("tongzhou_http_duration_seconds_count", **labels) == before + 1

    async def test_count_an_answer_that_broke_off_as_500(self, client: httpx.AsyncClient) -> None:
        labels = {"route": "/broken", "status": "500"}
        before = _samples("tongzhou_http_duration_seconds_count", **labels)

        await client.get("/broken")

        assert _samples("tongzhou_http_duration_seconds_count", **labels) == before + 1

    async def test_time_a_defect_too(self, client: httpx.AsyncClient) -> None:
        labels = {"route": "/defect/{number}"}
        before = _samples("tongzhou_http_duration_seconds_count", **labels)

        await client.get("/defect/1")

        assert _samples("tongzhou_http_duration_seconds_count", **labels) == before + 1

    async def test_keep_no_method_that_a_caller_made_up(self, client: httpx.AsyncClient) -> None:
        await client.request("BREW", "/fine/1")

        assert _samples("tongzhou_http_duration_seconds_count", method="BREW") == 0
        assert _samples("tongzhou_http_duration_seconds_count", method="_OTHER") >= 1

    async def test_tell_milliseconds_from_seconds(self, client: httpx.AsyncClient) -> None:
        await client.get("/fine/1")

        bounds = {
            float(sample.labels["le"])
            for family in prometheus_client.REGISTRY.collect()
            for sample in family.samples
            if sample.name == "tongzhou_http_duration_seconds_bucket"
        }
        assert len([bound for bound in bounds if bound < 1]) >= 5
        assert 1.0 in bounds
        assert len([bound for bound in bounds if 1 < bound < 30]) >= 2
