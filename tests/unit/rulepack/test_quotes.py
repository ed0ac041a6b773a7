"""Terms, fees, breakers and subsidies answer as published, to the fen."""

from typing import Any

import pytest

from shared.money import MAX_FEN
from shared.rulepack.breakers import check_breakers, reaches
from shared.rulepack.errors import ResultTooLarge, SectionMissing, UnknownInput
from shared.rulepack.fees import NoFee, quote_fee
from shared.rulepack.pack import Pack
from shared.rulepack.subsidies import SubsidyResult, quote_subsidy
from shared.rulepack.terms import TermsResult, check_terms
from tests.support.packs import a_condition, a_pack, pack_data, shipped, words

YUAN = 100
NFGF_TERMS: dict[str, Any] = {
    "firm_categories": ["hnte"],
    "bank_share_ppm": 200_000,
    "nfgf_share_ppm": 350_000,
    "province_share_ppm": 200_000,
    "guarantor_share_ppm": 250_000,
    "firm_guaranteed_balance_fen": 3_000_000_000,
}


def codes(result: TermsResult) -> list[str]:
    return [finding.code for finding in result.refusals]


class TestNationalTerms:
    @pytest.mark.parametrize(
        ("changes", "refusals"),
        [
            ({}, []),
            ({"bank_share_ppm": 150_000, "guarantor_share_ppm": 300_000}, ["bank_share"]),
            ({"nfgf_share_ppm": 360_000, "guarantor_share_ppm": 240_000}, ["nfgf_share"]),
            ({"province_share_ppm": 150_000, "guarantor_share_ppm": 300_000}, ["province_share"]),
            ({"firm_guaranteed_balance_fen": 3_000_000_001}, ["firm_balance"]),
            ({"guarantor_share_ppm": 249_999}, ["shares_sum"]),
            ({"guarantor_share_ppm": 250_001}, ["shares_sum"]),
            ({"firm_categories": ["ordinary_sme"]}, ["firm_category", "nfgf_share"]),
            (
                {
                    "firm_categories": ["little_giant", "hnte"],
                    "nfgf_share_ppm": 400_000,
                    "guarantor_share_ppm": 200_000,
                },
                [],
            ),
            (
                {
                    "firm_categories": ["little_giant"],
                    "nfgf_share_ppm": 400_001,
                    "guarantor_share_ppm": 199_999,
                },
                ["nfgf_share"],
            ),
            (
                {
                    "firm_categories": ["tech_sme"],
                    "nfgf_share_ppm": 300_001,
                    "guarantor_share_ppm": 299_999,
                },
                ["nfgf_share"],
            ),
        ],
    )
    def test_refuse_what_breaks_a_limit(self, changes: dict[str, Any], refusals: list[str]) -> None:
        result = check_terms(
            shipped("nfgf-scitech-2024"), facts=NFGF_TERMS | changes, benchmarks={}
        )

        assert codes(result) == refusals
        assert result.accepted is (not refusals)

    def test_say_limit_actual_and_why(self) -> None:
        facts = NFGF_TERMS | {"bank_share_ppm": 150_000, "guarantor_share_ppm": 300_000}

        finding = check_terms(shipped("nfgf-scitech-2024"), facts=facts, benchmarks={}).refusals[0]

        assert (finding.fact, finding.limit, finding.actual) == ("bank_share_ppm", 200_000, 150_000)
        assert "20 %" in finding.zh
        assert "20 %" in finding.en


class TestParkTerms:
    @pytest.mark.parametrize(
        ("amount", "tenor", "listed", "refusals"),
        [
            (500_000_000, 12, False, []),
            (500_000_001, 12, False, ["amount"]),
            (500_000_000, 13, False, ["tenor"]),
            (500_000_000, 36, True, []),
            (500_000_000, 37, True, ["tenor"]),
        ],
    )
    def test_limit_amount_and_tenor(
        self,
        *,
        amount: int,
        tenor: int,
        listed: bool,
        refusals: list[str],
    ) -> None:
        facts = {"amount_fen": amount, "tenor_months": tenor, "low_carbon_listed": listed}

        assert codes(check_terms(shipped("sip-yuankedai"), facts=facts, benchmarks={})) == refusals


