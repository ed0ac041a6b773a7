"""Owner × operation of the guarantee service: whoever holds every scope still meets whose it is.

Each row names the organisations to which an operation opens. All of the others, with the same
scopes, are told that there is no such thing, or that it is not theirs.
"""

from dataclasses import dataclass, field

import httpx
import pytest

from tests.component.authorisation.matrix import Operation, ask, operations_of
from tests.component.authorisation.world import (
    A_REPORT,
    DRAFTED,
    PROGRAMME,
    World,
    a_draft,
    a_world,
)
from tests.conftest import ServiceFactory
from tests.support.claims import DOCUMENT, Json
from tests.support.guarantees import BANK, GUARANTOR, NFGF, POOL, PROVINCE, SCITECH, a_request

pytestmark = pytest.mark.component

ORGS = ("stranger", "bank-ganyu", "guarantor-other", BANK, GUARANTOR, PROVINCE, POOL, NFGF)
EVERYONE = frozenset(ORGS)
PARTIES = frozenset({BANK, GUARANTOR, PROVINCE, NFGF})
NOBODY: frozenset[str] = frozenset()
PAYMENT = {"paid_on": "2026-03-02", "reference": "payment 1"}
REASON = {"reason": "示例"}


@dataclass(frozen=True)
class Row:
    """To whom an operation opens, and how it is asked."""

    owners: frozenset[str]
    body: Json = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    query: str = ""


def only(
    *orgs: str, body: Json | None = None, values: dict[str, str] | None = None, query: str = ""
) -> Row:
    """Write a row of some organisations."""
    return Row(frozenset(orgs), body or {}, values or {}, query)


def table(world: World) -> dict[str, Row]:
    """Return the row of every operation that asks for a scope."""
    return {
        **_packs(),
        **_programmes(),
        **_funds(world),
        **_claims(world),
        **_overseeing(),
    }


def _packs() -> dict[str, Row]:
    packs = "/v1/rule-packs/{pack_id}/versions/{number}"
    return {
        # A pack that is not in force is its drafter's; who approves it is the drafter's colleague.
        "POST /v1/rule-packs/drafts": Row(EVERYONE, {"content": "id: small"}),
        "GET /v1/rule-packs/drafts": only(POOL),
        "GET /v1/rule-packs/versions": only(POOL),
        "GET /v1/rule-packs/signing-key": Row(EVERYONE),
        f"GET {packs}": only(POOL),
        "GET /v1/rule-packs/{pack_id}/diff": only(POOL, query="before=1&after=2"),
        f"PUT {packs}": only(POOL, body={"content": a_draft()}),
        f"POST {packs}/activate": only(POOL),
        f"POST {packs}/withdraw": only(POOL),
        f"POST {packs}/retire": only(POOL, body={"ends_on": "2027-01-01", **REASON}),
        f"POST {packs}/replays": only(POOL, body={"programme": "sip-yuankedai", "year": 2026}),
        "GET /v1/replays/{replay_id}": only(POOL),
        "GET /v1/replays/{replay_id}/rows": only(POOL),
    }


def _programmes() -> dict[str, Row]:
    loan = a_request().model_dump(
        mode="json", include={"uscc", "bank", "amount_fen", "rate_ppm", "tenor_months", "signed_on"}
    )
    return {
        # Programmes are public among those who may read them; what a bank stands at is not.
        "POST /v1/programmes": only(NFGF, body={**SCITECH, "programme": "third"}),
        "GET /v1/programmes": Row(EVERYONE),
        "POST /v1/programmes/{programme}/activate": only(NFGF),
        "POST /v1/programmes/{programme}/rule-pack": only(NFGF, body={"version": 1}),
        "GET /v1/programmes/{programme}": Row(EVERYONE),
        "POST /v1/programmes/{programme}/openings": only(
            NFGF, body={"year": 2026, "bank": "bank-ganyu", "prior_year_end_balance_fen": 1}
        ),
        "GET /v1/programmes/{programme}/openings": Row(EVERYONE),
        "POST /v1/programmes/{programme}/openings/{opening_id}/confirm": only(NFGF),
        "GET /v1/programmes/{programme}/openings/{opening_id}": only(BANK, PROVINCE, NFGF),
        "POST /v1/programmes/{programme}/enrolment-checks": only(BANK, body=loan),
        "GET /v1/guarantees/{guarantee_id}": Row(PARTIES),
        "GET /v1/guarantees": Row(PARTIES | {POOL}),
        "GET /v1/guarantees/{guarantee_id}/case": Row(PARTIES),
    }


