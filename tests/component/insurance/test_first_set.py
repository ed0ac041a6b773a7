"""A first-set machine from its recognition to the paid subsidy, over REST, on a real database."""

from datetime import date

import pytest

from shared.events.insurance import SubsidyApproved, SubsidyRejected
from tests.component.insurance import market
from tests.component.insurance.market import (
    LEAD,
    PACK,
    PAYMENT,
    POLICY,
    PREMIUM_FEN,
    SECOND,
    SHARES,
    THIRD,
    read,
    send,
    taken,
)
from tests.conftest import ServiceFactory
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component


@pytest.fixture
async def insurance(service_of: ServiceFactory) -> ServiceUnderTest:
    """Insurance that has heard of the market."""
    made = await service_of("insurance")
    await market.open_market(made)
    return made


class TestFirstSetMachine:
    async def test_is_recognised_insured_paid_and_subsidised(
        self, insurance: ServiceUnderTest
    ) -> None:
        qualification_id = await market.qualified(insurance)
        body = {**POLICY, "qualification_id": qualification_id}
        bound = await send(insurance, "/v1/policies", body, org=LEAD)
        policy = f"/v1/policies/{taken(bound)['policy_id']}"
        premium = await send(insurance, f"{policy}/premium-payments", PAYMENT, org=LEAD, version=1)
        filing = {"policy_id": bound.json()["policy_id"], "rule_pack": PACK}
        filed = await send(insurance, "/v1/subsidies", filing, org="portal")
        subsidy = f"/v1/subsidies/{taken(filed)['subsidy_id']}"
        decided = await send(insurance, f"{subsidy}/decision", {}, org="dept-cz", version=1)
        payment = {"paid_on": "2026-03-02"}
        paid = await send(insurance, f"{subsidy}/payment", payment, org="dept-cz", version=2)

        assert bound.headers["location"] == policy
        assert [part["premium_fen"] for part in bound.json()["co_insurers"]] == [
            56_000_000,
            33_600_000,
            22_400_000,
        ]
        assert taken(premium)["state"] == "premium_paid"
        assert taken(decided)["state"] == "approved"
        assert taken(paid) == {**decided.json(), "state": "paid", "version": 3, **payment}
        assert (paid.json()["subsidy_fen"], paid.headers["etag"]) == (70_000_000, '"3"')

    async def test_publishes_each_fact_once_in_unbroken_sequences(
        self, insurance: ServiceUnderTest
    ) -> None:
        subsidy_id = await market.approved(insurance)
        path = f"/v1/subsidies/{subsidy_id}/payment"
        taken(await send(insurance, path, {"paid_on": "2026-03-02"}, org="dept-cz", version=2))

        published = await insurance.published()

        assert [received.data.TYPE for received in published] == [
            "insurance.qualification.confirmed.v1",
            "insurance.policy.bound.v1",
            "insurance.policy.premium_paid.v1",
            "insurance.subsidy.filed.v1",
            "insurance.subsidy.approved.v1",
            "insurance.subsidy.paid.v1",
        ]
        by_subject: dict[str, list[int]] = {}
        for received in published:
            by_subject.setdefault(received.subject, []).append(received.sequence or 0)
        assert list(by_subject.values()) == [[1], [1, 2], [1, 2, 3]]

    async def test_keeps_inputs_figures_trace_and_pack_with_the_decision(
        self, insurance: ServiceUnderTest
    ) -> None:
        subsidy_id = await market.approved(insurance)

        view = (await read(insurance, f"/v1/subsidies/{subsidy_id}", org="portal")).json()

        decision = view["decision"]
        assert decision["facts"] == {
            "premium_paid_fen": PREMIUM_FEN,
            "quota_fen": 70_000_000,
            "qualified_before_application": True,
        }
        assert (decision["premium_fen"], decision["subsidy_base_fen"]) == (PREMIUM_FEN, PREMIUM_FEN)
        assert decision["subsidy_fen"] == view["subsidy_fen"] == 70_000_000
        assert [step["step"] for step in decision["trace"]] == [
            "gross",
            "eligibility",
            "base",
            "quota",
            "subsidy",
        ]
        event = (await insurance.published())[-1].data
        assert isinstance(event, SubsidyApproved)
        assert event.rule_pack_id == decision["rule_pack"]["id"] == PACK
        assert f"sha256:{event.rule_pack_digest}" == decision["rule_pack"]["digest"]
        assert event.approved_by == "dept-cz"

    @pytest.mark.parametrize(
        ("quota_fen", "subsidy_fen"),
        [(70_000_000, 70_000_000), (89_600_000, 89_600_000), (89_600_001, 89_600_000)],
    )
    async def test_gets_the_lower_of_quota_and_80_percent(
        self, insurance: ServiceUnderTest, quota_fen: int, subsidy_fen: int
    ) -> None:
        subsidy_id = await market.filed(insurance, quota_fen=quota_fen)

        path = f"/v1/subsidies/{subsidy_id}/decision"
        decided = await send(insurance, path, {}, org="dept-cz", version=1)

        assert taken(decided)["subsidy_fen"] == subsidy_fen

    async def test_is_rejected_with_a_reason_where_the_quota_is_nothing(
        self, insurance: ServiceUnderTest
    ) -> None:
        subsidy_id = await market.filed(insurance, quota_fen=0)

        path = f"/v1/subsidies/{subsidy_id}/decision"
        decided = await send(insurance, path, {}, org="dept-cz", version=1)

        assert (taken(decided)["state"], decided.json()["subsidy_fen"]) == ("rejected", 0)
        event = (await insurance.published())[-1].data
        assert isinstance(event, SubsidyRejected)
        assert event.reason.endswith("subsidy 0.00")

    async def test_shows_the_qualification_as_it_was_confirmed(
        self, insurance: ServiceUnderTest
    ) -> None:
        qualification_id = await market.qualified(insurance)

        view = await read(insurance, f"/v1/qualifications/{qualification_id}", org="dept-gx")

        assert view.json() == {
            **market.PRODUCT,
            "qualification_id": qualification_id,
            "confirmed_by": "dept-gx",
            "version": 1,
        }

    async def test_takes_a_premium_paid_on_an_earlier_day_than_it_is_recorded(
        self, insurance: ServiceUnderTest
    ) -> None:
        policy_id = await market.bound(insurance)
        insurance.clock.advance(days=9)

        path = f"/v1/policies/{policy_id}/premium-payments"
        body = {**PAYMENT, "paid_on": "2026-03-10"}
        taken(await send(insurance, path, body, org=LEAD, version=1))

        view = await read(insurance, f"/v1/policies/{policy_id}", org=LEAD)
        assert view.json()["paid_on"] == str(date(2026, 3, 10))


