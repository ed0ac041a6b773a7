"""Rules of the claims: what is taken, who decides, in which order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.guarantee.claims import rules
from services.guarantee.claims.rules import ClaimRefused, ClaimState
from services.guarantee.guarantees.rules import Guarantee, GuaranteeState
from services.guarantee.known.rules import KnownLoan
from services.guarantee.losses.rules import Split, split_of
from shared.calendar import national
from shared.errors import FourEyes, InvariantBroken
from shared.rulepack.pack import Evidence, Pack
from shared.rulepack.splitting import split_loss
from tests.support.cases import TODAY, a_claim, a_cover, a_guarantee, a_leg, a_loan
from tests.support.packs import shipped

PACK = shipped("sip-yuankedai")
COUNTERS = {"prior_year_end_balance_fen": 8_000_000_000, "pool_paid_this_year_fen": 0}


def refusals(
    *,
    guarantee: Guarantee | None = None,
    loan: KnownLoan | None = None,
    pack: Pack = PACK,
    first_filed_on: date | None = None,
    **filing: object,
) -> list[tuple[str, str | None]]:
    """File and return code and field of every violation."""
    try:
        rules.file(
            a_claim(**filing),
            guarantee or a_guarantee(PACK),
            loan=loan or a_loan(),
            pack=pack,
            first_filed_on=first_filed_on or a_claim(**filing).filed_on,
            calendar=national(),
        )
    except ClaimRefused as refused:
        return [(violation.code, violation.field) for violation in refused.violations]
    return []


def a_split(fen: int = 300_000_000) -> Split:
    """Split a loss by the pack."""
    result = split_loss(PACK, on=TODAY, loss_fen=fen, facts={}, counters=COUNTERS)
    split, _ = split_of(
        result,
        cover=a_cover(PACK),
        loss_fen=fen,
        recovered_fen=0,
        counters=COUNTERS,
        today=TODAY,
    )
    return split


class TestFiling:
    def test_publishes_what_was_filed(self) -> None:
        claim, event = rules.file(
            a_claim(),
            a_guarantee(PACK),
            loan=a_loan(),
            pack=PACK,
            first_filed_on=TODAY,
            calendar=national(),
        )

        assert claim.state is ClaimState.FILED
        assert event.principal_outstanding_fen == 300_000_000

    @pytest.mark.parametrize(
        ("filed_on", "expected"),
        [
            (date(2026, 8, 2), []),
            (date(2026, 8, 3), []),  # the last day was a Sunday
            (date(2026, 8, 4), [("guarantee-period-over", "/guarantee_id")]),
        ],
    )
    def test_hears_claims_to_the_last_day_of_the_period(
        self, filed_on: date, expected: list[tuple[str, str]]
    ) -> None:
        assert refusals(filed_on=filed_on) == expected

    def test_loses_nothing_that_was_first_claimed_in_time(self) -> None:
        assert refusals(filed_on=date(2026, 8, 4), first_filed_on=date(2026, 8, 3)) == []

    def test_needs_a_loan_that_is_not_closed(self) -> None:
        assert refusals(loan=a_loan(closed_on=TODAY)) == [("loan-closed", "/guarantee_id")]

    @pytest.mark.parametrize("state", [GuaranteeState.ISSUED, GuaranteeState.CLOSED])
    def test_needs_a_guarantee_in_force(self, state: GuaranteeState) -> None:
        found = refusals(guarantee=a_guarantee(PACK, state=state))

        assert ("guarantee-not-effective", "/guarantee_id") in found

    @pytest.mark.parametrize(
        ("issued_on", "drawn_on", "expected"),
        [
            (date(2025, 2, 1), date(2025, 2, 1), []),
            (date(2025, 2, 2), date(2025, 2, 1), ["drawn-before-letter"]),
            (date(2025, 2, 1), TODAY, []),
            (date(2025, 2, 1), TODAY + timedelta(days=1), ["filing-date"]),
        ],
    )
    def test_needs_a_loan_drawn_between_its_letter_and_the_filing(
        self, issued_on: date, drawn_on: date, expected: list[str]
    ) -> None:
        guarantee = a_guarantee(
            PACK, cover=a_cover(PACK, issued_on=issued_on), effective_on=drawn_on
        )

        assert [code for code, _ in refusals(guarantee=guarantee)] == expected

    def test_never_precedes_the_classification(self) -> None:
        tomorrow = a_loan(classified_on=TODAY + timedelta(days=1))

        assert refusals(loan=tomorrow) == [("filing-date", "/guarantee_id")]

    @pytest.mark.parametrize(
        ("classification", "refused"),
        [
            ("normal", True),
            ("special_mention", True),
            ("substandard", False),
            ("doubtful", False),
            ("loss", False),
            (None, True),
        ],
    )
    def test_follows_the_classification(self, classification: str, refused: bool) -> None:  # noqa: FBT001 - a table of cases
        found = refusals(loan=a_loan(classification=classification))

        assert bool(found) is refused

    def test_needs_a_loan_that_was_drawn(self) -> None:
        with pytest.raises(ClaimRefused) as refused:
            rules.file(
                a_claim(),
                a_guarantee(PACK),
                loan=None,
                pack=PACK,
                first_filed_on=TODAY,
                calendar=national(),
            )

        assert [v.code for v in refused.value.violations] == ["loan-performing"]

    @pytest.mark.parametrize(
        ("owed", "asked", "refused"),
        [
            (300_000_000, 300_000_000, False),
            (300_000_000, 300_000_001, True),
            (500_000_000, 400_000_000, False),
            (500_000_000, 400_000_001, True),
        ],
    )
    def test_stays_within_cover_and_report(self, owed: int, asked: int, refused: bool) -> None:  # noqa: FBT001 - a table of cases
        found = refusals(
            loan=a_loan(principal_outstanding_fen=owed), principal_outstanding_fen=asked
        )

        assert found == ([("above-cover", "/principal_outstanding_fen")] if refused else [])

    @pytest.mark.parametrize(("recovered", "refused"), [(299_999_999, False), (300_000_000, True)])
    def test_needs_a_loss(self, recovered: int, refused: bool) -> None:  # noqa: FBT001 - a table of cases
        found = refusals(recovered_before_fen=recovered)

        assert found == ([("no-loss", "/recovered_fen")] if refused else [])

    def test_names_every_document_that_the_pack_asks_and_the_claim_lacks(self) -> None:
        rows = tuple(
            Evidence(code=code, step=step, zh="材料", en="a paper")
            for code, step in (
                ("loan_contract", "claim"),
                ("overdue_notice", "claim"),
                ("court_order", "claim"),
                ("application_form", "enrolment"),
            )
        )
        asking = PACK.model_copy(update={"evidence": rows})

        with pytest.raises(ClaimRefused) as refused:
            rules.file(
                a_claim(),
                a_guarantee(PACK),
                loan=a_loan(),
                pack=asking,
                first_filed_on=TODAY,
                calendar=national(),
            )

        lacking = [v.limit for v in refused.value.violations if v.code == "document-missing"]
        assert lacking == ["overdue_notice", "court_order"]

    def test_tells_everything_that_is_wrong_at_once(self) -> None:
        found = refusals(
            loan=a_loan(classification="normal"),
            principal_outstanding_fen=1,
            recovered_before_fen=2,
            filed_on=date(2026, 8, 4),
        )

        assert [code for code, _ in found] == [
            "guarantee-period-over",
            "loan-performing",
            "no-loss",
        ]

    def test_is_the_banks_own(self) -> None:
        rules.require_bank(a_guarantee(PACK), "bank-haizhou")
        with pytest.raises(rules.NotTheBank):
            rules.require_bank(a_guarantee(PACK), "guarantor-ges")


class TestConfirmation:
    def test_takes_what_still_holds_however_late(self) -> None:
        worse = a_loan(classification="loss", classified_on=TODAY + timedelta(days=400))

        rules.confirm(a_claim(), a_guarantee(PACK), loan=worse)

    @pytest.mark.parametrize(
        ("loan", "expected"),
        [
            ({"classification": "normal"}, [("loan-performing", "/guarantee_id")]),
            ({"closed_on": TODAY}, [("loan-closed", "/guarantee_id")]),
            (
                {"principal_outstanding_fen": 299_999_999},
                [("above-cover", "/principal_outstanding_fen")],
            ),
        ],
    )
    def test_refuses_what_the_bank_has_told_of_since(
        self, loan: dict[str, Any], expected: list[tuple[str, str]]
    ) -> None:
        with pytest.raises(rules.ClaimOutdated) as refused:
            rules.confirm(a_claim(), a_guarantee(PACK), loan=a_loan(**loan))

        assert [(v.code, v.field) for v in refused.value.violations] == expected

    def test_needs_a_guarantee_that_is_still_in_force(self) -> None:
        closed = a_guarantee(PACK, state=GuaranteeState.CLOSED)

        with pytest.raises(rules.ClaimOutdated):
            rules.confirm(a_claim(), closed, loan=a_loan())


class TestDecision:
    def test_takes_two_persons_of_the_guarantor(self) -> None:
        verified, _ = rules.verify(a_claim(), by="one", org="guarantor-ges")

        with pytest.raises(FourEyes):
            rules.approve(verified, a_split(), [a_leg()], by="one", org="guarantor-ges")
        with pytest.raises(rules.NotTheGuarantor):
            rules.approve(verified, a_split(), [a_leg()], by="two", org="bank-haizhou")
        approved, events = rules.approve(
            verified, a_split(), [a_leg()], by="two", org="guarantor-ges"
        )

        assert (approved.verified_by, approved.approved_by) == ("one", "two")
        assert approved.approved_on == TODAY
        assert [type(event).__name__ for event in events] == [
            "ClaimApproved",
            "LossSplitCalculated",
            "LegDue",
        ]

    def test_splits_the_claims_own_loss(self) -> None:
        verified = a_claim(state=ClaimState.VERIFIED, verified_by="one")

        with pytest.raises(InvariantBroken):
            rules.approve(verified, a_split(1), [a_leg()], by="two", org="guarantor-ges")

    def test_owes_nothing_for_a_leg_of_nothing(self) -> None:
        verified = a_claim(state=ClaimState.VERIFIED, verified_by="one")
        legs = [a_leg(), a_leg("bank", capped_fen=0)]

        _, events = rules.approve(verified, a_split(), legs, by="two", org="guarantor-ges")

        assert [type(event).__name__ for event in events].count("LegDue") == 1

    @pytest.mark.parametrize("state", list(ClaimState))
    def test_follows_the_states_in_order(self, state: ClaimState) -> None:
        claim = a_claim(state=state, verified_by="one")
        org = "guarantor-ges"
        steps: dict[ClaimState, Callable[[], object]] = {
            ClaimState.FILED: lambda: rules.verify(claim, by="x", org=org),
            ClaimState.VERIFIED: lambda: rules.require_approver(claim, by="x", org=org),
            ClaimState.APPROVED: lambda: rules.record_payment(
                claim, a_leg(), [a_leg()], today=TODAY
            ),
            ClaimState.SETTLED: lambda: rules.close(claim, org=org, today=TODAY),
        }

        for needed, step in steps.items():
            if needed is state:
                step()
                continue
            with pytest.raises(rules.ClaimInOtherState):
                step()

    @pytest.mark.parametrize("state", list(ClaimState))
    def test_may_be_a_rejection_before_the_approval(self, state: ClaimState) -> None:
        claim = a_claim(state=state)

        if state in {ClaimState.FILED, ClaimState.VERIFIED}:
            rejected, event = rules.reject(claim, by="x", org="guarantor-ges", reason="不实")
            assert rejected.state is ClaimState.REJECTED
            assert event.reason == "不实"
            return
        with pytest.raises(rules.ClaimInOtherState):
            rules.reject(claim, by="x", org="guarantor-ges", reason="不实")


class TestPayment:
    def test_settles_with_the_last_leg_alone(self) -> None:
        claim = a_claim(state=ClaimState.APPROVED)
        paid = replace(a_leg(), paid_on=TODAY, reference="x")

        waiting, one = rules.record_payment(claim, paid, [paid, a_leg("bank")], today=TODAY)
        settled, two = rules.record_payment(
            claim, paid, [paid, a_leg("bank", capped_fen=0)], today=TODAY
        )

        assert (waiting.state, len(one)) == (ClaimState.APPROVED, 1)
        assert (settled.state, len(two)) == (ClaimState.SETTLED, 2)
        assert settled.settled_on == TODAY