class TestCheckTerms:
    def a_pack_with_a_rate_limit(self, severity: str = "refusal") -> Pack:
        limit = {
            "code": "rate",
            "severity": severity,
            "require": a_condition("rate_ppm", "le", {"benchmark": "1Y", "plus": 3_000}),
        }
        terms: dict[str, object] = {"kind": "terms", "name": "rate", "on": "2026-03-02"}
        terms |= {"facts": {"rate_ppm": 33_000}, "benchmarks": {"1Y": 30_000}}
        return a_pack(
            facts={"rate_ppm": {"kind": "int", "unit": "ppm", **words("rate")}},
            benchmarks={"1Y": words("one year")},
            limits=[limit],
            examples=[*pack_data()["examples"], terms],
        )

    @pytest.mark.parametrize(("rate", "accepted"), [(33_000, True), (33_001, False)])
    def test_measures_a_rate_by_the_benchmark_of_the_day(
        self, *, rate: int, accepted: bool
    ) -> None:
        result = check_terms(
            self.a_pack_with_a_rate_limit(),
            facts={"rate_ppm": rate},
            benchmarks={"1Y": 30_000, "5Y": 35_000},
        )

        assert result.accepted is accepted

    def test_only_warns_where_the_limit_says_so(self) -> None:
        result = check_terms(
            self.a_pack_with_a_rate_limit("warning"),
            facts={"rate_ppm": 40_000},
            benchmarks={"1Y": 30_000},
        )

        assert result.accepted
        assert [finding.code for finding in result.warnings] == ["rate"]

    @pytest.mark.parametrize("benchmarks", [{}, {"1Y": "3 %"}, {"5Y": 35_000}])
    def test_asks_for_the_benchmark_that_it_reads(self, benchmarks: dict[str, object]) -> None:
        with pytest.raises(UnknownInput) as caught:
            check_terms(
                self.a_pack_with_a_rate_limit(), facts={"rate_ppm": 1}, benchmarks=benchmarks
            )

        assert "/benchmarks/1Y" in {violation.field for violation in caught.value.violations}

    def test_refuses_a_pack_without_limits(self) -> None:
        with pytest.raises(SectionMissing):
            check_terms(a_pack(), facts={}, benchmarks={})


class TestBreakers:
    @pytest.mark.parametrize(
        ("loss", "state", "ratio"),
        [
            (0, "normal", 0),
            (799_999_999, "normal", 99_999),
            (800_000_000, "suspended", 100_000),
            (800_000_001, "suspended", 100_000),
        ],
    )
    def test_trip_exactly_at_ten_percent(self, loss: int, state: str, ratio: int) -> None:
        metrics = {"npl_principal_loss_fen": loss, "prior_year_end_balance_fen": 8_000_000_000}

        result = check_breakers(shipped("sip-yuankedai"), metrics=metrics)

        assert (result.state, result.ratio_ppm, result.threshold_ppm) == (state, ratio, 100_000)
        assert result.scope == ("programme", "bank")

    @pytest.mark.parametrize(("loss", "state"), [(0, "normal"), (1, "suspended")])
    def test_take_any_loss_on_no_balance_as_too_much(self, loss: int, state: str) -> None:
        metrics = {"npl_principal_loss_fen": loss, "prior_year_end_balance_fen": 0}

        result = check_breakers(shipped("sip-yuankedai"), metrics=metrics)

        assert (result.state, result.ratio_ppm) == (state, None)

    @pytest.mark.parametrize(("numerator", "trips"), [(199_999_999, False), (200_000_000, True)])
    def test_trip_at_five_percent_of_forty_million(self, *, numerator: int, trips: bool) -> None:
        assert reaches(numerator, 4_000_000_000, 50_000, "ge") is trips

    def test_tell_reaching_from_exceeding(self) -> None:
        assert reaches(10, 100, 100_000, "ge")
        assert not reaches(10, 100, 100_000, "gt")
        assert reaches(11, 100, 100_000, "gt")

    def test_warn_before_they_suspend_and_show_the_gravest(self) -> None:
        metrics = {"lost_fen": words("lost"), "base_fen": words("base")}
        common = {"numerator": "lost_fen", "base": "base_fen", "comparison": "ge", "scope": ["all"]}
        strict = {"name": "strict", "title": words("s"), "warning_ppm": 1, "suspended_ppm": 50_000}
        loose = {"name": "loose", "title": words("l"), "suspended_ppm": 90_000}
        shown: dict[str, object] = {
            "kind": "breaker",
            "name": "b",
            "on": "2026-03-02",
            "state": "normal",
        }
        shown |= {"metrics": {"lost_fen": 0, "base_fen": 1}}
        pack = a_pack(
            metrics=metrics,
            breakers=[loose | common, strict | common],
            examples=[*pack_data()["examples"], shown],
        )

        states = [
            check_breakers(pack, metrics={"lost_fen": lost, "base_fen": 100}).state
            for lost in (0, 1, 5, 9)
        ]

        assert states == ["normal", "warning", "suspended", "suspended"]
        gravest = check_breakers(pack, metrics={"lost_fen": 5, "base_fen": 100})
        assert (gravest.breaker, len(gravest.trace)) == ("strict", 2)

    @pytest.mark.parametrize(
        "metrics",
        [
            {"npl_principal_loss_fen": 1},
            {"npl_principal_loss_fen": 1, "prior_year_end_balance_fen": 1, "x": 1},
            {"npl_principal_loss_fen": 1.0, "prior_year_end_balance_fen": 1},
        ],
    )
    def test_refuse_metrics_by_name(self, metrics: dict[str, object]) -> None:
        with pytest.raises(UnknownInput):
            check_breakers(shipped("sip-yuankedai"), metrics=metrics)

    def test_are_missing_from_a_pack_without_one(self) -> None:
        with pytest.raises(SectionMissing):
            check_breakers(a_pack(), metrics={})


