"""Recoveries: what comes back is shared by borne loss, and never exceeds it."""

from typing import Any

import pytest

from shared.events.guarantee import RecoveryAllocated
from shared.events.guarantee_fund import FundCredited
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.claims import Claims, amounts
from tests.support.clocks import ManualClock
from tests.support.guarantees import BANK, GUARANTOR, NFGF, a_scheme

pytestmark = pytest.mark.component

BORNE_FEN = 333_333_333


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    """Claims in a scheme whose year is opened."""
    scheme = await a_scheme(await service_of("guarantee"))
    await scheme.opening("nfgf-scitech", 20_000_000_000)
    return Claims(scheme)


class TestRecovery:
    async def test_pays_costs_first_and_shares_the_rest_by_borne_loss(self, claims: Claims) -> None:
        claim_id = (await claims.settled(await claims.bad_loan()))["claim_id"]

        answer = await claims.recover(claim_id)

        shares = {"bank": 19_000_000, "nfgf": 33_250_000, "province": 19_000_000}
        shares["guarantor"] = 23_750_000
        assert answer.status_code == 201, answer.text
        assert amounts(answer.json()["allocations"]) == shares
        assert answer.json()["costs_paid_fen"] == 5_000_000
        claim = await claims.read(claim_id)
        assert amounts(claim["legs"], "recovered_fen") == shares
        assert answer.json()["version"] == claim["version"]
        published = [received.data for received in await claims.scheme.service.published()]
        [allocated] = [each for each in published if isinstance(each, RecoveryAllocated)]
        assert {each.party: each.amount_fen for each in allocated.allocations} == shares
        [credited] = [each for each in published if isinstance(each, FundCredited)]
        assert (credited.fund, credited.amount_fen) == (NFGF, shares["nfgf"])

    async def test_adds_up_over_several_receipts_and_ends_at_what_was_borne(
        self, claims: Claims
    ) -> None:
        claim_id = (await claims.settled(await claims.bad_loan()))["claim_id"]

        for place, cash in enumerate((1, 100_000_000, 7, 233_333_325)):
            answer = await claims.recover(
                claim_id, cash_fen=cash, costs_fen=0, reference=f"receipt {place}"
            )
            assert answer.status_code == 201, answer.text
        beyond = await claims.recover(claim_id, cash_fen=1, costs_fen=0, reference="more")
        declared = await claims.recover(
            claim_id, cash_fen=1, costs_fen=0, surplus_fen=1, reference="more"
        )

        legs = (await claims.read(claim_id))["legs"]
        assert amounts(legs, "recovered_fen") == amounts(legs)
        assert_refused(beyond, 409, "surplus-undeclared", field="/surplus_fen")
        assert beyond.json()["violations"][0]["limit"] == 1
        assert declared.json()["surplus_fen"] == 1
        assert sum(amounts(declared.json()["allocations"]).values()) == 0
        listed = await claims.scheme.read(
            f"/v1/claims/{claim_id}/recoveries?limit=2",
            org=BANK,
            scopes=("guarantee.claims:read",),
        )
        assert [item["reference"] for item in listed["items"]] == ["receipt 0", "receipt 1"]
        assert listed["next"] is not None

    async def test_shares_the_cash_of_one_reference_once(self, claims: Claims) -> None:
        claim_id = (await claims.settled(await claims.bad_loan()))["claim_id"]
        await claims.recover(claim_id)

        assert_refused(await claims.recover(claim_id), 409, "recovery-booked")

    async def test_is_the_guarantors_and_follows_the_settlement(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()
        claim_id = (await claims.approved(guarantee_id))["claim_id"]

        early = await claims.recover(claim_id)
        foreign = await claims.recover(claim_id, org=BANK)
        stranger = await claims.recover(claim_id, org="bank-ganyu")

        assert_refused(early, 409, "claim-state")
        assert_refused(foreign, 403, "not-the-guarantor")
        assert_refused(stranger, 404, "claim-not-found")

    async def test_shares_what_came_between_filing_and_approval(
        self, claims: Claims, clock: ManualClock
    ) -> None:
        claim_id = (await claims.file(await claims.bad_loan()))["claim_id"]
        clock.advance(days=5)
        await claims.verify(claim_id)
        approved = await claims.approve(claim_id)
        for leg in approved.json()["legs"]:
            await claims.pay(claim_id, leg["party"], org=leg["org"], paid_on="2026-03-07")

        taken = await claims.recover(claim_id, received_on="2026-03-02")

        assert taken.status_code == 201, taken.text

    async def test_goes_on_after_the_close_and_reopens_nothing(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()
        claim_id = (await claims.settled(guarantee_id))["claim_id"]
        await claims.close(claim_id)
        before = await claims.scheme.read(f"/v1/funds/{NFGF}")

        late = await claims.recover(claim_id)

        assert late.status_code == 201, late.text
        claim = await claims.read(claim_id)
        assert claim["state"] == "closed"
        assert amounts(claim["legs"], "recovered_fen")["nfgf"] == 33_250_000
        after = await claims.scheme.read(f"/v1/funds/{NFGF}")
        assert after["cash_fen"] - before["cash_fen"] == 33_250_000
        assert (before["committed_fen"], after["committed_fen"]) == (0, 0)
        guarantee = await claims.scheme.read(f"/v1/guarantees/{guarantee_id}")
        assert guarantee["state"] == "closed"

    @pytest.mark.parametrize(
        ("changes", "status", "code", "field"),
        [
            ({"cash_fen": 0}, 422, "malformed", "/cash_fen"),
            ({"cash_fen": 1.0}, 422, "malformed", "/cash_fen"),
            ({"costs_fen": -1}, 422, "malformed", "/costs_fen"),
            ({"surplus_fen": "1"}, 422, "malformed", "/surplus_fen"),
            ({"received_on": "soon"}, 422, "malformed", "/received_on"),
            ({"reference": ""}, 422, "malformed", "/reference"),
            ({"reference": "x" * 101}, 422, "malformed", "/reference"),
            ({"party": "bank"}, 422, "malformed", "/party"),
            ({"received_on": "2026-03-03"}, 409, "receipt-date-invalid", "/received_on"),
            ({"received_on": "2026-03-01"}, 409, "receipt-date-invalid", "/received_on"),
            ({"surplus_fen": 1}, 409, "surplus-undeclared", "/surplus_fen"),
        ],
    )
    async def test_names_the_field_that_it_refuses(
        self, claims: Claims, changes: dict[str, Any], status: int, code: str, field: str
    ) -> None:
        claim_id = (await claims.settled(await claims.bad_loan()))["claim_id"]

        assert_refused(await claims.recover(claim_id, **changes), status, code, field=field)

    async def test_needs_scope_and_version(self, claims: Claims) -> None:
        claim_id = (await claims.settled(await claims.bad_loan()))["claim_id"]
        path = f"/v1/claims/{claim_id}/recoveries"
        body = {
            "cash_fen": 1,
            "costs_fen": 0,
            "received_on": "2026-03-02",
            "reference": "x",
        }
        scopes = ("guarantee.recoveries:write",)

        unscoped = await claims.scheme.post(path, body, org=GUARANTOR, scopes=(), If_Match='"1"')
        unversioned = await claims.scheme.post(path, body, org=GUARANTOR, scopes=scopes)
        stale = await claims.scheme.post(path, body, org=GUARANTOR, scopes=scopes, If_Match='"1"')

        assert_refused(unscoped, 403, "missing-scope")
        assert_refused(unversioned, 428, "precondition-required")
        assert_refused(stale, 412, "stale-version")
