"""The timeline of a case: every service's events that name each other's ids, and no content."""

from uuid import UUID

import pytest

from services.notify.cases import rules
from shared.events.credit import DemandSubmitted, LoanDisbursed
from shared.events.envelope import Cause, Received
from shared.events.guarantee import ClaimFiled, ClaimSettled, LetterIssued
from shared.events.insurance import PolicyBound
from shared.ids import new_id
from tests.support.bad_input import assert_refused
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

LOAN, OTHER_LOAN = UUID(int=11), UUID(int=12)
GUARANTEE, CLAIM = UUID(int=21), UUID(int=31)
SCOPE = "notify.cases:read"


async def live_through(notify: ServiceUnderTest) -> None:
    """Deliver a guaranteed loan from its drawdown to its settled claim, and another loan's."""
    of_loan = {"loan_id": LOAN, "guarantee_id": GUARANTEE}
    of_claim = {**of_loan, "claim_id": CLAIM}
    for event in (
        LetterIssued.example().model_copy(update=of_loan),
        LoanDisbursed.example().model_copy(update={"loan_id": LOAN}),
        LoanDisbursed.example().model_copy(update={"loan_id": OTHER_LOAN}),
        ClaimFiled.example().model_copy(update=of_claim),
        ClaimSettled.example().model_copy(update=of_claim),
    ):
        notify.clock.advance(minutes=1)
        assert await notify.deliver(event) == ["applied"]


async def timeline(notify: ServiceUnderTest, case_id: UUID) -> list[tuple[str, int | None]]:
    """Read a timeline as types and versions."""
    headers = notify.headers("operator", SCOPE)
    answer = await notify.client.get(f"/v1/cases/{case_id}/timeline", headers=headers)
    assert answer.status_code == 200, answer.text
    return [(event["type"], event["version"]) for event in answer.json()["events"]]


class TestTimeline:
    @pytest.mark.parametrize("case_id", [LOAN, GUARANTEE, CLAIM], ids=["loan", "letter", "claim"])
    async def test_is_the_whole_case_from_any_of_its_ids(
        self, notify: ServiceUnderTest, case_id: UUID
    ) -> None:
        await live_through(notify)

        assert await timeline(notify, case_id) == [
            ("guarantee.guarantee.letter_issued.v1", 1),
            ("credit.loan.disbursed.v1", 1),
            ("guarantee.claim.filed.v1", 1),
            ("guarantee.claim.settled.v1", 2),
        ]

    async def test_names_ids_trace_and_cause_and_nothing_of_the_content(
        self, notify: ServiceUnderTest
    ) -> None:
        event = LoanDisbursed.example().model_copy(update={"loan_id": LOAN})
        cause = Cause(correlation=new_id(), causation=new_id())
        received = Received(
            data=event,
            id=new_id(),
            subject=event.subject,
            key=event.key,
            sequence=1,
            recorded_at=notify.clock(),
            cause=cause,
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        await notify.deliver_record(notify.record_of(received))

        headers = notify.headers("operator", SCOPE)
        body = (await notify.client.get(f"/v1/cases/{LOAN}/timeline", headers=headers)).json()

        [shown] = body["events"]
        assert shown == {
            "event_id": str(received.id),
            "type": event.TYPE,
            "topic": event.topic(),
            "subject": str(LOAN),
            "version": 1,
            "correlation": str(cause.correlation),
            "causation": str(cause.causation),
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "recorded_at": "2026-03-02T01:00:00Z",
            "arrived_at": "2026-03-02T01:00:00Z",
        }
        assert (body["ids"], body["truncated"]) == ([str(LOAN)], False)

    async def test_is_for_those_who_answer_for_the_platform(self, notify: ServiceUnderTest) -> None:
        await live_through(notify)
        path = f"/v1/cases/{LOAN}/timeline"

        bank = await notify.client.get(path, headers=notify.headers("bank-haizhou"))
        unknown = await notify.client.get(
            f"/v1/cases/{UUID(int=99)}/timeline", headers=notify.headers("operator", SCOPE)
        )

        assert_refused(bank, 403, "missing-scope")
        assert_refused(unknown, 404, "case-unknown")


class TestIds:
    def test_link_what_belongs_to_one_case_alone(self) -> None:
        policy, demand = PolicyBound.example(), DemandSubmitted.example()

        assert rules.ids_of(policy) == (str(policy.policy_id),)
        assert rules.ids_of(demand) == (str(demand.demand_id),)

    def test_are_named_by_every_type_that_a_timeline_keeps(self) -> None:
        for event in rules.case_types():
            assert rules.ids_of(event.example())