class TestFees:
    @pytest.mark.parametrize(
        ("amount", "share", "fee"),
        [
            (500_000_000, 200_000, 300_000),
            (500_000_001, 200_000, 500_000),
            (3_000_000_000, 400_000, 6_000_000),
        ],
    )
    def test_of_the_national_fund_depend_on_the_amount(
        self, amount: int, share: int, fee: int
    ) -> None:
        facts = {"guaranteed_amount_fen": amount, "nfgf_share_ppm": share}

        assert quote_fee(shipped("nfgf-scitech-2024"), facts=facts).fee_fen == fee

    def test_round_half_up_to_the_fen(self) -> None:
        pack = shipped("suzhou-xinbaodai")

        quotes = [quote_fee(pack, facts={"amount_fen": fen}).fee_fen for fen in (33, 34, 100)]

        assert quotes == [0, 1, 2]

    def test_are_refused_where_they_exceed_every_amount(self) -> None:
        facts = {
            "amount_fen": {"kind": "int", "unit": "fen", **words("amount")},
            "times": {"kind": "int", **words("times")},
        }
        fee = {
            "name": "fee",
            "title": words("fee"),
            "amount": "amount_fen",
            "portion": "times",
            "rate_ppm": 1_000_000,
        }
        pack = Pack.model_validate(pack_data(facts=facts, fees=[fee]))

        most = quote_fee(pack, facts={"amount_fen": MAX_FEN, "times": 1_000_000})
        with pytest.raises(ResultTooLarge):
            quote_fee(pack, facts={"amount_fen": MAX_FEN, "times": 1_000_001})

        assert most.fee_fen == MAX_FEN

    def test_are_refused_where_no_row_matches_or_none_exists(self) -> None:
        fee = {"name": "f", "title": words("f"), "amount": "size", "rate_ppm": 1}
        fee["when"] = [a_condition("size", "le", 1)]
        shown = {"kind": "fee", "name": "f", "on": "2026-03-02", "fee_fen": 0}
        pack = a_pack(
            facts={"size": {"kind": "int", **words("size")}},
            fees=[fee],
            examples=[*pack_data()["examples"], shown | {"facts": {"size": 1}}],
        )

        with pytest.raises(NoFee):
            quote_fee(pack, facts={"size": 2})
        with pytest.raises(SectionMissing):
            quote_fee(a_pack(), facts={})


def a_subsidy_pack(subsidy: dict[str, Any], *names: str) -> Pack:
    """A pack of whole-number facts with one subsidy, for the rules that later packs will use."""
    facts: dict[str, Any] = {name: {"kind": "int", **words(name)} for name in names}
    facts["level"] = {"kind": "word", "allowed": ["high", "low"], **words("level")}
    shown = {
        "kind": "subsidy",
        "name": "shape",
        "on": "2026-03-02",
        "facts": dict.fromkeys(names, 0) | {"level": "low"},
        "gross_fen": 0,
        "base_fen": 0,
        "subsidy_fen": 0,
    }
    return a_pack(
        parties=[],
        tiers=[],
        facts=facts,
        subsidies=[{"name": "s", "title": words("s"), **subsidy}],
        examples=[shown],
    )


def a_rate(rate_ppm: int, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"title": words("rate"), "rate_ppm": rate_ppm, "when": list(rows)}


def three(result: SubsidyResult) -> tuple[int, int, int]:
    return result.gross_fen, result.base_fen, result.subsidy_fen