def _funds(world: World) -> dict[str, Row]:
    claim, funds = {"claim_id": world.values["claim_id"]}, "/v1/funds/{fund}"
    return {
        # A fund's ledger is the fund's.
        "POST /v1/funds": only(NFGF, body={"fund": NFGF, "leverage": 10}),
        "GET /v1/funds": only(NFGF, POOL),
        f"GET {funds}": only(NFGF),
        f"GET {funds}/balances": only(NFGF),
        f"GET {funds}/entries": only(NFGF),
        f"POST {funds}/capital": only(NFGF, body={"amount_fen": 1, "contributor": "示例"}),
        f"POST {funds}/capital/return": only(NFGF, body={"amount_fen": 1, "contributor": "示例"}),
        f"POST {funds}/postings/{{posting_id}}/reverse": only(NFGF, body=REASON),
        f"GET {funds}/blocks": only(NFGF),
        f"GET {funds}/blocks/{{number}}/verification": only(NFGF, values={"number": "1"}),
        f"POST {funds}/settlements": only(NFGF, body={"rows": [{**claim, **PAYMENT}]}),
    }


def _claims(world: World) -> dict[str, Row]:
    filing = {"guarantee_id": world.values["guarantee_id"], "principal_outstanding_fen": 1}
    settled = {"claim_id": world.values["settled_id"]}
    return {
        # The bank claims, the guarantor decides, each debtor pays its own leg, all of them read.
        "POST /v1/claims": only(BANK, body={**filing, "documents": [DOCUMENT]}),
        "GET /v1/claims": Row(PARTIES | {POOL}),
        "POST /v1/claims/{claim_id}/verify": only(GUARANTOR),
        "POST /v1/claims/{claim_id}/approve": only(GUARANTOR),
        "POST /v1/claims/{claim_id}/reject": only(GUARANTOR, body=REASON),
        "POST /v1/claims/{claim_id}/legs/{party}/pay": only(NFGF, body=PAYMENT),
        "POST /v1/claims/{claim_id}/close": only(GUARANTOR),
        "GET /v1/claims/{claim_id}": Row(PARTIES),
        "GET /v1/claims/{claim_id}/split": Row(PARTIES),
        "GET /v1/claims/{claim_id}/split.svg": Row(PARTIES),
        "POST /v1/claims/{claim_id}/recoveries": only(
            GUARANTOR,
            body={"cash_fen": 1, "costs_fen": 0, "received_on": "2026-03-02", "reference": "1"},
        ),
        "GET /v1/claims/{claim_id}/recoveries": only(BANK, GUARANTOR, POOL, values=settled),
    }


