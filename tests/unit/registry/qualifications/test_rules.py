"""The rules of the qualifications: grant, amend, revoke, each in its period."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.registry.qualifications.rules import (
    CertificateTaken,
    Qualification,
    QualificationId,
    QualificationPeriodInvalid,
    QualificationRevokedAlready,
    QualificationUnchanged,
    amend,
    grant,
    revoke,
)
from shared.events.registry import QualificationAmended
from shared.uscc import Uscc
from tests.support.city import FIRM

TODAY = date(2026, 3, 2)
START, END = date(2025, 9, 8), date(2028, 9, 8)
STANDING = Qualification(
    id=QualificationId(UUID(int=1)),
    uscc=Uscc(FIRM),
    category="hnte",
    certificate_no="GR202532000001",
    granted_by="dept-kj",
    valid_from=START,
    valid_to=END,
)
REVOKED = replace(STANDING, revoked_on=TODAY)
OTHER = replace(STANDING, id=QualificationId(UUID(int=2)))


def amended(
    given: Qualification,
    *,
    held: Sequence[Qualification] = (STANDING,),
    certificate_no: str = "GR202532000001",
    valid_from: date = START,
    valid_to: date = END,
) -> tuple[Qualification, QualificationAmended]:
    """Correct a qualification as dept-kj."""
    return amend(
        given,
        held=held,
        certificate_no=certificate_no,
        valid_from=valid_from,
        valid_to=valid_to,
        reason="更正",
        by="dept-kj",
    )


class TestGrant:
    def test_tells_the_certificate(self) -> None:
        event = grant(STANDING, held=[])

        assert (event.qualification_id, event.uscc) == (STANDING.id, FIRM)
        assert (event.category, event.certificate_no) == ("hnte", "GR202532000001")
        assert (event.granted_by, event.valid_from, event.valid_to) == ("dept-kj", START, END)

    @pytest.mark.parametrize("valid_to", [START, date(2025, 9, 7)])
    def test_needs_a_period(self, valid_to: date) -> None:
        with pytest.raises(QualificationPeriodInvalid) as refused:
            grant(replace(STANDING, valid_to=valid_to), held=[])

        (violation,) = refused.value.violations
        assert (violation.limit, violation.actual) == (str(START), str(valid_to))

    def test_takes_another_category_or_number_of_the_same_firm(self) -> None:
        number = replace(OTHER, certificate_no="GR202532000002")
        category = replace(OTHER, category="tech_sme")

        assert grant(number, held=[STANDING]).certificate_no == "GR202532000002"
        assert grant(category, held=[STANDING, number]).category == "tech_sme"

    @pytest.mark.parametrize("known", [STANDING, REVOKED])
    def test_refuses_a_certificate_that_the_firm_has_or_had(self, known: Qualification) -> None:
        with pytest.raises(CertificateTaken) as refused:
            grant(OTHER, held=[known])

        (violation,) = refused.value.violations
        assert (violation.field, violation.actual) == ("/certificate_no", OTHER.certificate_no)


class TestAmend:
    def test_changes_the_number_or_the_period_and_says_why(self) -> None:
        end = date(2027, 9, 8)

        renumbered, _ = amended(STANDING, certificate_no="GR202532000002")
        shortened, event = amended(STANDING, valid_to=end)
        moved, _ = amended(STANDING, valid_from=date(2025, 9, 9))

        assert renumbered == replace(STANDING, certificate_no="GR202532000002")
        assert shortened == replace(STANDING, valid_to=end)
        assert moved == replace(STANDING, valid_from=date(2025, 9, 9))
        assert (event.valid_to, event.reason, event.amended_by) == (end, "更正", "dept-kj")

    def test_refuses_what_changes_nothing_or_leaves_no_period(self) -> None:
        with pytest.raises(QualificationUnchanged):
            amended(STANDING)
        with pytest.raises(QualificationPeriodInvalid):
            amended(STANDING, valid_to=START)

    def test_refuses_the_number_of_another_certificate(self) -> None:
        number = "GR202532000002"
        other = replace(OTHER, certificate_no=number)

        with pytest.raises(CertificateTaken):
            amended(STANDING, held=[STANDING, other], certificate_no=number)
        with pytest.raises(CertificateTaken):
            amended(other, held=[STANDING, other], certificate_no=STANDING.certificate_no)


class TestRevoke:
    def test_ends_it_today_and_says_why(self) -> None:
        revoked, event = revoke(STANDING, today=TODAY, reason="撤销", by="dept-kj")

        assert revoked == REVOKED
        assert (event.revoked_on, event.reason, event.revoked_by) == (TODAY, "撤销", "dept-kj")

    def test_is_the_end(self) -> None:
        with pytest.raises(QualificationRevokedAlready):
            revoke(REVOKED, today=TODAY, reason="撤销", by="dept-kj")
        with pytest.raises(QualificationRevokedAlready):
            amended(REVOKED, valid_to=date(2027, 9, 8))
