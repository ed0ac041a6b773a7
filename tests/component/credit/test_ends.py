"""How a loan ends without a claim: repaid in full, or withdrawn before its drawdown."""

from uuid import UUID

import pytest

from shared.events.guarantee import ClaimSettled, GuaranteeReleased
from shared.messaging.apply import Outcome
from tests.component.credit.bank import (
    CONTRACT,
    GUARANTEE,
    drawn,
    letter,
    loan_of,
    requested,
    send,
)
from tests.support.bad_input import assert_refused
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component


async def step_of(credit: ServiceUnderTest, loan_id: str) -> tuple[str, bool]:
    """Where the loan's process stands, and whether it has ended."""
    async with credit.database.read() as work:
        row = await work.fetchrow("SELECT state, ended FROM process WHERE id = $1", loan_id)
    assert row is not None
    return row["state"]["step"], row["ended"]


class TestSettlement:
    async def test_ends_the_loan_and_its_process(self, credit: ServiceUnderTest) -> None:
        loan_id = await drawn(credit)
        path = f"/v1/loans/{loan_id}/settlement"

        early = await send(credit, path, {"settled_on": "2026-03-01"}, version=4)
        settled = await send(credit, path, {"settled_on": "2026-03-02"}, version=4)
        again = await send(credit, path, {"settled_on": "2026-03-02"}, version=5)

        assert_refused(early, 409, "loan-date-invalid", field="/settled_on")
        assert_refused(again, 409, "loan-state")
        loan = settled.json()
        assert (loan["state"], loan["principal_outstanding_fen"]) == ("settled", 0)
        assert await step_of(credit, loan_id) == ("repaid", True)
        assert (await credit.published_types())[-1] == "credit.loan.settled.v1"

    async def test_is_not_undone_by_a_claim_that_is_settled_late(
        self, credit: ServiceUnderTest
    ) -> None:
        loan_id = await drawn(credit)
        path = f"/v1/loans/{loan_id}/settlement"
        await send(credit, path, {"settled_on": "2026-03-02"}, version=4)

        paid = ClaimSettled.example().model_copy(update={"loan_id": UUID(loan_id)})

        assert await credit.deliver(paid) == [Outcome.APPLIED]
        assert (await loan_of(credit, loan_id))["state"] == "settled"

    async def test_needs_no_process(self, credit: ServiceUnderTest) -> None:
        made = (await send(credit, "/v1/loans", CONTRACT)).json()
        path = f"/v1/loans/{made['loan_id']}"
        await send(credit, f"{path}/drawdown", {"disbursed_on": "2026-03-02"}, version=1)

        settled = await send(credit, f"{path}/settlement", {"settled_on": "2026-03-02"}, version=2)

        assert settled.json()["state"] == "settled"


class TestWithdrawal:
    @pytest.mark.parametrize("enrolled", [False, True])
    async def test_ends_a_loan_that_is_not_drawn_and_its_process(
        self, credit: ServiceUnderTest, *, enrolled: bool
    ) -> None:
        loan_id = await requested(credit)
        if enrolled:
            await credit.deliver(letter(loan_id))
        version = 3 if enrolled else 2

        path, body = f"/v1/loans/{loan_id}/withdrawal", {"withdrawn_on": "2026-03-02"}
        withdrawn = await send(credit, path, body, version=version)

        assert withdrawn.json()["state"] == "withdrawn"
        assert await step_of(credit, loan_id) == ("withdrawn", True)
        assert (await credit.published_types())[-1] == "credit.loan.withdrawn.v1"

    async def test_outruns_the_letter(self, credit: ServiceUnderTest) -> None:
        loan_id = await requested(credit)
        path, body = f"/v1/loans/{loan_id}/withdrawal", {"withdrawn_on": "2026-03-02"}
        await send(credit, path, body, version=2)

        assert await credit.deliver(letter(loan_id)) == [Outcome.APPLIED]
        assert (await loan_of(credit, loan_id))["state"] == "withdrawn"

    async def test_comes_too_late_for_a_drawn_loan(self, credit: ServiceUnderTest) -> None:
        loan_id = await drawn(credit)

        path, body = f"/v1/loans/{loan_id}/withdrawal", {"withdrawn_on": "2026-03-02"}
        answer = await send(credit, path, body, version=4)

        assert_refused(answer, 409, "loan-state")


class TestRelease:
    async def test_of_the_guarantee_ends_the_process_and_leaves_the_loan(
        self, credit: ServiceUnderTest
    ) -> None:
        loan_id = await drawn(credit)
        released = GuaranteeReleased.example().model_copy(
            update={"loan_id": UUID(loan_id), "guarantee_id": GUARANTEE, "reason": "expired"}
        )
        await credit.deliver(released)

        assert await step_of(credit, loan_id) == ("released", True)
        assert (await loan_of(credit, loan_id))["state"] == "drawn"