def _overseeing() -> dict[str, Row]:
    breaker = {"programme": DRAFTED}
    return {
        "POST /v1/breakers/{programme}/{bank}/restore": only(POOL, body=REASON, values=breaker),
        "GET /v1/breakers/{programme}/{bank}": only(BANK, POOL, values=breaker),
        "GET /v1/breakers": only(BANK, POOL),
        # A bank tells of its own loans only: a row of another's is refused by itself.
        "POST /v1/loan-attributes": Row(EVERYONE, {"rows": []}),
        # Whoever asks is told of its own part; a snapshot is for who had it taken.
        "GET /v1/reports/{kind}/{subject}": Row(
            EVERYONE,
            values={"kind": "programme", "subject": PROGRAMME},
            query="since=2026-01-01&on=2026-03-02",
        ),
        "POST /v1/snapshots": Row(EVERYONE, A_REPORT),
        "GET /v1/snapshots": Row(EVERYONE),
        "GET /v1/snapshots/{snapshot_id}": only(NFGF),
        "GET /v1/snapshots/{snapshot_id}/comparison": only(NFGF),
        "GET /v1/filings/{org}/{month}": only(
            PROVINCE, GUARANTOR, values={"org": PROVINCE, "month": "2026-03"}
        ),
        "GET /v1/reconciliations/{bank}/{day}": only(BANK, GUARANTOR, NFGF, POOL),
        "GET /v1/reconciliations/{bank}/{day}/match": only(BANK, GUARANTOR, NFGF, POOL),
        "POST /v1/reconciliations/{day}/statements": Row(EVERYONE, {"rows": []}),
        # Days are ended by the platform's operators: their scope is all that it takes.
        "POST /v1/day-ends": Row(EVERYONE, {"day": "2026-03-02"}),
        "GET /v1/day-ends/{day}": Row(EVERYONE),
        "GET /v1/day-ends/{day}/{run}/cases": Row(EVERYONE),
    }


def opens(answer: httpx.Response) -> bool:
    """Tell whether an answer lets its caller in; an empty page shows nothing."""
    assert answer.status_code != 422 or answer.json()["code"] != "malformed", answer.text
    if answer.status_code in {401, 403, 404}:
        return False
    is_json = answer.headers["content-type"].startswith("application/json")
    found = answer.json() if is_json else {}
    return answer.status_code >= 400 or found.get("items") != []


async def etag_of(world: World, operation: Operation, scopes: tuple[str, ...]) -> str:
    """Read the version of what a command changes, as somebody who sees it."""
    known = [
        o
        for o in operations_of(world.service)
        if o.method == "GET" and operation.path.startswith(o.path) and o.path.endswith("}")
    ]
    for longest in sorted(known, key=lambda o: len(o.path), reverse=True):
        for org in (NFGF, POOL):
            headers = world.service.headers(org, *scopes)
            answer = await ask(world.service, longest, longest.target(world.values), headers)
            if "etag" in answer.headers:
                return str(answer.headers["etag"])
    return '"1"'


async def those_let_in(world: World, operation: Operation, row: Row) -> set[str]:
    """Ask as every organisation, each with every scope but those that read what is others'."""
    scopes = tuple(sorted({o.scope for o in operations_of(world.service) if o.scope is not None}))
    target = operation.target(world.values | row.values, row.query)
    found = set()
    for org in ORGS:
        etag = await etag_of(world, operation, scopes) if operation.method != "GET" else ""
        person = f"{org}: {operation.name}"  # the next command is another person's
        headers = world.service.headers(org, *scopes, sub=person, If_Match=etag)
        if opens(await ask(world.service, operation, target, headers, row.body)):
            found.add(org)
    return found


@pytest.fixture
async def world(service_of: ServiceFactory) -> World:
    return await a_world(await service_of("guarantee"))


class TestOwners:
    async def test_are_the_only_ones_let_in(self, world: World) -> None:
        asked = {o.name: o for o in operations_of(world.service)}

        wrong = []
        for name, row in table(world).items():
            found = await those_let_in(world, asked[name], row)
            wrong += [f"{name} opens to {org}" for org in sorted(found - row.owners)]
            wrong += [f"{name} is shut to {org}" for org in sorted(row.owners - found)]

        if wrong:
            pytest.fail("\n".join(wrong))

    async def test_are_said_for_every_operation(self, world: World) -> None:
        asked = {
            operation.name
            for operation in operations_of(world.service)
            if operation.scope is not None and not operation.path.startswith("/v1/operations")
        }

        assert set(table(world)) == asked
