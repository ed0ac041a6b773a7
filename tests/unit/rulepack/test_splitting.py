"""A loss is split to the fen, stage by stage, and what comes back is shared by what was borne."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from shared.errors import DomainError
from shared.money import MAX_FEN, PPM
from shared.rulepack.errors import NoTier, SectionMissing, UnknownInput
from shared.rulepack.loader import pack_from_data
from shared.rulepack.pack import Pack
from shared.rulepack.splitting import (
    AmountRefused,
    SplitResult,
    split_loss,
    split_recovery,
)
from tests.support.packs import A_DAY, a_cap, a_pack, amounts, pack_data, shipped, words

YUAN = 100


def quote(
    pack: Pack,
    loss_fen: int,
    *,
    recovered_fen: int = 0,
    facts: Mapping[str, object] | None = None,
    counters: Mapping[str, object] | None = None,
    on: date = A_DAY,
) -> SplitResult:
    return split_loss(
        pack,
        on=on,
        loss_fen=loss_fen,
        recovered_fen=recovered_fen,
        facts=facts or {},
        counters=counters or {},
    )


def steps(result: SplitResult, code: str) -> list[dict[str, object]]:
    return [step.as_json() for step in result.trace if step.step == code]


def nfgf(*categories: str) -> dict[str, object]:
    return {"firm_categories": list(categories)}


class TestNationalPlan:
    @pytest.mark.parametrize(
        ("category", "millions"),
        [
            ("little_giant", (2_000_000, 4_000_000, 2_000_000, 2_000_000)),
            ("specialised_sme", (2_000_000, 4_000_000, 2_000_000, 2_000_000)),
            ("national_project_sme", (2_000_000, 4_000_000, 2_000_000, 2_000_000)),
            ("hnte", (2_000_000, 3_500_000, 2_000_000, 2_500_000)),
            ("points_selected_tech_sme", (2_000_000, 3_500_000, 2_000_000, 2_500_000)),
            ("tech_sme", (2_000_000, 3_000_000, 2_000_000, 3_000_000)),
            ("innovative_sme", (2_000_000, 3_000_000, 2_000_000, 3_000_000)),
        ],
    )
    def test_splits_by_the_tier_of_the_firm(self, category: str, millions: tuple[int, ...]) -> None:
        result = quote(shipped("nfgf-scitech-2024"), 10_000_000 * YUAN, facts=nfgf(category))

        assert [leg.party for leg in result.legs] == ["bank", "nfgf", "province", "guarantor"]
        assert tuple(leg.amount_fen for leg in result.legs) == tuple(m * YUAN for m in millions)

    def test_takes_the_best_tier_that_the_firm_reaches(self) -> None:
        facts = nfgf("tech_sme", "hnte", "little_giant", "ordinary_sme")

        assert quote(shipped("nfgf-scitech-2024"), 100, facts=facts).tier == "tier_40"

    @pytest.mark.parametrize("categories", [(), ("ordinary_sme",)])
    def test_refuses_a_firm_of_no_supported_class_and_says_why(
        self, categories: tuple[str, ...]
    ) -> None:
        with pytest.raises(NoTier) as caught:
            quote(shipped("nfgf-scitech-2024"), 100, facts=nfgf(*categories))

        assert [v.code for v in caught.value.violations] == [
            "tier_tier_40",
            "tier_tier_35",
            "tier_tier_30",
        ]

    @pytest.mark.parametrize(
        ("loss", "category", "expected"),
        [
            (100_000_001, "little_giant", (20_000_000, 40_000_001, 20_000_000, 20_000_000)),
            (333_333_333, "hnte", (66_666_667, 116_666_666, 66_666_667, 83_333_333)),
        ],
    )
    def test_gives_odd_fen_to_the_largest_remainders(
        self, loss: int, category: str, expected: tuple[int, ...]
    ) -> None:
        result = quote(shipped("nfgf-scitech-2024"), loss, facts=nfgf(category))

        assert tuple(leg.amount_fen for leg in result.legs) == expected
        odd = [step["party"] for step in steps(result, "rounding")]
        floors = {"nfgf"} if category == "little_giant" else {"bank", "province"}
        assert set(odd) == floors

    def test_caps_the_national_fund_by_the_compensation_rate_of_whole_claims(self) -> None:
        result = quote(
            shipped("nfgf-scitech-2024"),
            1_000_000 * YUAN,
            facts=nfgf("specialised_sme"),
            counters={
                "rate_cap_base_fen": 200_000_000 * YUAN,
                "claims_paid_this_year_fen": 9_600_000 * YUAN,
            },
        )

        assert amounts(result) == {
            "bank": 200_000 * YUAN,
            "nfgf": 160_000 * YUAN,
            "province": 200_000 * YUAN,
            "guarantor": 440_000 * YUAN,
        }
        assert result.counter_moves == {"claims_paid_this_year_fen": 1_000_000 * YUAN}
        assert result.caps_not_applied == ()

    def test_leaves_the_national_fund_out_once_a_cap_of_4_percent_is_full(self) -> None:
        pack = shipped("nfgf-scitech-2024")
        limit = pack.caps[0].limit.model_copy(update={"share_ppm": 40_000})
        lower = pack.model_copy(
            update={"caps": (pack.caps[0].model_copy(update={"limit": limit}),)}
        )

        result = quote(
            lower,
            1_000_000 * YUAN,
            facts=nfgf("specialised_sme"),
            counters={
                "rate_cap_base_fen": 200_000_000 * YUAN,
                "claims_paid_this_year_fen": 9_600_000 * YUAN,
            },
        )

        assert amounts(result)["nfgf"] == 0
        assert amounts(result)["guarantor"] == 600_000 * YUAN

    def test_says_that_a_cap_without_counters_was_not_applied(self) -> None:
        result = quote(shipped("nfgf-scitech-2024"), 100, facts=nfgf("hnte"))

        assert result.caps_not_applied == ("compensation_rate",)
        assert steps(result, "cap_not_applied")[0]["missing"] == [
            "rate_cap_base_fen",
            "claims_paid_this_year_fen",
        ]


class TestSuzhou:
    def test_splits_65_20_15(self) -> None:
        result = quote(shipped("suzhou-xinbaodai"), 2_000_000 * YUAN)

        assert amounts(result) == {
            "bank": 400_000 * YUAN,
            "guarantor": 300_000 * YUAN,
            "pool": 1_300_000 * YUAN,
        }

    def test_shares_what_comes_back_after_costs(self) -> None:
        borne = amounts(quote(shipped("suzhou-xinbaodai"), 2_000_000 * YUAN))

        back = split_recovery(borne, cash_fen=800_000 * YUAN, costs_fen=50_000 * YUAN)

        assert amounts(back) == {
            "bank": 150_000 * YUAN,
            "guarantor": 112_500 * YUAN,
            "pool": 487_500 * YUAN,
        }
        assert (back.costs_paid_fen, back.surplus_fen) == (50_000 * YUAN, 0)


class TestIndustrialPark:
    def split(self, loss_fen: int, paid_fen: int) -> SplitResult:
        counters = {
            "prior_year_end_balance_fen": 80_000_000 * YUAN,
            "pool_paid_this_year_fen": paid_fen,
        }
        return quote(shipped("sip-yuankedai"), loss_fen, counters=counters)

    def test_puts_what_the_pool_cannot_bear_on_bank_and_guarantor(self) -> None:
        result = self.split(3_000_000 * YUAN, 7_500_000 * YUAN)

        legs = {leg.party: leg for leg in result.legs}
        pool = legs["pool"]
        assert (pool.base_fen, pool.capped_fen, pool.overflow_fen) == (
            150_000_000,
            50_000_000,
            0,
        )
        assert legs["bank"].overflow_fen == 600_000 * YUAN
        assert legs["guarantor"].overflow_fen == 400_000 * YUAN
        assert amounts(result) == {
            "bank": 900_000 * YUAN,
            "guarantor": 1_600_000 * YUAN,
            "pool": 500_000 * YUAN,
        }
        assert result.counter_moves == {"pool_paid_this_year_fen": 500_000 * YUAN}

    def test_shares_what_comes_back_by_what_was_borne(self) -> None:
        borne = amounts(self.split(3_000_000 * YUAN, 7_500_000 * YUAN))

        assert amounts(split_recovery(borne, cash_fen=77_777_777)) == {
            "bank": 23_333_333,
            "guarantor": 41_481_481,
            "pool": 12_962_963,
        }

    @pytest.mark.parametrize("paid", [8_000_000 * YUAN, 9_000_000 * YUAN])
    def test_leaves_the_pool_out_once_its_cap_is_full(self, paid: int) -> None:
        assert amounts(self.split(1_000_000 * YUAN, paid))["pool"] == 0

    def test_does_not_limit_the_pool_at_exactly_its_cap(self) -> None:
        result = self.split(16_000_000 * YUAN, 0)

        assert amounts(result)["pool"] == 8_000_000 * YUAN
        assert steps(result, "overflow") == []

    def test_refuses_a_cap_with_half_of_its_counters(self) -> None:
        with pytest.raises(UnknownInput) as caught:
            quote(
                shipped("sip-yuankedai"),
                100,
                counters={"prior_year_end_balance_fen": 8_000_000_000},
            )

        assert [v.field for v in caught.value.violations] == ["/counters/pool_paid_this_year_fen"]


class TestSplitLoss:
    def test_takes_off_what_already_came_back(self) -> None:
        result = quote(a_pack(), 1_000, recovered_fen=900)

        assert result.eligible_loss_fen == 100
        assert amounts(result) == {"left": 40, "right": 60}

    def test_splits_nothing_into_nothing(self) -> None:
        assert amounts(quote(a_pack(), 0)) == {"left": 0, "right": 0}

    @pytest.mark.parametrize(
        ("loss", "recovered", "field"),
        [
            (-1, 0, "/loss_fen"),
            (MAX_FEN + 1, 0, "/loss_fen"),
            (True, 0, "/loss_fen"),
            (1, -1, "/recovered_fen"),
            (1, 2, "/recovered_fen"),
        ],
    )
    def test_refuses_amounts_that_make_no_sense(
        self, loss: int, recovered: int, field: str
    ) -> None:
        with pytest.raises(AmountRefused) as caught:
            quote(a_pack(), loss, recovered_fen=recovered)

        assert caught.value.violations[0].field == field

    def test_refuses_a_pack_without_shares(self) -> None:
        with pytest.raises(SectionMissing):
            quote(shipped("first-set-2025"), 100)

    @pytest.mark.parametrize(
        ("facts", "field", "code"),
        [
            ({}, "/facts/firm_categories", "missing_fact"),
            ({"firm_categories": ["hnte"], "x": 1}, "/facts/x", "unknown_fact"),
            ({"firm_categories": "hnte"}, "/facts/firm_categories", "wrong_kind"),
            ({"firm_categories": [1]}, "/facts/firm_categories", "wrong_kind"),
            ({"firm_categories": ["hnt"]}, "/facts/firm_categories", "word_not_allowed"),
        ],
    )
    def test_refuses_facts_by_name(self, facts: dict[str, object], field: str, code: str) -> None:
        with pytest.raises(UnknownInput) as caught:
            quote(shipped("nfgf-scitech-2024"), 100, facts=facts)

        assert [(v.field, v.code) for v in caught.value.violations] == [(field, code)]

    def test_takes_facts_of_other_questions_of_the_pack(self) -> None:
        facts = nfgf("hnte") | {"bank_share_ppm": 200_000}

        assert quote(shipped("nfgf-scitech-2024"), 100, facts=facts).tier == "tier_35"

    @pytest.mark.parametrize("counters", [{"x": 1}, {"claims_paid_this_year_fen": -1}])
    def test_refuses_counters_by_name(self, counters: dict[str, object]) -> None:
        with pytest.raises(UnknownInput):
            quote(shipped("nfgf-scitech-2024"), 100, facts=nfgf("hnte"), counters=counters)

    def test_says_when_the_day_lies_outside_the_period(self) -> None:
        early = quote(a_pack(), 100, on=date(2025, 12, 31))

        assert steps(early, "rule_pack")[0]["in_force"] is False
        assert steps(quote(a_pack(), 100), "rule_pack")[0]["in_force"] is True

    def test_gives_the_same_digest_for_the_same_inputs_alone(self) -> None:
        first, again, other = (quote(a_pack(), loss) for loss in (100, 100, 101))

        assert first.digest == again.digest
        assert first.digest != other.digest
        assert first.pack.digest == a_pack().digest

    def test_explains_so_that_every_row_adds_up(self) -> None:
        pack = shipped("nfgf-scitech-2024")
        counters = {"rate_cap_base_fen": 1_000, "claims_paid_this_year_fen": 0}

        result = quote(pack, 333, facts=nfgf("hnte"), counters=counters)

        turned_away = sum(leg.base_fen - leg.capped_fen for leg in result.legs)
        told = [step["amount_fen"] for step in steps(result, "overflow")]
        assert told == [turned_away]
        assert all(step.zh and step.en for step in result.trace)

    def test_lowers_a_party_by_every_cap_in_declared_order(self) -> None:
        pack = a_pack(
            caps=[
                a_cap(name="first", limit={"fixed": 50}),
                a_cap(name="second", limit={"fixed": 30}),
                a_cap(name="third", limit={"fixed": 40}),
            ],
            overflow={"right": {"left": PPM}},
        )

        result = quote(pack, 100)

        told = [(s["cap"], s["before_fen"], s["after_fen"]) for s in steps(result, "cap")]
        assert told == [("first", 60, 50), ("second", 50, 30), ("third", 30, 30)]
        assert amounts(result) == {"left": 70, "right": 30}


def a_cascade(caps: Mapping[str, int]) -> Pack:
    """Three parties of a third each: ``one`` overflows into ``two``, and ``two`` into ``rest``."""
    overflow = {"one": {"two": PPM}, "two": {"rest": PPM}}
    return pack_from_data(
        pack_data(
            parties=[{"name": name, **words(name)} for name in ("rest", "two", "one")],
            tiers=[
                {
                    "name": "all",
                    "title": words("all"),
                    "shares": {"one": 300_000, "two": 300_000, "rest": 400_000},
                }
            ],
            caps=[a_cap(party, limit={"fixed": fen}) for party, fen in caps.items()],
            overflow={party: overflow[party] for party in caps},
        )
    )


class TestCascade:
    def test_passes_on_what_the_receiver_cannot_take_either(self) -> None:
        result = quote(a_cascade({"one": 100, "two": 350}), 1_000)

        legs = {leg.party: leg for leg in result.legs}
        assert (legs["two"].capped_fen, legs["two"].overflow_fen) == (300, 50)
        assert amounts(result) == {"one": 100, "two": 350, "rest": 550}

    def test_passes_on_everything_where_the_receiver_is_itself_above_its_cap(self) -> None:
        result = quote(a_cascade({"two": 250, "one": 100}), 1_000)

        assert amounts(result) == {"one": 100, "two": 250, "rest": 650}
        told = steps(result, "overflow")[-1]
        assert (told["from_base_fen"], told["passed_on_fen"]) == (50, 200)

    def test_keeps_all_with_a_receiver_that_has_no_cap(self) -> None:
        assert amounts(quote(a_cascade({"one": 100}), 1_000)) == {
            "one": 100,
            "two": 500,
            "rest": 400,
        }


class TestOddFen:
    def test_is_not_taken_by_a_rate_cap_that_the_case_just_fits(self) -> None:
        pack = a_pack(
            caps=[a_cap(kind="rate_cap", limit={"fixed": 1}, used="used_fen")],
            counters={"used_fen": words("used")},
            overflow={"right": {"left": PPM}},
        )

        assert amounts(quote(pack, 1, counters={"used_fen": 0})) == {"left": 0, "right": 1}

    def test_of_an_overflow_goes_by_the_order_of_parties_not_of_the_table(self) -> None:
        parties = [{"name": name, **words(name)} for name in ("one", "two", "capped")]
        shares = {"one": 0, "two": 0, "capped": 1_000_000}
        pack = pack_from_data(
            pack_data(
                parties=parties,
                tiers=[{"name": "all", "title": words("all"), "shares": shares}],
                caps=[a_cap("capped", limit={"fixed": 0})],
                overflow={"capped": {"two": 500_000, "one": 500_000}},
            )
        )

        assert amounts(quote(pack, 1)) == {"one": 1, "two": 0, "capped": 0}


class TestSplitRecovery:
    BORNE: Mapping[str, int] = {"left": 40, "right": 60}

    @pytest.mark.parametrize(
        ("cash", "costs", "expected"),
        [
            (0, 0, ({"left": 0, "right": 0}, 0, 0)),
            (50, 0, ({"left": 20, "right": 30}, 0, 0)),
            (50, 50, ({"left": 0, "right": 0}, 50, 0)),
            (50, 70, ({"left": 0, "right": 0}, 50, 0)),
            (150, 10, ({"left": 40, "right": 60}, 10, 40)),
        ],
    )
    def test_pays_costs_then_losses_then_leaves_a_surplus(
        self, cash: int, costs: int, expected: tuple[dict[str, int], int, int]
    ) -> None:
        back = split_recovery(self.BORNE, cash_fen=cash, costs_fen=costs)

        assert (amounts(back), back.costs_paid_fen, back.surplus_fen) == expected

    def test_leaves_all_as_surplus_where_nobody_bore_anything(self) -> None:
        assert split_recovery({}, cash_fen=5).surplus_fen == 5
        assert split_recovery({"left": 0}, cash_fen=5).surplus_fen == 5

    def test_never_pays_a_party_above_its_loss_over_many_small_recoveries(self) -> None:
        borne = {"one": 1, "two": 1, "three": 1}
        received = dict.fromkeys(borne, 0)

        for _ in range(3):
            back = split_recovery(borne, cash_fen=1, recovered_before=received)
            received = {leg.party: received[leg.party] + leg.amount_fen for leg in back.legs}

        assert received == borne

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"cash_fen": -1}, "/cash_fen"),
            ({"cash_fen": 1, "costs_fen": -1}, "/costs_fen"),
            ({"cash_fen": 1, "recovered_before": {"left": 41}}, "/recovered_before/left"),
            ({"cash_fen": 1, "recovered_before": {"nobody": 1}}, "/recovered_before/nobody"),
        ],
    )
    def test_refuses_amounts_that_make_no_sense(
        self, arguments: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(AmountRefused) as caught:
            split_recovery(self.BORNE, **arguments)

        assert caught.value.violations[0].field == field

    def test_refuses_a_negative_loss(self) -> None:
        with pytest.raises(DomainError):
            split_recovery({"left": -1}, cash_fen=1)
