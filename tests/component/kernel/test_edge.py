"""The web edge, tried through registry's consents: who may call, how often, and how large."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping

import httpx
import orjson
import pytest
from starlette.types import Message

from shared.events.registry import ConsentGranted
from shared.messaging.apply import Applier
from shared.web.paging import InvalidCursor, decode_cursor
from shared.web.problem import MEDIA_TYPE
from tests.component.registry.directory import register_institutions
from tests.conftest import ServiceFactory
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.service import ServiceUnderTest
from tests.support.tokens import TestIssuer
from tests.support.toy import note, toy_on
from tests.support.traces import TraceLog

pytestmark = pytest.mark.component

PATH = "/v1/consents"
READ = "registry.consents:read"
WRITE = "registry.consents:write"
GRANT = {
    "uscc": "91320706MA1N00018N",
    "grantee": "bank-haizhou",
    "purpose": "credit_assessment",
    "feeds": ["enterprise-qualifications"],
    "evidence_sha256": "a" * 64,
    "valid_from": "2026-03-01",
    "valid_to": "2027-03-01",
}


@pytest.fixture
async def registry(service_of: ServiceFactory) -> ServiceUnderTest:
    """The registry service, with two banks and a department in its directory."""
    made = await service_of("registry")
    await register_institutions(made)
    return made


def problem(answer: httpx.Response) -> dict[str, object]:
    """Check that an answer is a complete problem in both languages, and return it."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    body: dict[str, object] = answer.json()
    for name in ("title", "action"):
        words = body[name]
        assert isinstance(words, dict)
        assert words["zh"]
        assert words["en"]
    assert body["status"] == answer.status_code
    return body


class TestAuthentication:
    async def test_refuses_a_request_without_token(self, registry: ServiceUnderTest) -> None:
        answer = await registry.client.get(PATH)

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert problem(answer)["code"] == "unauthenticated"

    @pytest.mark.parametrize(
        "changes",
        [
            {"lifetime_s": -120},
            {"audience": "somebody-else"},
            {"issuer": "http://forger.test"},
            {"typ": "JWT"},
        ],
        ids=["expired", "other audience", "other issuer", "not an access token"],
    )
    async def test_refuses_a_token_that_is_not_for_it(
        self, registry: ServiceUnderTest, changes: dict[str, object]
    ) -> None:
        token = registry.issuer.token(org="bank-haizhou", scopes=[READ], **changes)  # type: ignore[arg-type]  # one keyword per case

        answer = await registry.client.get(PATH, headers={"Authorization": f"Bearer {token}"})

        assert answer.status_code == 401
        assert problem(answer)["code"] == "invalid-token"

    async def test_refuses_a_token_signed_by_another_key(
        self, registry: ServiceUnderTest, clock: ManualClock
    ) -> None:
        forged = TestIssuer(clock).token(org="bank-haizhou", scopes=[READ])

        answer = await registry.client.get(PATH, headers={"Authorization": f"Bearer {forged}"})

        assert answer.status_code == 401

    @pytest.mark.parametrize("token", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 9000])
    async def test_refuses_what_is_no_token(self, registry: ServiceUnderTest, token: str) -> None:
        answer = await registry.client.get(PATH, headers={"Authorization": f"Bearer {token}"})

        assert answer.status_code == 401

    async def test_stops_accepting_a_token_when_it_expires(
        self, registry: ServiceUnderTest, clock: ManualClock
    ) -> None:
        headers = registry.headers("bank-haizhou", READ)
        before = await registry.client.get(PATH, headers=headers)
        clock.advance(minutes=12)

        after = await registry.client.get(PATH, headers=headers)

        assert [before.status_code, after.status_code] == [200, 401]

    async def test_names_the_missing_scope(self, registry: ServiceUnderTest) -> None:
        answer = await registry.client.get(PATH, headers=registry.headers("bank-haizhou", WRITE))

        assert answer.status_code == 403
        assert READ in str(problem(answer)["detail"])


