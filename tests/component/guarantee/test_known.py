"""What guarantee remembers of others: late, repeated and corrected news included."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.guarantee.known import handlers as known
from services.guarantee.known.rules import Firm, KnownLoan
from services.guarantee.known.store import Parties
from shared.events.credit import LoanClassified, LoanClosed, OverdueReported
from shared.events.registry import (
    ListMemberAdded,
    QualificationAmended,
    QualificationGranted,
    QualificationRevoked,
)
from shared.ids import new_id
from shared.messaging.apply import Outcome
from tests.conftest import ServiceFactory
from tests.support.city import FIRM, an_institution
from tests.support.guarantees import (
    GUARANTOR,
    OTHER_FIRM,
    TODAY,
    Scheme,
    a_certificate,
    a_drawdown,
    a_request,
)

pytestmark = pytest.mark.component


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    scheme = Scheme(await service_of("guarantee"))
    await scheme.firm(FIRM)
    return scheme


async def parties(scheme: Scheme, *, uscc: str = FIRM, on: date = TODAY) -> Parties:
    async with scheme.service.database.read() as work:
        return await known.parties(work, uscc=uscc, guarantor=GUARANTOR, on=on)


async def categories(scheme: Scheme, *, on: date = TODAY) -> tuple[str, ...]:
    firm = (await parties(scheme, on=on)).firm
    assert firm is not None
    return firm.categories


async def loan_of(scheme: Scheme, loan_id: UUID) -> KnownLoan | None:
    async with scheme.service.database.read() as work:
        return await known.known_loan(work, loan_id)


def amended(certificate: QualificationGranted, *, valid_to: date) -> QualificationAmended:
    return QualificationAmended(
        qualification_id=certificate.qualification_id,
        uscc=certificate.uscc,
        category=certificate.category,
        certificate_no=certificate.certificate_no,
        amended_by="dept-kj",
        reason="更正",
        valid_from=certificate.valid_from,
        valid_to=valid_to,
    )


def revoked(certificate: QualificationGranted, *, on: date) -> QualificationRevoked:
    return QualificationRevoked(
        qualification_id=certificate.qualification_id,
        uscc=certificate.uscc,
        category=certificate.category,
        revoked_by="dept-kj",
        reason="不再符合条件",
        revoked_on=on,
    )


def listed(uscc: str, version: int) -> ListMemberAdded:
    return ListMemberAdded(uscc=uscc, list_code="low-carbon-enterprises", list_version=version)


class TestFirm:
    async def test_is_unknown_until_registry_tells_of_it(self, scheme: Scheme) -> None:
        assert (await parties(scheme, uscc=OTHER_FIRM)).firm is None
        assert (await parties(scheme)).firm == Firm(FIRM, (), frozenset())

    async def test_has_a_category_in_its_half_open_period(self, scheme: Scheme) -> None:
        certificate = a_certificate(FIRM, "hnte")
        await scheme.service.deliver(certificate, a_certificate(FIRM, "hnte"))

        first, end = certificate.valid_from, certificate.valid_to
        days = (first - timedelta(days=1), first, end - timedelta(days=1), end)
        assert [await categories(scheme, on=day) for day in days] == [(), ("hnte",), ("hnte",), ()]

    async def test_follows_an_amendment(self, scheme: Scheme) -> None:
        certificate = a_certificate(FIRM, "hnte")

        await scheme.service.deliver(certificate, amended(certificate, valid_to=TODAY))

        assert await categories(scheme) == ()
        assert await categories(scheme, on=TODAY - timedelta(days=1)) == ("hnte",)

    async def test_loses_a_category_on_the_day_of_revocation(self, scheme: Scheme) -> None:
        certificate = a_certificate(FIRM, "hnte")

        await scheme.service.deliver(certificate, revoked(certificate, on=TODAY))

        assert await categories(scheme) == ()
        assert await categories(scheme, on=TODAY - timedelta(days=1)) == ("hnte",)

    async def test_survives_the_revocation_of_what_was_never_heard_of(self, scheme: Scheme) -> None:
        unheard = revoked(a_certificate(FIRM, "hnte"), on=TODAY)

        assert await scheme.service.deliver(unheard) == [Outcome.APPLIED]
        assert await categories(scheme) == ()

    async def test_is_listed_while_the_newest_version_names_it(self, scheme: Scheme) -> None:
        await scheme.firm(OTHER_FIRM)
        await scheme.service.deliver(listed(FIRM, 1), listed(FIRM, 2), listed(OTHER_FIRM, 1))

        firm, other = [(await parties(scheme, uscc=u)).firm for u in (FIRM, OTHER_FIRM)]
        assert firm is not None
        assert other is not None
        assert sorted(firm.lists) == ["low-carbon-enterprises"]
        assert not other.lists


class TestInstitution:
    async def test_is_its_newest_entry(self, scheme: Scheme) -> None:
        assert (await parties(scheme)).guarantor is None
        entry = an_institution(GUARANTOR, "guarantor")
        await scheme.service.deliver(entry, an_institution(GUARANTOR, "guarantor", valid_to=TODAY))

        guarantor = (await parties(scheme)).guarantor

        assert guarantor is not None
        assert (guarantor.kind, guarantor.valid_to) == ("guarantor", TODAY)
        assert not guarantor.acts_on(TODAY)


class TestLoan:
    async def test_is_unknown_before_drawdown(self, scheme: Scheme) -> None:
        assert await loan_of(scheme, new_id()) is None

    async def test_is_what_its_bank_reported_last(self, scheme: Scheme) -> None:
        drawdown = a_drawdown(a_request())
        of_loan = {"loan_id": drawdown.loan_id, "uscc": FIRM, "bank": drawdown.bank}
        overdue = OverdueReported.model_validate(
            of_loan
            | {
                "overdue_since": date(2026, 6, 1),
                "days_overdue": 95,
                "principal_outstanding_fen": 333_333_333,
                "reported_on": date(2026, 9, 4),
            }
        )
        classified = LoanClassified.model_validate(
            of_loan
            | {
                "classification": "substandard",
                "principal_outstanding_fen": 333_333_332,
                "classified_on": date(2026, 9, 5),
            }
        )
        closed = LoanClosed(loan_id=drawdown.loan_id, closed_on=date(2026, 12, 1))

        await scheme.service.deliver(drawdown, overdue, classified, closed)

        loan = await loan_of(scheme, drawdown.loan_id)
        assert loan == KnownLoan(
            loan_id=drawdown.loan_id,
            uscc=FIRM,
            bank=drawdown.bank,
            disbursed_on=TODAY,
            matures_on=date(2027, 3, 2),
            principal_outstanding_fen=333_333_332,
            overdue_since=date(2026, 6, 1),
            classification="substandard",
            classified_on=date(2026, 9, 5),
            closed_on=date(2026, 12, 1),
        )
