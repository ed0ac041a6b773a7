"""A bank's steps for credit's tests: contract, ask for enrolment, get the letter, draw."""

from typing import Any
from uuid import UUID

import httpx

from shared.events.credit import EnrolmentDeadlineReached
from shared.events.guarantee import LetterIssued
from tests.support.service import ServiceUnderTest

USCC = "91320706MA1N00018N"
GUARANTEE = UUID(int=7)
CLAIM = UUID(int=8)
BANK_SCOPES = (
    "credit.demands:read",
    "credit.offers:write",
    "credit.loans:read",
    "credit.loans:write",
)
PORTAL_SCOPES = ("credit.demands:read", "credit.demands:read-all", "credit.demands:write")
CONTRACT = {
    "uscc": USCC,
    "bank_reference": "HZ-1",
    "amount_fen": 400_000_000,
    "rate_ppm": 38_000,
    "tenor_months": 12,
    "signed_on": "2026-03-01",
}


async def send(
    credit: ServiceUnderTest,
    path: str,
    body: object,
    *,
    org: str = "bank-haizhou",
    scopes: tuple[str, ...] = BANK_SCOPES,
    version: int | None = None,
) -> httpx.Response:
    """Send a command as a bank, unless it is somebody else's."""
    more = {} if version is None else {"If_Match": f'"{version}"'}
    headers = credit.headers(org, *scopes, **more)
    return await credit.client.post(path, json=body, headers=headers)


async def loan_of(credit: ServiceUnderTest, loan_id: str) -> dict[str, Any]:
    """Read a loan as its bank."""
    headers = credit.headers("bank-haizhou", *BANK_SCOPES)
    answer = await credit.client.get(f"/v1/loans/{loan_id}", headers=headers)
    found: dict[str, Any] = answer.json()
    return found


async def requested(credit: ServiceUnderTest) -> str:
    """Contract a loan and ask for its enrolment; return its id."""
    made = (await send(credit, "/v1/loans", CONTRACT)).json()
    body = {"programme": "nfgf-scitech", "guarantor": "guarantor-ges"}
    answer = await send(credit, f"/v1/loans/{made['loan_id']}/enrolment", body, version=1)
    assert answer.status_code == 200, answer.text
    return str(made["loan_id"])


def letter(loan_id: str, programme: str = "nfgf-scitech") -> LetterIssued:
    """The guarantor's letter for a loan."""
    return LetterIssued.example().model_copy(
        update={"loan_id": UUID(loan_id), "guarantee_id": GUARANTEE, "programme": programme}
    )


async def remind(credit: ServiceUnderTest, loan_id: str) -> None:
    """Let the timer of an enrolment request come back."""
    timer = EnrolmentDeadlineReached(loan_id=UUID(loan_id))
    await credit.deliver_record(credit.record(timer, sequence=None))


async def drawn(credit: ServiceUnderTest) -> str:
    """Bring a loan to its drawdown; return its id."""
    loan_id = await requested(credit)
    await credit.deliver(letter(loan_id))
    answer = await send(
        credit, f"/v1/loans/{loan_id}/drawdown", {"disbursed_on": "2026-03-02"}, version=3
    )
    assert answer.status_code == 200, answer.text
    return loan_id