class TestIdempotency:
    async def test_needs_a_key(self, registry: ServiceUnderTest) -> None:
        headers = registry.headers("enterprise-portal", WRITE)
        del headers["Idempotency-Key"]

        answer = await registry.client.post(PATH, json={}, headers=headers)

        # The body is wrong too; the framework reports it in the same breath or the key first.
        assert answer.status_code in {400, 422}

    @pytest.mark.parametrize("key", ["", "x" * 256, "日期"])
    async def test_refuses_an_unusable_key(self, registry: ServiceUnderTest, key: str) -> None:
        headers = {**registry.headers("portal", WRITE), "Idempotency-Key": key}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]

        answer = await registry.client.post(f"{PATH}/{'0' * 32}/revoke", headers=encoded)

        assert answer.status_code == 400
        assert problem(answer)["code"] == "idempotency-key-missing"

    async def test_carries_out_concurrent_repeats_once(self, registry: ServiceUnderTest) -> None:
        headers = registry.headers("enterprise-portal", WRITE, key="once")

        answers = await asyncio.gather(
            *(registry.client.post(PATH, json=GRANT, headers=headers) for _ in range(20))
        )

        assert {answer.status_code for answer in answers} <= {201, 409}
        made = {answer.content for answer in answers if answer.status_code == 201}
        assert len(made) == 1
        assert (await registry.published_types()).count(ConsentGranted.TYPE) == 1


class TestLimits:
    async def test_refuses_a_body_of_ten_megabytes(self, registry: ServiceUnderTest) -> None:
        answer = await registry.client.post(
            PATH, content=b"x" * 10_000_000, headers=registry.headers("portal", WRITE)
        )

        assert answer.status_code == 413
        assert problem(answer)["code"] == "body-too-large"

    async def test_refuses_a_large_body_that_hides_its_length(
        self, registry: ServiceUnderTest
    ) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 100_000

        answer = await registry.client.post(
            PATH, content=chunks(), headers=registry.headers("portal", WRITE)
        )

        assert answer.status_code == 413

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe{}", b"NaN", b'{"a": 1e999}', b"[" * 500],
    )
    async def test_answers_a_body_that_is_no_request(
        self, registry: ServiceUnderTest, content: bytes
    ) -> None:
        headers = {**registry.headers("portal", WRITE), "Content-Type": "application/json"}

        answer = await registry.client.post(PATH, content=content, headers=headers)

        assert answer.status_code == 422
        assert problem(answer)["code"] == "malformed"

    async def test_answers_an_unknown_path_and_a_wrong_method(
        self, registry: ServiceUnderTest
    ) -> None:
        unknown = await registry.client.get("/v1/nothing")
        wrong = await registry.client.delete(PATH)

        assert problem(unknown)["code"] == "not-found"
        assert problem(wrong)["code"] == "method-not-allowed"

    @pytest.mark.parametrize("cursor", ["x", "WzFd", "W10", "é", "WyJub3QtYS11dWlkIl0"])
    async def test_refuses_a_cursor_that_it_did_not_give_out(
        self, registry: ServiceUnderTest, cursor: str
    ) -> None:
        answer = await registry.client.get(
            PATH, params={"after": cursor}, headers=registry.headers("bank-haizhou", READ)
        )

        assert answer.status_code == 422
        assert problem(answer)["code"] == "invalid-cursor"

    @pytest.mark.parametrize("path", [f"{PATH}?uscc=%00", "/v1/enterprises/a%00b"])
    async def test_refuses_a_nul_in_the_address(
        self, registry: ServiceUnderTest, path: str
    ) -> None:
        answer = await registry.client.get(path, headers=registry.headers("bank-haizhou", READ))

        assert answer.status_code == 422


class TestHealth:
    @pytest.mark.parametrize(("found", "status"), [("0000_older", 503), ("9999_newer", 200)])
    async def test_is_ready_at_the_revision_it_needs_or_a_newer_one(
        self, registry: ServiceUnderTest, found: str, status: int
    ) -> None:
        ready = await registry.client.get("/readyz")
        async with registry.database.transaction() as work:
            await work.execute("UPDATE schema_revision SET version_num = $1", found)
        other = await registry.client.get("/readyz")

        assert ready.status_code == 200
        assert other.status_code == status
        assert (status == 503) == ("retry-after" in other.headers)

    async def test_is_not_alive_once_its_consumer_has_stalled(
        self, registry: ServiceUnderTest
    ) -> None:
        registry.app.state.stalled = lambda: True

        answer = await registry.client.get("/livez")

        assert answer.status_code == 503
        assert problem(answer)["code"] == "consumer-stalled"

    async def test_is_alive_without_any_dependency(self, registry: ServiceUnderTest) -> None:
        await registry.database.close()

        alive = await registry.client.get("/livez")
        ready = await registry.client.get("/readyz")

        assert [alive.status_code, ready.status_code] == [200, 503]


