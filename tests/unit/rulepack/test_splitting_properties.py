"""What holds for every split: conservation, caps, one fen before caps, recovery within the loss."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.money import PPM, Money
from shared.rulepack.fields import Words
from shared.rulepack.pack import Cap, Quantity
from shared.rulepack.splitting import split_recovery
from shared.rulepack.stages import CapRoom, Division, divide

PARTIES = ("one", "two", "three", "four", "five")
FEN = st.one_of(st.integers(0, 1_000), st.integers(0, 10**15))


@dataclass(frozen=True)
class Case:
    """A split with caps on some parties; overflow runs towards earlier parties, so in no circle."""

    loss: int
    shares: Mapping[str, int]
    rooms: tuple[CapRoom, ...]
    overflow: Mapping[str, Mapping[str, int]]

    def divide(self, more: int = 0) -> Division:
        return divide(Money(self.loss + more), self.shares, self.rooms, self.overflow)

    def rooms_of(self, party: str) -> list[CapRoom]:
        return [room for room in self.rooms if room.cap.party == party]


@st.composite
def shares(draw: st.DrawFn) -> dict[str, int]:
    count = draw(st.integers(1, len(PARTIES)))
    cuts = sorted(draw(st.lists(st.integers(0, PPM), min_size=count - 1, max_size=count - 1)))
    edges = [0, *cuts, PPM]
    parts = [high - low for low, high in pairwise(edges)]
    return dict(zip(PARTIES, parts, strict=False))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    by_party = draw(shares())
    names = list(by_party)
    rooms: list[CapRoom] = []
    overflow: dict[str, dict[str, int]] = {}
    # The first party has no cap, so that whatever overflows finds an end.
    for i, party in enumerate(names[1:], 1):
        for kind in draw(st.lists(st.sampled_from(["per_case", "rate_cap"]), max_size=2)):
            cap = Cap(
                name="cap",
                party=party,
                kind="rate_cap" if kind == "rate_cap" else "per_case",
                limit=Quantity(fixed=0),
                why=Words(zh="上限", en="cap"),
            )
            rooms.append(CapRoom(cap, draw(FEN), draw(FEN)))
            receivers = draw(st.lists(st.sampled_from(names[:i]), min_size=1, unique=True))
            overflow[party] = {name: draw(st.integers(1, PPM)) for name in receivers}
    return Case(draw(FEN), by_party, tuple(rooms), overflow)


class TestDivide:
    @given(cases())
    def test_conserves_the_loss_at_every_stage(self, case: Case) -> None:
        division = case.divide()

        assert sum(leg.base_fen for leg in division.legs) == case.loss
        assert sum(leg.amount_fen for leg in division.legs) == case.loss
        for stage in division.overflows:
            assert sum(p.amount_fen for p in stage.received.values()) == stage.amount_fen

    @given(cases())
    def test_leaves_no_leg_below_nothing(self, case: Case) -> None:
        for leg in case.divide().legs:
            assert 0 <= leg.capped_fen <= leg.base_fen
            assert leg.overflow_fen >= 0

    @given(cases())
    def test_never_exceeds_a_cap(self, case: Case) -> None:
        for leg in case.divide().legs:
            for room in case.rooms_of(leg.party):
                if room.cap.kind == "per_case":
                    assert leg.amount_fen <= room.room_fen
                elif case.loss > room.room_fen:
                    assert leg.amount_fen <= Fraction(room.room_fen * leg.share_ppm, PPM)

    @given(cases())
    def test_stays_within_one_fen_of_the_exact_share_before_caps(self, case: Case) -> None:
        for leg in case.divide().legs:
            assert abs(leg.base_fen - Fraction(case.loss * leg.share_ppm, PPM)) < 1

    @given(cases())
    def test_moves_at_most_one_fen_off_a_base_leg_for_one_more_fen_of_loss(
        self, case: Case
    ) -> None:
        before, after = case.divide(), case.divide(more=1)

        for old, new in zip(before.legs, after.legs, strict=True):
            assert new.base_fen >= old.base_fen - 1

    @given(cases())
    def test_gives_overflow_to_named_parties_alone(self, case: Case) -> None:
        named = {name for weights in case.overflow.values() for name in weights}

        for leg in case.divide().legs:
            assert leg.overflow_fen == 0 or leg.party in named

    @given(cases())
    def test_changes_nothing_where_no_cap_binds(self, case: Case) -> None:
        division = case.divide()

        if not any(stage.binds for stage in division.caps):
            assert all(leg.amount_fen == leg.base_fen for leg in division.legs)

    @given(cases(), st.permutations(PARTIES))
    def test_lets_the_declared_order_move_the_odd_fen_alone(
        self, case: Case, order: list[str]
    ) -> None:
        reordered = {name: case.shares[name] for name in order if name in case.shares}

        straight = {leg.party: leg.base_fen for leg in case.divide().legs}
        shuffled = divide(Money(case.loss), reordered, (), {})

        for leg in shuffled.legs:
            assert abs(leg.base_fen - straight[leg.party]) <= 1


BORNE = st.dictionaries(st.sampled_from(PARTIES), FEN, max_size=5)


class TestRecovery:
    @given(BORNE, FEN, FEN)
    def test_conserves_the_cash(self, borne: dict[str, int], cash: int, costs: int) -> None:
        back = split_recovery(borne, cash_fen=cash, costs_fen=costs)

        legs = sum(leg.amount_fen for leg in back.legs)
        assert legs + back.costs_paid_fen + back.surplus_fen == cash
        assert back.costs_paid_fen == min(cash, costs)

    @given(BORNE, FEN, FEN)
    def test_never_pays_a_party_above_what_it_bore(
        self, borne: dict[str, int], cash: int, costs: int
    ) -> None:
        back = split_recovery(borne, cash_fen=cash, costs_fen=costs)

        assert all(0 <= leg.amount_fen <= borne[leg.party] for leg in back.legs)

    @given(BORNE, FEN, FEN)
    def test_leaves_a_surplus_only_when_every_loss_is_made_good(
        self, borne: dict[str, int], cash: int, costs: int
    ) -> None:
        back = split_recovery(borne, cash_fen=cash, costs_fen=costs)

        if back.surplus_fen:
            assert {leg.party: leg.amount_fen for leg in back.legs} == borne

    @given(BORNE, st.lists(FEN, max_size=8))
    def test_never_pays_a_party_above_what_it_bore_over_several_recoveries(
        self, borne: dict[str, int], receipts: list[int]
    ) -> None:
        received = dict.fromkeys(borne, 0)

        for cash in receipts:
            back = split_recovery(borne, cash_fen=cash, recovered_before=received)
            received = {leg.party: received[leg.party] + leg.amount_fen for leg in back.legs}

        assert all(received[party] <= borne[party] for party in borne)
        assert sum(received.values()) == min(sum(receipts), sum(borne.values()))
