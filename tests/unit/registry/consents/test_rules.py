"""The rules of the consents: period, holding, revocation."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.registry.consents.rules import (
    LONGEST_DAYS,
    Consent,
    ConsentAlreadyRevoked,
    ConsentId,
    ConsentPeriodInvalid,
    grant,
    revoke,
)
from shared.uscc import Uscc
from tests.support.city import FIRM

TODAY = date(2026, 3, 2)
A_DAY = timedelta(days=1)
CONSENT = Consent(
    id=ConsentId(UUID(int=1)),
    uscc=Uscc(FIRM),
    grantee="bank-haizhou",
    purpose="credit_assessment",
    feeds=("enterprise-profiles",),
    evidence_sha256="a" * 64,
    valid_from=date(2026, 3, 1),
    valid_to=date(2027, 3, 1),
)


class TestHolding:
    @pytest.mark.parametrize(
        ("day", "revoked_on", "holds"),
        [
            (date(2026, 2, 28), None, False),
            (date(2026, 3, 1), None, True),
            (date(2027, 2, 28), None, True),
            (date(2027, 3, 1), None, False),
            (date(2026, 6, 9), date(2026, 6, 10), True),
            (date(2026, 6, 10), date(2026, 6, 10), False),
            (date(2026, 6, 11), date(2026, 6, 10), False),
        ],
    )
    def test_lasts_to_its_end_or_its_revocation(
        self, day: date, revoked_on: date | None, *, holds: bool
    ) -> None:
        assert replace(CONSENT, revoked_on=revoked_on).holds_on(day) is holds


class TestGranting:
    def test_tells_who_may_read_what_for_what(self) -> None:
        consent, event = grant(CONSENT, today=TODAY)

        assert consent == CONSENT
        assert (event.grantee, event.purpose, event.feeds) == (
            "bank-haizhou",
            "credit_assessment",
            ("enterprise-profiles",),
        )
        assert (event.valid_from, event.valid_to) == (CONSENT.valid_from, CONSENT.valid_to)

    @pytest.mark.parametrize(
        ("valid_from", "valid_to", "accepted"),
        [
            (TODAY, TODAY + A_DAY, True),
            (TODAY, TODAY + LONGEST_DAYS * A_DAY, True),
            (TODAY, TODAY + (LONGEST_DAYS + 1) * A_DAY, False),
            (TODAY, TODAY, False),
            (TODAY + A_DAY, TODAY, False),
            (TODAY - A_DAY, TODAY, False),
            (TODAY - A_DAY, TODAY + A_DAY, True),
            (TODAY + 9 * A_DAY, TODAY + 9 * A_DAY, False),
        ],
    )
    def test_takes_a_period_that_has_a_day_left_and_is_not_too_long(
        self, valid_from: date, valid_to: date, *, accepted: bool
    ) -> None:
        consent = replace(CONSENT, valid_from=valid_from, valid_to=valid_to)

        if accepted:
            assert grant(consent, today=TODAY)[0] == consent
            return
        with pytest.raises(ConsentPeriodInvalid) as refused:
            grant(consent, today=TODAY)
        (violation,) = refused.value.violations
        assert (violation.field, violation.actual) == ("/valid_to", (valid_to - valid_from).days)


class TestRevoking:
    def test_holds_from_today_and_happens_once(self) -> None:
        revoked, event = revoke(CONSENT, today=TODAY)

        assert revoked == replace(CONSENT, revoked_on=TODAY)
        assert (event.grantee, event.revoked_on) == ("bank-haizhou", TODAY)
        with pytest.raises(ConsentAlreadyRevoked):
            revoke(revoked, today=TODAY + A_DAY)