class TestTelemetry:
    async def test_carries_the_callers_trace_into_the_event_and_its_consumer(
        self, registry: ServiceUnderTest, traces: TraceLog, databases: Databases
    ) -> None:
        trace_id = "0af7651916cd43dd8448eb211c80319c"
        headers = registry.headers("enterprise-portal", WRITE)
        headers["traceparent"] = f"00-{trace_id}-b7ad6b7169203331-01"

        await registry.client.post(PATH, json=GRANT, headers=headers)
        received = (await registry.published())[-1]
        async with toy_on(databases, registry.clock) as toy:
            applier = Applier(toy.database, "toy", {ConsentGranted: note})
            await applier.apply([registry.record_of(received)])

        assert received.traceparent is not None
        assert received.traceparent.split("-")[1] == trace_id
        names = {span.name for span in traces.spans_of(trace_id)}
        assert names >= {"POST /v1/consents", "process registry.consent.granted.v1"}

    async def test_exports_its_metrics(self, registry: ServiceUnderTest, traces: TraceLog) -> None:
        assert traces is not None
        await registry.client.get("/v1/nothing")

        answer = await registry.client.get("/metrics")

        assert "tongzhou_http_duration" in answer.text


class TestReads:
    async def test_hide_what_is_another_organisations(self, registry: ServiceUnderTest) -> None:
        answer = await registry.client.get(
            f"{PATH}/01890a5d-ac96-774b-bcce-b302099a8057",
            headers=registry.headers("bank-ganyu", READ),
        )

        assert answer.status_code == 404


class TestText:
    @pytest.mark.parametrize(
        ("sent", "field"),
        [
            (r'{"uscc": "a\u0000b"}', "/uscc"),
            (r'{"uscc": "\ud800"}', "/uscc"),
            (r'{"uscc": "\udfff tail"}', "/uscc"),
            (r'{"\ud800": 1}', "/?"),
            (r'{"feeds": ["enterprise", "\uD9ab"]}', "/feeds/1"),
        ],
        ids=["NUL", "high surrogate", "low surrogate", "a name", "within a list"],
    )
    async def test_that_nothing_can_keep_is_refused_by_field(
        self, registry: ServiceUnderTest, sent: str, field: str
    ) -> None:
        answer = await registry.client.post(
            PATH, content=sent, headers=registry.headers("platform", WRITE)
        )

        assert answer.status_code == 422
        body = problem(answer)
        assert body["code"] == "unusable-text"
        assert [found["field"] for found in body["violations"]] == [field]  # type: ignore[attr-defined]  # a list

    async def test_with_paired_surrogates_is_read(self, registry: ServiceUnderTest) -> None:
        sent = r'{"uscc": "\ud83d\ude00", "evidence": "\\ud800"}'

        answer = await registry.client.post(
            PATH, content=sent, headers=registry.headers("platform", WRITE)
        )

        assert problem(answer)["code"] == "malformed"

    @pytest.mark.parametrize("position", [["a\x00"], [2**63], [-(2**63)]])
    def test_in_a_cursor_is_refused_where_no_column_holds_it(self, position: list[object]) -> None:
        forged = base64.urlsafe_b64encode(orjson.dumps(position)).decode()
        kind = type(position[0])

        with pytest.raises(InvalidCursor):
            decode_cursor(forged, kind)  # type: ignore[arg-type]  # str or int


class TestCutOffBody:
    @pytest.mark.parametrize(
        "framing", [{"content-length": "500"}, {"transfer-encoding": "chunked"}], ids=str
    )
    async def test_is_not_carried_out(
        self, registry: ServiceUnderTest, framing: dict[str, str]
    ) -> None:
        whole = orjson.dumps(GRANT)
        headers = registry.headers("enterprise-portal", WRITE) | framing
        messages: list[Message] = [
            {"type": "http.request", "body": whole, "more_body": True},
            {"type": "http.disconnect"},
        ]
        sent: list[Message] = []

        async def receive() -> Message:
            return messages.pop(0)

        async def send(message: Message) -> None:
            sent.append(message)

        await registry.app(_post(headers), receive, send)

        assert sent == []
        assert "registry.consent.granted.v1" not in await registry.published_types()


def _post(headers: Mapping[str, str]) -> dict[str, object]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        "server": ("test", 80),
        "client": ("test", 1),
    }
