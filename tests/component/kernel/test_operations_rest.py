"""A service's own operation over REST: who may ask, who may approve, and what each is shown."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from shared.db.bound import OutboxBound, OutboxFull
from shared.events.credit import EnrolmentDeadlineReached
from shared.events.envelope import Event
from shared.events.registry import EnterpriseRegistered
from shared.messaging import process
from shared.messaging.measure import measure_once
from shared.operations.operator import IDEMPOTENCY_KEPT, Operator
from tests.component.credit.bank import CONTRACT, USCC, requested, send
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.city import an_institution
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

READ = "credit.operations:read"
ASK = "credit.operations:write"
APPROVE = "credit.operations:approve"


@pytest.fixture
async def credit(service_of: ServiceFactory) -> ServiceUnderTest:
    """Credit that has heard of a bank and a guarantor."""
    made = await service_of("credit")
    await made.deliver(an_institution("bank-haizhou", "bank"))
    await made.deliver(an_institution("guarantor-ges", "guarantor"))
    return made


async def as_operator(
    credit: ServiceUnderTest,
    path: str,
    body: object = None,
    *,
    scopes: Sequence[str] = (READ, ASK, APPROVE),
    sub: str = "one",
) -> httpx.Response:
    """Ask as a person of the operator."""
    headers = credit.headers("operator", *scopes, sub=sub)
    if body is None:
        return await credit.client.get(f"/v1/operations{path}", headers=headers)
    return await credit.client.post(f"/v1/operations{path}", json=body, headers=headers)


async def lose_the_first(credit: ServiceUnderTest) -> dict[str, str]:
    """Deliver a directory entry's second version alone; return how its key is selected."""
    event = an_institution("bank-ganyu", "bank")
    await credit.deliver_record(credit.record(event, sequence=2))
    return {"topic": event.topic(), "key": event.key}


class TestParked:
    async def test_is_listed_with_its_reason_page_by_page(self, credit: ServiceUnderTest) -> None:
        await lose_the_first(credit)
        event = an_institution("bank-donghai", "bank")
        await credit.deliver_record(credit.record(event, sequence=2))

        first = (await as_operator(credit, "/parked?limit=1")).json()
        second = (await as_operator(credit, f"/parked?limit=1&after={first['next']}")).json()

        keys = [page["items"][0]["key"] for page in (first, second)]
        assert keys == ["bank-donghai", "bank-ganyu"]
        assert second["next"] is None
        shown = second["items"][0]
        assert (shown["reason"], shown["waiting"]) == ("sequence-gap", 1)
        assert shown["event_type"] == event.TYPE
        assert "expected 1, got 2" in shown["error"]

    async def test_is_shown_to_nobody_without_the_scope(self, credit: ServiceUnderTest) -> None:
        for scopes in ((), ("credit.loans:read",), ("registry.operations:read",)):
            answer = await as_operator(credit, "/parked", scopes=scopes)
            assert_refused(answer, 403, "missing-scope")


class TestRedrive:
    async def test_is_asked_for_by_one_and_approved_by_another(
        self, credit: ServiceUnderTest
    ) -> None:
        selected = await lose_the_first(credit)
        asked = await as_operator(credit, "/redrives", {**selected, "reason": "sent again"})
        operation: dict[str, Any] = asked.json()
        decision = f"/{operation['id']}/decision"

        alone = await as_operator(credit, decision, {"approve": True})
        unfit = await as_operator(credit, decision, {"approve": True}, scopes=(ASK,), sub="two")
        approved = await as_operator(credit, decision, {"approve": True}, sub="two")
        again = await as_operator(credit, decision, {"approve": True}, sub="three")

        assert asked.status_code == 201
        assert asked.headers["location"] == f"/v1/operations/{operation['id']}"
        assert operation["state"] == "requested"
        assert operation["preview"]["tried"][0]["held_for"] == "sequence-gap"
        assert_refused(alone, 409, "operation-four-eyes")
        assert_refused(unfit, 403, "missing-scope")
        assert approved.json()["state"] == "approved"
        assert approved.json()["decided_by"] == "operator/two"
        assert_refused(again, 409, "operation-decided")

        operator: Operator = credit.app.state.operator
        await operator.carry_out_approved()
        shown = (await as_operator(credit, f"/{operation['id']}")).json()
        listed = (await as_operator(credit, "")).json()
        assert (shown["state"], shown["result"]) == ("done", {"keys": 1, "parked": 1})
        assert [entry["id"] for entry in listed["items"]] == [operation["id"]]

    async def test_needs_one_way_to_say_which(self, credit: ServiceUnderTest) -> None:
        for body in ({}, {"topic": "t"}, {"topic": "t", "key": "k", "fingerprint": "f"}):
            answer = await as_operator(credit, "/redrives/preview", body)
            assert_refused(answer, 422, "malformed")
        nothing = await as_operator(credit, "/redrives/preview", {"fingerprint": "f"})
        assert_refused(nothing, 422, "nothing-parked")