class TestReadingAPolicy:
    async def test_is_open_to_its_insurers_and_to_nobody_else(
        self, insurance: ServiceUnderTest
    ) -> None:
        body = {**POLICY, "qualification_id": await market.qualified(insurance)}
        shares = [{**SHARES[0], "share_ppm": 700_000}, SHARES[1]]
        made = await send(insurance, "/v1/policies", {**body, "co_insurers": shares}, org=LEAD)
        path = f"/v1/policies/{taken(made)['policy_id']}"

        statuses = {
            org: (await read(insurance, path, org=org)).status_code for org in (LEAD, SECOND, THIRD)
        }
        reader = ("insurance.policies:read", "insurance.policies:read-all")
        auditor = await read(insurance, path, org="auditor", scopes=reader)

        assert statuses == {LEAD: 200, SECOND: 200, THIRD: 404}
        assert auditor.json() == made.json()


class TestReadingASubsidy:
    async def test_is_open_to_the_policys_insurers_and_those_who_decide(
        self, insurance: ServiceUnderTest
    ) -> None:
        path = f"/v1/subsidies/{await market.filed(insurance)}"

        statuses = {
            org: (await read(insurance, path, org=org)).status_code
            for org in (LEAD, THIRD, "dept-cz", "portal", "insurer-elsewhere")
        }

        assert statuses == {
            LEAD: 200,
            THIRD: 200,
            "dept-cz": 200,
            "portal": 200,
            "insurer-elsewhere": 404,
        }
