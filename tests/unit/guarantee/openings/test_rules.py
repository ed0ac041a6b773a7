"""Rules of the openings: who makes a figure the base, and what becomes of the one before."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.guarantee.openings import rules
from services.guarantee.openings.rules import Opening, OpeningId, OpeningState
from services.guarantee.programmes.rules import Counters
from shared.errors import FourEyes, InvariantBroken
from tests.support.cases import TODAY

OPENING = Opening(
    id=OpeningId(UUID(int=1)),
    programme="sip-yuankedai",
    bank="bank-haizhou",
    year=2026,
    balance_fen=100,
    filed_by="maker",
    filed_on=TODAY,
)
COUNTERS = Counters(
    programme="sip-yuankedai", bank="bank-haizhou", year=2026, npl_principal_loss_fen=7
)


class TestFile:
    @pytest.mark.parametrize("year", [2025, 2026])
    def test_takes_a_year_that_has_begun(self, year: int) -> None:
        assert rules.file(replace(OPENING, year=year)).state is OpeningState.FILED

    def test_refuses_a_year_to_come(self) -> None:
        with pytest.raises(rules.YearNotBegun) as refused:
            rules.file(replace(OPENING, year=2027))

        assert [(v.field, v.limit, v.actual) for v in refused.value.violations] == [
            ("/year", 2026, 2027)
        ]


class TestConfirm:
    def test_makes_the_figure_the_base_and_keeps_what_was_counted(self) -> None:
        opening, counters, event = rules.confirm(OPENING, COUNTERS, by="checker", today=TODAY)

        assert (
            opening.state,
            opening.confirmed_by,
            opening.confirmed_on,
            opening.replaced_fen,
        ) == (
            OpeningState.CONFIRMED,
            "checker",
            TODAY,
            None,
        )
        assert (counters.base_fen, counters.npl_principal_loss_fen) == (100, 7)
        assert (event.bank, event.year, event.replaced_fen) == ("bank-haizhou", 2026, None)

    def test_of_a_correction_keeps_the_figure_that_it_replaces(self) -> None:
        opened = replace(COUNTERS, prior_year_end_balance_fen=0)

        opening, counters, event = rules.confirm(OPENING, opened, by="checker", today=TODAY)

        assert (opening.replaced_fen, counters.base_fen, event.replaced_fen) == (0, 100, 0)

    def test_of_the_whole_programme_names_no_bank(self) -> None:
        whole, counters = replace(OPENING, bank=""), replace(COUNTERS, bank="")

        _, _, event = rules.confirm(whole, counters, by="checker", today=TODAY)

        assert event.bank is None

    def test_is_another_persons(self) -> None:
        with pytest.raises(FourEyes):
            rules.confirm(OPENING, COUNTERS, by="maker", today=TODAY)

    @pytest.mark.parametrize("state", [OpeningState.CONFIRMED, OpeningState.SUPERSEDED])
    def test_happens_once_and_to_the_newest(self, state: OpeningState) -> None:
        with pytest.raises(rules.OpeningNotFiled):
            rules.confirm(replace(OPENING, state=state), COUNTERS, by="checker", today=TODAY)

    def test_moves_its_own_base_alone(self) -> None:
        other = replace(COUNTERS, year=2025)

        with pytest.raises(InvariantBroken):
            rules.confirm(OPENING, other, by="checker", today=date(2026, 3, 3))
