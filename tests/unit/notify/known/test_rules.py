"""When an institution exists, and what a consent lets its grantee read."""

from datetime import date
from typing import Any

import pytest

from services.notify.known.rules import KnownInstitution
from tests.support.readers import BANK, FEED, PURPOSE, TODAY, a_known_consent


class TestInstitution:
    @pytest.mark.parametrize(
        ("day", "valid_to", "exists"),
        [
            (date(2018, 12, 31), None, False),
            (date(2019, 1, 1), None, True),
            (date(2100, 1, 1), None, True),
            (date(2026, 3, 1), date(2026, 3, 2), True),
            (date(2026, 3, 2), date(2026, 3, 2), False),
        ],
    )
    def test_exists_from_its_first_day_to_the_one_before_its_last(
        self, day: date, valid_to: date | None, *, exists: bool
    ) -> None:
        institution = KnownInstitution(
            code=BANK, kind="bank", valid_from=date(2019, 1, 1), valid_to=valid_to
        )

        assert institution.exists_on(day) is exists


class TestConsent:
    @pytest.mark.parametrize(
        ("day", "lets"),
        [
            (date(2026, 2, 28), False),
            (date(2026, 3, 1), True),
            (date(2027, 2, 28), True),
            (date(2027, 3, 1), False),
        ],
    )
    def test_lasts_from_its_first_day_to_the_one_before_its_last(
        self, day: date, *, lets: bool
    ) -> None:
        assert a_known_consent().lets_read(FEED, purpose=PURPOSE, on=day) is lets

    @pytest.mark.parametrize(
        "changes",
        [
            {"feeds": ("enterprise-profiles",)},
            {"feeds": ()},
            {"purpose": "monitoring"},
            {"revoked_on": date(2026, 3, 1)},
            {"revoked_on": date(2026, 12, 31)},
        ],
        ids=["other feed", "no feed", "other purpose", "revoked", "revoked as of a later day"],
    )
    def test_is_for_its_feeds_and_purpose_until_it_is_revoked(
        self, changes: dict[str, Any]
    ) -> None:
        consent = a_known_consent(**changes)

        assert not consent.lets_read(FEED, purpose=PURPOSE, on=TODAY)
