"""Rules of the what-if endpoints: refusals point at the field of the question."""

import pytest

from services.guarantee.quotes import rules
from shared.rulepack.errors import UnknownInput
from tests.support.packs import a_condition, a_pack, pack_data, shipped, words

METRICS = {"npl_principal_loss_fen": 1, "prior_year_end_balance_fen": 10}
AT_THE_LIMIT = {
    "kind": "terms",
    "name": "30 basis points above",
    "on": "2026-03-02",
    "facts": {"rate_ppm": 33_000},
    "benchmarks": {"1Y": 30_000},
}
BY_LPR = a_pack(
    examples=[*pack_data()["examples"], AT_THE_LIMIT],
    facts={"rate_ppm": {"kind": "int", "unit": "ppm", **words("rate")}},
    benchmarks={"1Y": words("LPR")},
    limits=[
        {
            "code": "rate",
            "require": a_condition("rate_ppm", "le", {"benchmark": "1Y", "plus": 3_000}),
        }
    ],
)


class TestRecovery:
    def test_refuses_a_party_that_stands_twice(self) -> None:
        with pytest.raises(rules.PartyTwice) as refused:
            rules.recovery([("bank", 1), ("pool", 2), ("bank", 3)], cash_fen=1, costs_fen=0)

        assert [v.field for v in refused.value.violations] == ["/borne/2/party"]

    def test_breaks_ties_in_the_order_given(self) -> None:
        shared = rules.recovery([("pool", 5), ("bank", 5)], cash_fen=1, costs_fen=0)

        assert [(leg.party, leg.amount_fen) for leg in shared.legs] == [("pool", 1), ("bank", 0)]


class TestTerms:
    @pytest.mark.parametrize(("rate", "accepted"), [(33_000, True), (33_001, False)])
    def test_measures_by_the_questions_lpr(self, rate: int, accepted: bool) -> None:  # noqa: FBT001 - a table of cases
        found = rules.terms(BY_LPR, facts={"rate_ppm": rate}, lpr={"1Y": 30_000})

        assert found.accepted is accepted

    def test_points_at_the_lpr_that_is_missing(self) -> None:
        with pytest.raises(UnknownInput) as refused:
            rules.terms(BY_LPR, facts={"rate_ppm": 1}, lpr={})

        assert [v.field for v in refused.value.violations] == ["/lpr/1Y"]


class TestBreaker:
    @pytest.mark.parametrize("scope", [None, {}, {"bank": "bank-haizhou", "programme": "p"}])
    def test_takes_a_scope_that_the_pack_measures_by(self, scope: dict[str, str] | None) -> None:
        found = rules.breaker(shipped("sip-yuankedai"), metrics=METRICS, scope=scope)

        assert found.state == "suspended"

    def test_names_a_scope_that_the_pack_does_not_know(self) -> None:
        with pytest.raises(rules.ScopeUnknown) as refused:
            rules.breaker(shipped("sip-yuankedai"), metrics=METRICS, scope={"county": "x"})

        assert [v.field for v in refused.value.violations] == ["/scope/county"]