class TestSubsidies:
    @pytest.mark.parametrize(
        ("quota", "qualified", "base", "subsidy"),
        [
            (700_000, True, 1_000_000, 700_000),
            (900_000, True, 1_000_000, 800_000),
            (0, True, 1_000_000, 0),
            (900_000, False, 0, 0),
        ],
    )
    def test_of_first_sets_follow_the_rule_of_2025(
        self,
        *,
        quota: int,
        qualified: bool,
        base: int,
        subsidy: int,
    ) -> None:
        facts = {
            "premium_paid_fen": 1_000_000 * YUAN,
            "quota_fen": quota * YUAN,
            "qualified_before_application": qualified,
        }

        result = quote_subsidy(shipped("first-set-2025"), facts=facts)

        assert three(result) == (1_000_000 * YUAN, base * YUAN, subsidy * YUAN)
        assert result.eligible is qualified
        assert result.trace[-1].step == "subsidy"

    def test_are_ceilings_and_round_down(self) -> None:
        facts = {"premium_paid_fen": 99, "quota_fen": 99, "qualified_before_application": True}

        assert quote_subsidy(shipped("first-set-2025"), facts=facts).subsidy_fen == 79

    @pytest.mark.parametrize(
        ("rate", "year", "expected"),
        [
            (28_000, 1, (1_120_000, 1_120_000, 896_000)),
            (35_000, 3, (1_400_000, 1_200_000, 960_000)),
            (28_000, 4, (1_120_000, 0, 0)),
        ],
    )
    def test_can_say_the_rule_of_2019(
        self, rate: int, year: int, expected: tuple[int, int, int]
    ) -> None:
        subsidy = {
            "amount": "limit",
            "rate": "rate",
            "rate_cap_ppm": 30_000,
            "eligibility": [a_condition("year", "le", 3), a_condition("level", "in", ["low"])],
            "rates": [a_rate(800_000)],
        }
        pack = a_subsidy_pack(subsidy, "limit", "rate", "year")

        facts = {"limit": 40_000_000 * YUAN, "rate": rate, "year": year, "level": "low"}
        result = quote_subsidy(pack, facts=facts)

        assert three(result) == tuple(fen * YUAN for fen in expected)

    @pytest.mark.parametrize(
        ("contract", "limit", "rate", "base", "subsidy"),
        [
            (120_000_000, 600_000_000, 20_000, 10_000_000, 8_000_000),
            (120_000_000, 600_000_000, 32_000, 15_000_000, 12_000_000),
            (80_000_000, 400_000_000, 20_000, 8_000_000, 6_400_000),
        ],
    )
    def test_can_say_the_rule_of_2017(
        self, contract: int, limit: int, rate: int, base: int, subsidy: int
    ) -> None:
        caps = [
            {"fact": "contract", "share_ppm": 5_000_000},
            {"fixed": 500_000_000 * YUAN},
        ]
        rule = {
            "amount": "limit",
            "rate": "rate",
            "amount_caps": caps,
            "rate_cap_ppm": 30_000,
            "rates": [a_rate(800_000, a_condition("level", "eq", "low"))],
        }
        pack = a_subsidy_pack(rule, "contract", "limit", "rate")

        facts = {"contract": contract * YUAN, "limit": limit * YUAN, "rate": rate, "level": "low"}
        result = quote_subsidy(pack, facts=facts)

        assert (result.base_fen, result.subsidy_fen) == (base * YUAN, subsidy * YUAN)

    def test_round_the_lowered_base_down(self) -> None:
        rule = {
            "amount": "limit",
            "rate": "rate",
            "rate_cap_ppm": 30_000,
            "rates": [a_rate(1_000_000)],
            "eligibility": [a_condition("level", "in", ["low"])],
        }
        pack = a_subsidy_pack(rule, "limit", "rate")

        result = quote_subsidy(pack, facts={"limit": 33, "rate": 35_000, "level": "low"})

        assert three(result) == (1, 0, 0)

    @pytest.mark.parametrize(("level", "subsidy"), [("high", 360_000), ("low", 280_000)])
    def test_can_say_a_rate_by_level(self, level: str, subsidy: int) -> None:
        rule = {
            "amount": "limit",
            "rate": "rate",
            "rate_cap_ppm": 20_000,
            "rates": [
                a_rate(900_000, a_condition("level", "eq", "high")),
                a_rate(700_000, a_condition("level", "eq", "low")),
            ],
        }
        pack = a_subsidy_pack(rule, "limit", "rate")

        facts = {"limit": 20_000_000 * YUAN, "rate": 25_000, "level": level}

        assert quote_subsidy(pack, facts=facts).subsidy_fen == subsidy * YUAN

    def test_are_nothing_where_no_rate_takes_the_case(self) -> None:
        rates = [a_rate(1_000_000, a_condition("level", "eq", "high"))]
        pack = a_subsidy_pack({"amount": "limit", "rates": rates}, "limit")

        result = quote_subsidy(pack, facts={"limit": 5, "level": "low"})

        assert (three(result), result.eligible) == ((5, 0, 0), False)

    def test_are_missing_from_a_pack_without_one(self) -> None:
        with pytest.raises(SectionMissing):
            quote_subsidy(a_pack(), facts={})
