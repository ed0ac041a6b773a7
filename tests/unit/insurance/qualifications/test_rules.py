"""The rules of the pilot qualifications."""

from datetime import date, timedelta

import pytest

from services.insurance.qualifications.rules import PilotPeriodInvalid, confirm, take_quota
from shared.errors import InvariantBroken
from tests.support.pilots import TODAY, a_qualification

A_DAY = timedelta(days=1)


class TestHolding:
    @pytest.mark.parametrize(
        ("day", "holds"),
        [
            (date(2026, 3, 1), False),
            (date(2026, 3, 2), True),
            (date(2027, 3, 1), True),
            (date(2027, 3, 2), False),
        ],
    )
    def test_lasts_from_the_first_day_to_the_one_before_the_last(
        self, day: date, *, holds: bool
    ) -> None:
        assert a_qualification().holds_on(day) is holds


class TestConfirm:
    def test_tells_what_was_recognised(self) -> None:
        given = a_qualification()

        confirmed, event = confirm(given, today=TODAY)

        assert confirmed == given
        assert event.model_dump() == {
            "qualification_id": given.id,
            "uscc": given.uscc.code,
            "pilot": "first_set",
            "product": given.product,
            "quota_fen": 70_000_000,
            "confirmed_by": "dept-gx",
            "valid_from": given.valid_from,
            "valid_to": given.valid_to,
        }

    @pytest.mark.parametrize(
        ("valid_from", "valid_to", "accepted"),
        [
            (TODAY, TODAY + A_DAY, True),
            (TODAY, TODAY, False),
            (TODAY - A_DAY, TODAY, False),
            (TODAY + 2 * A_DAY, TODAY + 2 * A_DAY, False),
            (TODAY + 2 * A_DAY, TODAY + A_DAY, False),
            (TODAY + 2 * A_DAY, TODAY + 3 * A_DAY, True),
        ],
    )
    def test_takes_a_period_that_has_a_day_and_is_not_over(
        self, valid_from: date, valid_to: date, *, accepted: bool
    ) -> None:
        given = a_qualification(valid_from=valid_from, valid_to=valid_to)

        if accepted:
            assert confirm(given, today=TODAY)[0] == given
            return
        with pytest.raises(PilotPeriodInvalid) as refused:
            confirm(given, today=TODAY)
        assert [v.field for v in refused.value.violations] == ["/valid_to"]


class TestQuota:
    @pytest.mark.parametrize(("amount_fen", "left_fen"), [(0, 20), (1, 19), (20, 0)])
    def test_keeps_what_a_subsidy_leaves_of_it(self, amount_fen: int, left_fen: int) -> None:
        given = a_qualification(quota_fen=100, subsidised_fen=80)

        taken = take_quota(given, amount_fen)

        assert (given.quota_left_fen, taken.quota_left_fen) == (20, left_fen)
        assert taken.subsidised_fen == 80 + amount_fen

    @pytest.mark.parametrize("amount_fen", [-1, 21])
    def test_never_gives_more_than_is_left_and_takes_nothing_back(self, amount_fen: int) -> None:
        with pytest.raises(InvariantBroken):
            take_quota(a_qualification(quota_fen=100, subsidised_fen=80), amount_fen)
