"""The rules of the pilot policies: premium, shares, binding, payment."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insurance.policies.rules import (
    LeadMustCall,
    LimitBelowValue,
    NotTheLead,
    PolicyState,
    PolicyStateConflict,
    PremiumDiffers,
    PremiumTooSmall,
    QualificationNotInForce,
    SharesRefused,
    bind,
    least_limit,
    pay_premium,
    premium_of,
    share_premium,
)
from shared.money import PPM, Money
from tests.support.pilots import (
    LEAD,
    PREMIUM_FEN,
    SECOND,
    THIRD,
    TODAY,
    a_policy,
    a_qualification,
)

A_DAY = timedelta(days=1)
CUTS = st.lists(st.integers(1, PPM - 1), unique=True, max_size=9).map(sorted)


class TestPremium:
    @pytest.mark.parametrize(
        ("limit_fen", "rate_ppm", "premium_fen"),
        [
            (4_000_000_000, 28_000, 112_000_000),
            (4_000_000_000, 35_000, 140_000_000),
            (1, 500_000, 1),
            (1, 499_999, 0),
            (3, 500_000, 2),
            (10**15, 1_000_000, 10**15),
            (10**15, 0, 0),
        ],
    )
    def test_is_limit_times_rate_half_up(
        self, limit_fen: int, rate_ppm: int, premium_fen: int
    ) -> None:
        premium = premium_of(liability_limit_fen=limit_fen, rate_ppm=rate_ppm)

        assert premium == Money(premium_fen)


class TestShares:
    def test_split_the_premium_in_declared_order(self) -> None:
        parts = share_premium(Money(112_000_001), [(SECOND, 500_000), (LEAD, 500_000)])

        assert [(part.insurer, part.premium_fen) for part in parts] == [
            (SECOND, 56_000_001),
            (LEAD, 56_000_000),
        ]

    @given(premium_fen=st.integers(0, 10**15), cuts=CUTS)
    def test_conserve_every_premium(self, premium_fen: int, cuts: list[int]) -> None:
        edges = [0, *cuts, PPM]
        shares = [(f"i{n}", edges[n + 1] - edges[n]) for n in range(len(edges) - 1)]

        parts = share_premium(Money(premium_fen), shares)

        assert sum(part.premium_fen for part in parts) == premium_fen
        for part, (name, share) in zip(parts, shares, strict=True):
            assert (part.insurer, part.share_ppm) == (name, share)
            assert abs(part.premium_fen * PPM - premium_fen * share) < PPM

    @pytest.mark.parametrize(
        "shares",
        [
            [],
            [(LEAD, PPM - 1)],
            [(LEAD, PPM), (SECOND, 1)],
            [(LEAD, 500_000), (LEAD, 500_000)],
            [(LEAD, PPM), (LEAD, PPM)],
        ],
    )
    def test_make_one_whole_and_name_each_insurer_once(self, shares: list[tuple[str, int]]) -> None:
        with pytest.raises(SharesRefused) as refused:
            share_premium(Money(100), shares, field="/shares")

        assert [v.field for v in refused.value.violations] == ["/shares"]


class TestBinding:
    def test_tells_who_insures_what_for_how_much(self) -> None:
        bound, event = bind(a_policy(), a_qualification(), by=LEAD)

        assert bound == a_policy()
        assert (event.lead_insurer, event.premium_fen) == (LEAD, PREMIUM_FEN)
        assert event.co_insurers == bound.co_insurers
        assert sum(part.premium_fen for part in event.co_insurers) == event.premium_fen

    @pytest.mark.parametrize("by", [SECOND, THIRD, "insurer-elsewhere"])
    def test_is_the_lead_insurers(self, by: str) -> None:
        with pytest.raises(LeadMustCall):
            bind(a_policy(), a_qualification(), by=by)

    @pytest.mark.parametrize("day", [TODAY - A_DAY, date(2027, 3, 2)])
    def test_needs_a_qualification_in_force(self, day: date) -> None:
        with pytest.raises(QualificationNotInForce):
            bind(a_policy(bound_on=day), a_qualification(), by=LEAD)

    def test_refuses_a_premium_of_nothing(self) -> None:
        with pytest.raises(PremiumTooSmall):
            bind(a_policy(premium_fen=0), a_qualification(), by=LEAD)

    @pytest.mark.parametrize(
        ("kind", "value_fen", "least_fen"),
        [
            ("whole", 500_000_000, 500_000_000),
            ("key_part", 500_000_000, 1_000_000_000),
            ("key_part", 1, 2),
        ],
    )
    def test_wants_a_limit_of_the_value_and_twice_it_for_a_key_part(
        self, kind: str, value_fen: int, least_fen: int
    ) -> None:
        recognised = a_qualification(equipment_kind=kind, equipment_value_fen=value_fen)

        assert least_limit(recognised) == least_fen
        bind(a_policy(liability_limit_fen=least_fen), recognised, by=LEAD)
        with pytest.raises(LimitBelowValue) as refused:
            bind(a_policy(liability_limit_fen=least_fen - 1), recognised, by=LEAD)
        (violation,) = refused.value.violations
        assert (violation.limit, violation.actual) == (least_fen, least_fen - 1)


class TestPayment:
    def test_moves_the_policy_and_tells_it(self) -> None:
        day = TODAY + A_DAY

        paid, event = pay_premium(
            a_policy(), amount_fen=PREMIUM_FEN, paid_on=day, by=LEAD, today=day
        )

        assert paid == a_policy(state=PolicyState.PREMIUM_PAID, paid_on=day)
        assert (event.premium_fen, event.paid_on) == (PREMIUM_FEN, day)

    @pytest.mark.parametrize(
        ("amount_fen", "paid_on", "fields"),
        [
            (PREMIUM_FEN - 1, TODAY, ["/amount_fen"]),
            (PREMIUM_FEN + 1, TODAY, ["/amount_fen"]),
            (PREMIUM_FEN, TODAY - A_DAY, ["/paid_on"]),
            (PREMIUM_FEN, TODAY + 2 * A_DAY, ["/paid_on"]),
            (0, TODAY - A_DAY, ["/amount_fen", "/paid_on"]),
        ],
    )
    def test_names_all_that_differs(
        self, amount_fen: int, paid_on: date, fields: list[str]
    ) -> None:
        with pytest.raises(PremiumDiffers) as refused:
            pay_premium(
                a_policy(), amount_fen=amount_fen, paid_on=paid_on, by=LEAD, today=TODAY + A_DAY
            )

        assert [v.field for v in refused.value.violations] == fields

    def test_happens_once(self) -> None:
        paid = a_policy(state=PolicyState.PREMIUM_PAID, paid_on=TODAY)

        with pytest.raises(PolicyStateConflict):
            pay_premium(paid, amount_fen=PREMIUM_FEN, paid_on=TODAY, by=LEAD, today=TODAY)

    @pytest.mark.parametrize("by", [SECOND, THIRD, "insurer-elsewhere"])
    def test_is_recorded_by_the_lead(self, by: str) -> None:
        with pytest.raises(NotTheLead):
            pay_premium(a_policy(), amount_fen=PREMIUM_FEN, paid_on=TODAY, by=by, today=TODAY)
