"""A guarantee service with funds, programmes, firms and loans, for tests of what follows them."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from shared.events.credit import EnrolmentRequested, LoanDisbursed
from shared.events.registry import Category, EnterpriseRegistered, QualificationGranted
from shared.ids import new_id
from tests.support.city import FIRM, an_institution
from tests.support.service import ServiceUnderTest

OTHER_FIRM = "91320706MAD123457P"
BANK = "bank-haizhou"
GUARANTOR = "guarantor-ges"
NFGF = "fund-nfgf"
POOL = "fund-lyg"
PROVINCE = "reguarantor-js"
SIGNED_ON = date(2026, 2, 20)
TODAY = date(2026, 3, 2)

PROGRAMMES = ("guarantee.programmes:write", "guarantee.programmes:approve")
FUND = ("guarantee.fund:write", "guarantee.fund:read")
READ_ALL = (
    "guarantee.programmes:read",
    "guarantee.guarantees:read",
    "guarantee.guarantees:read-all",
    "guarantee.fund:read",
    "guarantee.fund:read-all",
)

SCITECH: dict[str, Any] = {
    "programme": "nfgf-scitech",
    "title": "科技创新专项担保计划(示例)",
    "rule_pack": "nfgf-scitech-2024",
    "fund": NFGF,
    "parties": {"nfgf": NFGF, "province": PROVINCE},
    "quota_fen": 100_000_000_000,
    "period_months": 6,
    "guarantee_type": "joint_and_several",
    "enrolment_days": 30,
    "due_days": 10,
    "effective_from": "2026-03-01",
}
YUANKEDAI: dict[str, Any] = {
    **SCITECH,
    "programme": "sip-yuankedai",
    "title": "园科贷(示例)",
    "rule_pack": "sip-yuankedai",
    "fund": POOL,
    "parties": {"pool": POOL},
}


def a_request(**changes: object) -> EnrolmentRequested:
    """Build a request to enrol 4,000,000 yuan in the sci-tech plan."""
    request: dict[str, object] = {
        "loan_id": new_id(),
        "uscc": FIRM,
        "bank": BANK,
        "programme": "nfgf-scitech",
        "guarantor": GUARANTOR,
        "amount_fen": 400_000_000,
        "rate_ppm": 38_000,
        "tenor_months": 12,
        "signed_on": SIGNED_ON,
        "requested_on": TODAY,
    }
    return EnrolmentRequested.model_validate(request | changes)


def a_drawdown(request: EnrolmentRequested, **changes: object) -> LoanDisbursed:
    """Build the drawdown of a loan that was asked to be enrolled."""
    drawdown: dict[str, object] = {
        "loan_id": request.loan_id,
        "uscc": request.uscc,
        "bank": request.bank,
        "amount_fen": request.amount_fen,
        "disbursed_on": TODAY,
        "matures_on": date(2027, 3, 2),
        "programme": request.programme,
    }
    return LoanDisbursed.model_validate(drawdown | changes)


@dataclass(frozen=True)
class Scheme:
    """The service with the commands that set a scheme up."""

    service: ServiceUnderTest

    async def post(
        self, path: str, body: object, *, org: str, scopes: tuple[str, ...], **more: str
    ) -> httpx.Response:
        """Send a command."""
        headers = self.service.headers(org, *scopes, **more)
        return await self.service.client.post(path, json=body, headers=headers)

    async def read(
        self, path: str, *, org: str = "auditor", scopes: tuple[str, ...] = READ_ALL
    ) -> dict[str, Any]:
        """Read what must be there."""
        answer = await self.service.client.get(path, headers=self.service.headers(org, *scopes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def fund(self, code: str, *, capital_fen: int, leverage: int = 10) -> None:
        """Let registry tell of a fund, open it and pay its capital in."""
        await self.service.deliver(an_institution(code, "fund"))
        opening = {"fund": code, "leverage": leverage}
        opened = await self.post("/v1/funds", opening, org=code, scopes=FUND)
        assert opened.status_code == 201, opened.text
        if capital_fen:
            await self.pay_in(code, capital_fen)

    async def pay_in(self, code: str, amount_fen: int) -> dict[str, Any]:
        """Pay capital into a fund."""
        body = {"amount_fen": amount_fen, "contributor": "示例市财政局"}
        paid = await self.post(f"/v1/funds/{code}/capital", body, org=code, scopes=FUND)
        assert paid.status_code == 200, paid.text
        found: dict[str, Any] = paid.json()
        return found

    async def programme(self, body: dict[str, Any]) -> None:
        """File a fund's programme and let another person of the fund activate it."""
        code, fund = body["programme"], body["fund"]
        filed = await self.post("/v1/programmes", body, org=fund, scopes=PROGRAMMES, sub="maker")
        assert filed.status_code == 201, filed.text
        activated = await self.post(
            f"/v1/programmes/{code}/activate",
            {},
            org=fund,
            scopes=PROGRAMMES,
            sub="checker",
            If_Match=filed.headers["etag"],
        )
        assert activated.status_code == 200, activated.text

    async def opening(
        self, programme: str, balance_fen: int, *, bank: str | None = None, year: int = 2026
    ) -> httpx.Response:
        """State a prior year-end balance and let another person confirm it, if it is taken."""
        filed = await self.file_opening(programme, balance_fen, bank=bank, year=year)
        if filed.status_code == 201:
            confirmed = await self.confirm_opening(filed.json())
            assert confirmed.status_code == 200, confirmed.text
        return filed

    async def file_opening(
        self, programme: str, balance_fen: int, *, bank: str | None = None, year: int = 2026
    ) -> httpx.Response:
        """State a prior year-end balance as a person of the programme's fund."""
        body: dict[str, object] = {"year": year, "prior_year_end_balance_fen": balance_fen}
        if bank is not None:
            body |= {"bank": bank}
        fund = (await self.read(f"/v1/programmes/{programme}"))["fund"]
        path = f"/v1/programmes/{programme}/openings"
        return await self.post(path, body, org=fund, scopes=PROGRAMMES, sub="maker")

    async def confirm_opening(
        self, opening: dict[str, Any], *, org: str | None = None, sub: str = "checker"
    ) -> httpx.Response:
        """Confirm a stated balance, as another person of the fund unless said otherwise."""
        programme = await self.read(f"/v1/programmes/{opening['programme']}")
        return await self.post(
            f"/v1/programmes/{opening['programme']}/openings/{opening['opening_id']}/confirm",
            {},
            org=org or programme["fund"],
            scopes=PROGRAMMES,
            sub=sub,
            If_Match=f'"{opening["version"]}"',
        )

    async def firm(self, uscc: str = FIRM, *categories: Category) -> None:
        """Let registry tell of an enterprise and of what it is."""
        registered = EnterpriseRegistered(
            uscc=uscc, name="示例科技", region="320706", chain="biomedicine"
        )
        await self.service.deliver(registered, *(a_certificate(uscc, each) for each in categories))

    async def guarantee_of(self, loan_id: UUID) -> dict[str, Any]:
        """Read the newest answer to a loan's enrolment."""
        page = await self.read(f"/v1/guarantees?loan_id={loan_id}")
        newest: dict[str, Any] = page["items"][-1]
        return newest


def a_certificate(uscc: str, category: Category) -> QualificationGranted:
    """Build a certificate that holds from 2025 to 2028."""
    return QualificationGranted(
        qualification_id=new_id(),
        uscc=uscc,
        category=category,
        certificate_no="GR202532000001",
        granted_by="dept-kj",
        valid_from=date(2025, 1, 1),
        valid_to=date(2028, 1, 1),
    )


async def a_scheme(service: ServiceUnderTest) -> Scheme:
    """Set up two funds of 100,000,000 yuan, both programmes, one guarantor and one hnte firm."""
    scheme = Scheme(service)
    await service.deliver(
        an_institution(GUARANTOR, "guarantor"),
        an_institution(BANK, "bank"),
        an_institution(PROVINCE, "reguarantor"),
    )
    await scheme.firm(FIRM, "hnte")
    for code in (NFGF, POOL):
        await scheme.fund(code, capital_fen=10_000_000_000)
    for body in (SCITECH, YUANKEDAI):
        await scheme.programme(body)
    return scheme
