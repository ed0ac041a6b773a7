"""The guarantees' rules: declined, issued, in force, released, closed, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.guarantee.guarantees import rules
from services.guarantee.guarantees.rules import (
    Application,
    Cover,
    Guarantee,
    GuaranteeId,
    GuaranteeNotInForce,
    GuaranteeState,
    PartyShare,
)
from services.guarantee.programmes.rules import PinnedPack
from shared.errors import InvariantBroken, Violation

DAY, MATURITY = date(2026, 3, 2), date(2027, 3, 2)
ID = GuaranteeId(UUID(int=7))
APPLICATION = Application(
    loan_id=UUID(int=1),
    uscc="91320706MA1N00018N",
    bank="bank-haizhou",
    guarantor="guarantor-ges",
    programme="nfgf-scitech",
    amount_fen=500,
    rate_ppm=38_000,
    tenor_months=12,
    signed_on=DAY,
    requested_on=DAY,
)
COVER = Cover(
    pack=PinnedPack("nfgf-scitech-2024", 1, f"sha256:{'a' * 64}"),
    tier="tier_35",
    shares=(
        PartyShare("bank", "bank-haizhou", 600_000),
        PartyShare("nfgf", "fund-nfgf", 400_000),
    ),
    facts={},
    fund="fund-nfgf",
    ledger_party="nfgf",
    commitment_fen=200,
    guarantee_type="joint_and_several",
    period_months=6,
    due_days=10,
    issued_on=DAY,
)
NO = Violation(code="tenor", zh="期限", en="tenor")


def issued() -> Guarantee:
    return rules.issue(ID, APPLICATION, cover=COVER)[0]


def declined() -> Guarantee:
    return rules.decline(ID, APPLICATION, refusals=(NO,), today=DAY)[0]


def effective() -> Guarantee:
    return rules.take_effect(issued(), drawn_fen=400, drawn_on=DAY, matures_on=MATURITY)[0]


def closed() -> Guarantee:
    return rules.close(effective(), today=DAY)[0]


def released() -> Guarantee:
    return rules.release(issued(), reason="withdrawn", today=DAY)[0]


class TestDecline:
    def test_tells_every_code_once(self) -> None:
        refusals = (NO, replace(NO, code="amount"), NO)

        guarantee, (applied, event) = rules.decline(ID, APPLICATION, refusals=refusals, today=DAY)

        assert guarantee.refusals == refusals
        assert event.refusal_codes == ("tenor", "amount")
        assert (applied.guarantee_id, applied.amount_fen) == (ID, 500)

    def test_leaves_no_letter_and_shows_itself_to_the_applicants(self) -> None:
        assert declined().viewers == ("bank-haizhou", "guarantor-ges")
        with pytest.raises(GuaranteeNotInForce):
            _ = declined().letter


class TestIssue:
    def test_names_type_period_and_pack(self) -> None:
        _, (_, letter) = rules.issue(ID, APPLICATION, cover=COVER)

        assert (letter.guarantee_type, letter.period_months) == ("joint_and_several", 6)
        assert (letter.rule_pack_digest, letter.tier) == ("a" * 64, "tier_35")

    def test_covers_nothing_before_drawdown(self) -> None:
        assert issued().covered_fen == 0
        assert issued().letter is COVER

    def test_shows_itself_to_every_party(self) -> None:
        assert issued().viewers == ("bank-haizhou", "guarantor-ges", "fund-nfgf")
        assert COVER.org_of("nfgf") == "fund-nfgf"
        with pytest.raises(KeyError):
            COVER.org_of("province")


class TestTakeEffect:
    @pytest.mark.parametrize(("drawn", "covered"), [(400, 400), (500, 500), (501, 500)])
    def test_covers_what_was_drawn_at_most_what_was_enrolled(
        self, drawn: int, covered: int
    ) -> None:
        guarantee, event = rules.take_effect(
            issued(), drawn_fen=drawn, drawn_on=DAY, matures_on=MATURITY
        )

        assert guarantee.covered_fen == event.amount_fen == covered
        assert (guarantee.effective_on, guarantee.matures_on) == (DAY, MATURITY)

    @pytest.mark.parametrize("state", [declined, effective, closed, released])
    def test_happens_to_an_issued_letter_alone(self, state: Callable[[], Guarantee]) -> None:
        with pytest.raises(GuaranteeNotInForce):
            rules.take_effect(state(), drawn_fen=1, drawn_on=DAY, matures_on=MATURITY)

    def test_never_happens_before_the_letters_day(self) -> None:
        early = DAY - timedelta(days=1)

        def refusal(day: date) -> str | None:
            return rules.refusal_of_drawdown(issued(), drawn_on=day, programme="nfgf-scitech")

        assert [refusal(DAY), refusal(early)] == [None, "drawn_before_letter"]
        with pytest.raises(InvariantBroken):
            rules.take_effect(issued(), drawn_fen=1, drawn_on=early, matures_on=MATURITY)

    @pytest.mark.parametrize("programme", [None, "sip-yuankedai"])
    def test_never_happens_to_a_loan_drawn_outside_the_programme(
        self, programme: str | None
    ) -> None:
        refusal = rules.refusal_of_drawdown(issued(), drawn_on=DAY, programme=programme)

        assert refusal == "drawn_without_enrolment"


class TestRelease:
    @pytest.mark.parametrize("state", [issued, effective])
    def test_ends_a_letter_or_a_guarantee_in_force(self, state: Callable[[], Guarantee]) -> None:
        guarantee, event = rules.release(state(), reason="settled", today=MATURITY)

        assert guarantee.state is GuaranteeState.RELEASED
        assert (guarantee.released_on, guarantee.release_reason) == (MATURITY, "settled")
        assert (event.reason, event.released_on, event.loan_id) == (
            "settled",
            MATURITY,
            APPLICATION.loan_id,
        )

    @pytest.mark.parametrize("state", [declined, closed, released])
    def test_happens_once_and_to_no_other(self, state: Callable[[], Guarantee]) -> None:
        with pytest.raises(GuaranteeNotInForce):
            rules.release(state(), reason="settled", today=DAY)


class TestClose:
    def test_ends_a_guarantee_in_force(self) -> None:
        guarantee, event = rules.close(effective(), today=MATURITY)

        assert (guarantee.state, guarantee.closed_on) == (GuaranteeState.CLOSED, MATURITY)
        assert event.closed_on == MATURITY

    @pytest.mark.parametrize("state", [declined, issued, closed, released])
    def test_happens_to_no_other(self, state: Callable[[], Guarantee]) -> None:
        with pytest.raises(GuaranteeNotInForce):
            rules.close(state(), today=DAY)
