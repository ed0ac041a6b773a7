"""A small insurance market for insurance's tests: who is registered, and steps of a policy."""

from typing import Any

import httpx

from shared.events.registry import EnterpriseRegistered
from tests.support.city import FIRM, an_institution
from tests.support.service import ServiceUnderTest

LEAD, SECOND, THIRD = "insurer-lead", "insurer-co1", "insurer-co2"
PRODUCT = {
    "uscc": FIRM,
    "pilot": "first_set",
    "equipment_kind": "whole",
    "product": "示例首台套成型机",
    "equipment_value_fen": 4_000_000_000,
    "quota_fen": 70_000_000,
    "valid_from": "2026-03-02",
    "valid_to": "2027-03-02",
}
SHARES = [
    {"insurer": LEAD, "share_ppm": 500_000},
    {"insurer": SECOND, "share_ppm": 300_000},
    {"insurer": THIRD, "share_ppm": 200_000},
]
POLICY = {"liability_limit_fen": 4_000_000_000, "rate_ppm": 28_000, "co_insurers": SHARES}
PREMIUM_FEN = 112_000_000
PAYMENT = {"amount_fen": PREMIUM_FEN, "paid_on": "2026-03-02"}
PACK = "first-set-2025"

DEPARTMENT_SCOPES = ("insurance.qualifications:read", "insurance.qualifications:write")
INSURER_SCOPES = (
    "insurance.qualifications:read",
    "insurance.policies:read",
    "insurance.policies:write",
    "insurance.subsidies:read",
)
PORTAL_SCOPES = (
    "insurance.subsidies:read",
    "insurance.subsidies:read-all",
    "insurance.subsidies:write",
)
TREASURY_SCOPES = (
    "insurance.subsidies:read",
    "insurance.subsidies:approve",
    "insurance.subsidies:pay",
)
SCOPES = {
    "dept-gx": DEPARTMENT_SCOPES,
    "portal": PORTAL_SCOPES,
    "dept-cz": TREASURY_SCOPES,
}


async def open_market(insurance: ServiceUnderTest) -> None:
    """Tell insurance of a firm, three insurers, a bank and two departments."""
    await insurance.deliver(
        *(an_institution(code, "insurer") for code in (LEAD, SECOND, THIRD)),
        an_institution("bank-haizhou", "bank"),
        an_institution("dept-gx", "department"),
        an_institution("dept-cz", "department"),
        EnterpriseRegistered.example().model_copy(update={"uscc": FIRM}),
    )


async def send(
    insurance: ServiceUnderTest,
    path: str,
    body: object,
    *,
    org: str,
    version: int | None = None,
    sub: str | None = None,
    key: str | None = None,
    scopes: tuple[str, ...] | None = None,
) -> httpx.Response:
    """Send a command as an organisation with the scopes that it has in the city."""
    held = SCOPES.get(org, INSURER_SCOPES) if scopes is None else scopes
    more = {} if version is None else {"If_Match": f'"{version}"'}
    headers = insurance.headers(org, *held, sub=sub or org, key=key, **more)
    return await insurance.client.post(path, json=body, headers=headers)


async def read(
    insurance: ServiceUnderTest, path: str, *, org: str, scopes: tuple[str, ...] | None = None
) -> httpx.Response:
    """Read as an organisation with the scopes that it has in the city."""
    held = SCOPES.get(org, INSURER_SCOPES) if scopes is None else scopes
    return await insurance.client.get(path, headers=insurance.headers(org, *held))


def taken(answer: httpx.Response) -> dict[str, Any]:
    """Return the body of an answer that must not be a refusal."""
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def qualified(insurance: ServiceUnderTest, **changes: object) -> str:
    """Recognise a product; return the qualification's id."""
    made = await send(insurance, "/v1/qualifications", {**PRODUCT, **changes}, org="dept-gx")
    return str(taken(made)["qualification_id"])


async def bound_on(insurance: ServiceUnderTest, qualification_id: str) -> str:
    """Bind a policy on a product that is recognised already; return its id."""
    body = {**POLICY, "qualification_id": qualification_id}
    return str(taken(await send(insurance, "/v1/policies", body, org=LEAD))["policy_id"])


async def bound(insurance: ServiceUnderTest, **changes: object) -> str:
    """Bind a policy on a recognised product; ``changes`` are the product's. Return its id."""
    return await bound_on(insurance, await qualified(insurance, **changes))


async def paid_on(insurance: ServiceUnderTest, qualification_id: str) -> str:
    """Bring a policy on a recognised product to its paid premium; return its id."""
    policy_id = await bound_on(insurance, qualification_id)
    path = f"/v1/policies/{policy_id}/premium-payments"
    taken(await send(insurance, path, PAYMENT, org=LEAD, version=1))
    return policy_id


async def paid(insurance: ServiceUnderTest, **changes: object) -> str:
    """Bring a policy to its paid premium; return its id."""
    return await paid_on(insurance, await qualified(insurance, **changes))


async def filed_on(insurance: ServiceUnderTest, qualification_id: str) -> str:
    """File for the subsidy of a further policy on a recognised product; return its id."""
    body = {"policy_id": await paid_on(insurance, qualification_id), "rule_pack": PACK}
    return str(taken(await send(insurance, "/v1/subsidies", body, org="portal"))["subsidy_id"])


async def filed(insurance: ServiceUnderTest, **changes: object) -> str:
    """File for the subsidy of a paid premium; return the application's id."""
    return await filed_on(insurance, await qualified(insurance, **changes))


async def approved(insurance: ServiceUnderTest) -> str:
    """Bring an application to its approval; return its id."""
    subsidy_id = await filed(insurance)
    path = f"/v1/subsidies/{subsidy_id}/decision"
    taken(await send(insurance, path, {}, org="dept-cz", version=1))
    return subsidy_id