class TestRebuild:
    async def test_of_an_undeclared_read_model_is_refused_with_those_there_are(
        self, credit: ServiceUnderTest
    ) -> None:
        answer = await as_operator(credit, "/rebuilds", {"read_model": "x", "reason": "y"})

        assert_refused(answer, 422, "read-model-unknown")
        assert "known" in answer.json()["violations"][0]["en"]


class TestOutbox:
    async def test_is_shown_and_bounds_what_is_written(self, credit: ServiceUnderTest) -> None:
        await credit.deliver(*_firm())
        credit.database.bound = OutboxBound(limit_rows=2, alarm_rows=1)
        first = await send(credit, "/v1/loans", CONTRACT)
        await measure_once(credit.database)
        second = await send(credit, "/v1/loans", {**CONTRACT, "bank_reference": "HZ-2"})

        refused = await send(credit, "/v1/loans", {**CONTRACT, "bank_reference": "HZ-3"})
        shown = (await as_operator(credit, "/outbox")).json()

        assert (first.status_code, second.status_code) == (201, 201)
        assert_refused(refused, 503, "outbox-full")
        assert int(refused.headers["retry-after"]) > 0
        assert (shown["depth"], shown["limit"], shown["shards_held"]) == (2, 2, 0)
        assert shown["topics"] == {"tongzhou.credit.loan.v1": 2}
        assert credit.database.bound.alarming

    async def test_refuses_a_consumer_too_and_lets_it_go_on_once_there_is_room(
        self, credit: ServiceUnderTest
    ) -> None:
        await credit.deliver(*_firm())
        loan_id = await requested(credit)
        timer = EnrolmentDeadlineReached.model_validate({"loan_id": loan_id})
        record = credit.record(timer, sequence=None)
        credit.clock.advance(days=6)
        credit.database.bound = OutboxBound(limit_rows=1)
        await measure_once(credit.database)

        with pytest.raises(OutboxFull):
            await credit.deliver_record(record)
        credit.database.bound.counted(0)

        assert await credit.deliver_record(record) == "applied"


class TestProcesses:
    async def test_that_are_late_are_reminded_a_bounded_number_of_times(
        self, credit: ServiceUnderTest
    ) -> None:
        await credit.deliver(*_firm())
        await requested(credit)
        operator: Operator = credit.app.state.operator
        await operator.remind()
        assert await _timers(credit) == 1
        credit.clock.advance(days=6)

        for _ in range(process.REMINDERS + 2):
            await operator.remind()
            credit.clock.advance(hours=1)

        assert await _timers(credit) == 1 + process.REMINDERS
        async with credit.database.read() as work:
            lateness = await process.lateness(work)
        assert (lateness.late, lateness.stuck) == (1, 1)
        assert lateness.oldest_s > 24 * 3600

    async def test_are_listed_and_resumed_by_whoever_may(self, credit: ServiceUnderTest) -> None:
        await credit.deliver(*_firm())
        loan_id = await requested(credit)
        none = (await as_operator(credit, "/processes?late=true")).json()
        credit.clock.advance(days=6)

        late = (await as_operator(credit, "/processes?late=true")).json()
        path = f"/processes/guaranteed_loan/{loan_id}/resumption"
        resumed = await as_operator(credit, path, {"reason": "the timer was parked"})

        assert none["items"] == []
        assert [entry["id"] for entry in late["items"]] == [loan_id]
        assert (resumed.status_code, resumed.json()["state"]) == (200, "done")
        assert await _timers(credit) == 2
        assert (await credit.published_types())[-1] == "credit.operation.executed.v1"

    async def test_that_do_not_exist_are_not_resumed(self, credit: ServiceUnderTest) -> None:
        path = "/processes/guaranteed_loan/nothing/resumption"
        answer = await as_operator(credit, path, {"reason": "x"})
        assert_refused(answer, 404, "process-unknown")


class TestRetention:
    async def test_forgets_old_answers_and_keeps_young_ones(self, credit: ServiceUnderTest) -> None:
        await credit.deliver(*_firm())
        await send(credit, "/v1/loans", CONTRACT)
        credit.clock.instant += IDEMPOTENCY_KEPT
        await send(credit, "/v1/loans", {**CONTRACT, "bank_reference": "HZ-2"})
        credit.clock.advance(seconds=1)

        operator: Operator = credit.app.state.operator
        await operator.purge()

        async with credit.database.read() as work:
            assert await work.fetchval("SELECT count(*) FROM idempotency") == 1


def _firm() -> list[Event]:
    return [EnterpriseRegistered.example().model_copy(update={"uscc": USCC})]


async def _timers(credit: ServiceUnderTest) -> int:
    async with credit.database.read() as work:
        count: int = await work.fetchval("SELECT count(*) FROM outbox_scheduled")
    return count
