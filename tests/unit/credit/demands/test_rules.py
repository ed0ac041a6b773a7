"""The rules of the financing demands: every state and command, offers, terms."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from services.credit.demands.rules import (
    Demand,
    DemandNotAccepted,
    DemandNotOpen,
    DemandState,
    OfferAboveDemand,
    OfferExists,
    OfferId,
    OfferNotFound,
    TermsAboveOffer,
    accept_offer,
    contract,
    make_offer,
    submit,
)
from shared.errors import DomainError
from tests.support.lending import OFFER, a_demand, an_offer

SUBMITTED, OFFERED, ACCEPTED, CONTRACTED = DemandState
COMMANDS: dict[str, Callable[[Demand], Demand]] = {
    "make_offer": lambda demand: make_offer(
        demand, an_offer(id=OfferId(UUID(int=99)), bank="bank-ganyu")
    )[0],
    "accept_offer": lambda demand: accept_offer(demand, OFFER)[0],
    "contract": lambda demand: contract(
        demand, bank="bank-haizhou", amount_fen=400_000_000, rate_ppm=38_000
    ),
}
OUTCOMES: dict[tuple[DemandState, str], DemandState | type[DomainError]] = {
    (SUBMITTED, "make_offer"): OFFERED,
    (SUBMITTED, "accept_offer"): OfferNotFound,
    (SUBMITTED, "contract"): DemandNotAccepted,
    (OFFERED, "make_offer"): OFFERED,
    (OFFERED, "accept_offer"): ACCEPTED,
    (OFFERED, "contract"): DemandNotAccepted,
    (ACCEPTED, "make_offer"): DemandNotOpen,
    (ACCEPTED, "accept_offer"): DemandNotOpen,
    (ACCEPTED, "contract"): CONTRACTED,
    (CONTRACTED, "make_offer"): DemandNotOpen,
    (CONTRACTED, "accept_offer"): DemandNotOpen,
    (CONTRACTED, "contract"): DemandNotAccepted,
}


class TestStates:
    def test_are_all_tried_with_every_command(self) -> None:
        assert set(OUTCOMES) == {(state, name) for state in DemandState for name in COMMANDS}

    @pytest.mark.parametrize(("state", "command"), OUTCOMES)
    def test_move_or_refuse(self, state: DemandState, command: str) -> None:
        outcome, demand = OUTCOMES[state, command], a_demand(state)

        if isinstance(outcome, DemandState):
            assert COMMANDS[command](demand).state is outcome
            return
        with pytest.raises(outcome):
            COMMANDS[command](demand)


class TestSubmitting:
    def test_tells_what_is_asked(self) -> None:
        demand, event = submit(a_demand())

        assert demand == a_demand()
        assert (event.demand_id, event.amount_fen, event.tenor_months, event.purpose) == (
            demand.id,
            400_000_000,
            12,
            "研发",
        )


class TestOffers:
    def test_stand_oldest_first_and_one_per_bank(self) -> None:
        other = an_offer(id=OfferId(UUID(int=99)), bank="bank-ganyu")

        demand, event = make_offer(a_demand(OFFERED), other)

        assert [made.bank for made in demand.offers] == ["bank-haizhou", "bank-ganyu"]
        assert (event.offer_id, event.bank, event.rate_ppm) == (other.id, "bank-ganyu", 38_000)
        with pytest.raises(OfferExists):
            make_offer(demand, replace(other, id=OfferId(UUID(int=98))))

    def test_are_not_above_what_is_asked(self) -> None:
        with pytest.raises(OfferAboveDemand) as refused:
            make_offer(a_demand(), an_offer(amount_fen=400_000_001))

        (violation,) = refused.value.violations
        assert (violation.field, violation.limit, violation.actual) == (
            "/amount_fen",
            400_000_000,
            400_000_001,
        )

    def test_are_accepted_by_id(self) -> None:
        demand, event = accept_offer(a_demand(OFFERED), OFFER)

        assert demand.accepted == event.offer_id == OFFER
        assert event.bank == "bank-haizhou"
        with pytest.raises(OfferNotFound):
            accept_offer(a_demand(OFFERED), UUID(int=404))


class TestContract:
    @pytest.mark.parametrize(
        ("amount_fen", "rate_ppm", "fields"),
        [
            (400_000_000, 38_000, []),
            (1, 0, []),
            (400_000_001, 38_000, ["/amount_fen"]),
            (400_000_000, 38_001, ["/rate_ppm"]),
            (400_000_001, 38_001, ["/amount_fen", "/rate_ppm"]),
        ],
    )
    def test_asks_no_more_than_the_offer(
        self, amount_fen: int, rate_ppm: int, fields: list[str]
    ) -> None:
        demand = a_demand(ACCEPTED)

        if not fields:
            made = contract(demand, bank="bank-haizhou", amount_fen=amount_fen, rate_ppm=rate_ppm)
            assert made == replace(demand, state=CONTRACTED)
            return
        with pytest.raises(TermsAboveOffer) as refused:
            contract(demand, bank="bank-haizhou", amount_fen=amount_fen, rate_ppm=rate_ppm)
        assert [v.field for v in refused.value.violations] == fields

    def test_is_the_accepted_banks(self) -> None:
        with pytest.raises(DemandNotAccepted):
            contract(a_demand(ACCEPTED), bank="bank-ganyu", amount_fen=1, rate_ppm=0)
