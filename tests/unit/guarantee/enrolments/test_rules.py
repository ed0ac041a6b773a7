"""The enrolment rules: the tier of the firm, every reason to refuse, the fund's commitment."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.guarantee.enrolments import rules
from services.guarantee.enrolments.rules import Decision, EnrolmentRefused, Standing, Terms
from services.guarantee.fund.rules import Fund
from services.guarantee.guarantees.rules import Application
from services.guarantee.known.rules import Firm, KnownInstitution, KnownLoan
from services.guarantee.programmes.rules import PinnedPack, Programme, ProgrammeState
from shared.errors import Violation
from shared.events.credit import Classification
from shared.rulepack.pack import Pack
from tests.support.packs import a_pack, pack_data, shipped

DAY = date(2026, 3, 2)
SCITECH, YUANKEDAI = shipped("nfgf-scitech-2024"), shipped("sip-yuankedai")
USCC = "91320706MA1N00018N"
TERMS = Terms(
    uscc=USCC,
    bank="bank-haizhou",
    amount_fen=400_000_000,
    rate_ppm=38_000,
    tenor_months=12,
    signed_on=DAY,
    requested_on=DAY,
)
PROGRAMME = Programme(
    code="nfgf-scitech",
    title="示例",
    pack=PinnedPack.of(SCITECH),
    fund="fund-nfgf",
    parties={"nfgf": "fund-nfgf", "province": "reguarantor-js"},
    quota_fen=10_000_000_000,
    period_months=6,
    guarantee_type="joint_and_several",
    enrolment_days=30,
    due_days=10,
    effective_from=date(2026, 3, 1),
    created_by="maker",
    state=ProgrammeState.ACTIVE,
)
STANDING = Standing(
    programme=PROGRAMME,
    pack=SCITECH,
    firm=Firm(USCC, ("hnte", "tech_sme"), frozenset()),
    fund=Fund(code="fund-nfgf", leverage=10, capital_fen=10**12, cash_fen=10**12),
)
YKD = replace(STANDING, pack=YUANKEDAI, programme=replace(PROGRAMME, parties={"pool": "fund-nfgf"}))


def decided(standing: Standing = STANDING, **changes: object) -> Decision:
    terms = replace(TERMS, **changes)  # type: ignore[arg-type] # a case names its fields
    return rules.decide(terms, standing)


def codes(decision: Decision) -> list[str]:
    return [refusal.code for refusal in decision.refusals]


def a_firm(*categories: str, lists: tuple[str, ...] = ()) -> Firm:
    return Firm(USCC, categories, frozenset(lists))


def a_loan(classification: Classification | None) -> KnownLoan:
    return KnownLoan(
        loan_id=UUID(int=1),
        uscc=USCC,
        bank="bank-haizhou",
        disbursed_on=DAY,
        matures_on=DAY,
        principal_outstanding_fen=1,
        classification=classification,
    )


class TestTier:
    @pytest.mark.parametrize(
        ("categories", "tier", "nfgf"),
        [
            (("little_giant",), "tier_40", 400_000),
            (("specialised_sme", "hnte"), "tier_40", 400_000),
            (("hnte", "tech_sme"), "tier_35", 350_000),
            (("innovative_sme",), "tier_30", 300_000),
        ],
    )
    def test_is_the_best_that_the_firm_reaches(
        self, categories: tuple[str, ...], tier: str, nfgf: int
    ) -> None:
        decision = decided(replace(STANDING, firm=a_firm(*categories)))

        assert decision.accepted
        assert decision.tier is not None
        assert (decision.tier.name, decision.shares["nfgf"]) == (tier, nfgf)
        assert tuple(decision.shares) == SCITECH.order
        assert dict(decision.facts) == {"firm_categories": categories}

    @pytest.mark.parametrize("categories", [(), ("ordinary_sme",), ("unheard_of",)])
    def test_of_another_firm_does_not_exist(self, categories: tuple[str, ...]) -> None:
        decision = decided(replace(STANDING, firm=a_firm(*categories)))

        assert codes(decision) == ["no-tier"]
        assert (decision.tier, decision.commitment_fen) == (None, 0)

    def test_may_be_the_same_for_all(self) -> None:
        decision = decided(replace(YKD, firm=a_firm()))

        assert decision.accepted
        assert dict(decision.shares) == {"bank": 100_000, "guarantor": 400_000, "pool": 500_000}


class TestRefusal:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"programme": replace(PROGRAMME, state=ProgrammeState.DRAFT)}, "programme-not-active"),
            ({"programme": replace(PROGRAMME, quota_fen=399_999_999)}, "quota-exhausted"),
            ({"loan_is_covered": True}, "loan-already-covered"),
            ({"firm_balance_fen": 2_600_000_001}, "firm-balance"),
            (
                {"fund": Fund(code="f", leverage=1, capital_fen=139_999_999)},
                "fund-capacity-exhausted",
            ),
            (
                {"guarantor": KnownInstitution("b", "bank", date(2019, 1, 1), None)},
                "guarantor-not-eligible",
            ),
            (
                {"guarantor": KnownInstitution("g", "guarantor", date(2019, 1, 1), DAY)},
                "guarantor-not-eligible",
            ),
            (
                {"breaker": Violation(code="breaker-suspended", zh="熔断", en="suspended")},
                "breaker-suspended",
            ),
            (
                {"pack": SCITECH.model_copy(update={"valid_to": DAY})},
                "rule-pack-not-in-force",
            ),
        ],
    )
    def test_has_one_reason_for_one_obstacle(self, change: dict[str, Any], code: str) -> None:
        assert codes(decided(replace(STANDING, **change))) == [code]

    def test_names_an_unknown_enterprise_beside_what_follows_from_it(self) -> None:
        assert codes(decided(replace(STANDING, firm=None))) == ["enterprise-unknown", "no-tier"]
        assert codes(decided(replace(YKD, firm=None))) == ["enterprise-unknown"]

    @pytest.mark.parametrize(
        ("days", "refused"),
        [(0, []), (30, []), (31, ["enrolment-window"]), (-1, ["enrolment-window"])],
    )
    def test_holds_the_window_after_signing(self, days: int, refused: list[str]) -> None:
        assert codes(decided(signed_on=DAY - timedelta(days=days))) == refused

    def test_tells_all_at_once(self) -> None:
        decision = decided(
            replace(YKD, programme=replace(YKD.programme, quota_fen=1)),
            amount_fen=500_000_001,
            tenor_months=13,
            signed_on=date(2025, 1, 1),
        )

        assert codes(decision) == ["enrolment-window", "amount", "tenor", "quota-exhausted"]

    @pytest.mark.parametrize(
        ("lists", "months", "refused"),
        [((), 13, ["tenor"]), (("low-carbon-enterprises",), 36, []), (("other",), 13, ["tenor"])],
    )
    def test_of_a_long_tenor_is_spared_to_the_low_carbon_list(
        self, lists: tuple[str, ...], months: int, refused: list[str]
    ) -> None:
        standing = replace(YKD, firm=a_firm(lists=lists))

        assert codes(decided(standing, tenor_months=months)) == refused

    def test_needs_no_limits(self) -> None:
        pack = a_pack(ledger_party="right")

        assert decided(replace(STANDING, pack=pack)).accepted

    def test_shows_words_and_truths_as_text(self) -> None:
        facts = {
            "firm_categories": {"kind": "words", "allowed": ["hnte"], "zh": "x", "en": "x"},
            "low_carbon_listed": {"kind": "bool", "zh": "x", "en": "x"},
        }
        why = {"zh": "x", "en": "x"}
        limits = [
            {
                "code": "listed",
                "require": {"fact": "low_carbon_listed", "op": "eq", "value": True, "why": why},
            },
            {
                "code": "class_of_firm",
                "require": {
                    "fact": "firm_categories",
                    "op": "none_of",
                    "value": ["hnte"],
                    "why": why,
                },
            },
        ]
        pack = Pack.model_validate(pack_data(ledger_party="right", facts=facts, limits=limits))

        found = decided(replace(STANDING, pack=pack)).refusals

        assert [(v.code, v.limit, v.actual) for v in found] == [
            ("listed", "true", "false"),
            ("class-of-firm", "hnte", "hnte"),
        ]


class TestTelling:
    def test_shows_a_bank_what_it_brought_and_nothing_of_the_firms(self) -> None:
        standing = replace(STANDING, firm_balance_fen=2_900_000_000, firm=a_firm("tech_sme"))
        no_class = replace(STANDING, firm=a_firm())
        loan = replace(YKD, programme=replace(YKD.programme, quota_fen=1))
        refusals = (
            *decided(standing).refusals,
            *decided(no_class).refusals,
            *decided(loan, tenor_months=13, amount_fen=500_000_001).refusals,
        )

        told = rules.as_told_to_a_bank(refusals)

        assert [(v.code, v.actual) for v in told] == [
            ("firm-balance", None),
            ("no-tier", None),
            ("amount", 500_000_001),
            ("tenor", 13),
            ("quota-exhausted", 500_000_001),
        ]
        assert [v.limit for v in told] == [v.limit for v in refusals]

    @pytest.mark.parametrize(
        ("institution", "asks"),
        [
            (KnownInstitution("b", "bank", DAY, None), True),
            (KnownInstitution("b", "bank", date(2019, 1, 1), DAY), False),
            (KnownInstitution("g", "guarantor", DAY, None), False),
            (None, False),
        ],
    )
    def test_is_for_banks_alone(self, institution: KnownInstitution | None, asks: bool) -> None:  # noqa: FBT001 - a table of cases
        if asks:
            rules.require_bank(institution, on=DAY)
            return
        with pytest.raises(rules.AskedByNoBank):
            rules.require_bank(institution, on=DAY)


class TestCommitment:
    @given(st.integers(1, 10**11))
    def test_is_the_funds_share_rounded_up(self, amount: int) -> None:
        decision = decided(amount_fen=amount)

        assert 0 <= decision.commitment_fen * 1_000_000 - amount * 350_000 < 1_000_000

    def test_is_nothing_without_a_ledger_party(self) -> None:
        assert decided(replace(STANDING, pack=a_pack())).commitment_fen == 0


class TestCover:
    APPLICATION = Application(
        loan_id=UUID(int=1),
        uscc=USCC,
        bank="bank-haizhou",
        guarantor="guarantor-ges",
        programme="nfgf-scitech",
        amount_fen=400_000_000,
        rate_ppm=38_000,
        tenor_months=12,
        signed_on=DAY,
        requested_on=DAY,
    )

    def test_pins_pack_tier_shares_and_facts(self) -> None:
        decision = rules.decide(Terms.of(self.APPLICATION), STANDING)

        cover = rules.cover_of(self.APPLICATION, STANDING, decision, today=DAY)

        assert (cover.pack, cover.tier) == (PROGRAMME.pack, "tier_35")
        assert dict(cover.orgs) == {
            "bank": "bank-haizhou",
            "nfgf": "fund-nfgf",
            "province": "reguarantor-js",
            "guarantor": "guarantor-ges",
        }
        assert sum(share.share_ppm for share in cover.shares) == 1_000_000
        assert (cover.commitment_fen, cover.ledger_party) == (140_000_000, "nfgf")

    def test_is_not_written_for_a_refusal(self) -> None:
        decision = decided(replace(STANDING, loan_is_covered=True))

        with pytest.raises(EnrolmentRefused):
            rules.cover_of(self.APPLICATION, STANDING, decision, today=DAY)


class TestKnown:
    def test_institution_acts_in_its_half_open_period(self) -> None:
        known = KnownInstitution("g", "guarantor", DAY, DAY + timedelta(days=1))

        assert [known.acts_on(DAY + timedelta(days=n)) for n in (-1, 0, 1)] == [False, True, False]

    @pytest.mark.parametrize("classification", [None, "normal", "special_mention"])
    def test_loan_performs_above_substandard(self, classification: Classification | None) -> None:
        assert not a_loan(classification).is_non_performing

    @pytest.mark.parametrize("classification", ["substandard", "doubtful", "loss"])
    def test_loan_does_not_perform_from_substandard_on(
        self, classification: Classification
    ) -> None:
        assert a_loan(classification).is_non_performing
