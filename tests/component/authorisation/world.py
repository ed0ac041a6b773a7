"""A guarantee service in which every kind of thing exists, and the ids by which it is asked for."""

import json
from dataclasses import dataclass
from datetime import date

import httpx

from services.guarantee.dayends import handlers as dayends
from services.guarantee.programmes.handlers import PACKS
from services.guarantee.replays import handlers as replays
from services.guarantee.seals import handlers as seals
from shared.rulepack.loader import load_file
from tests.support.city import an_institution
from tests.support.claims import Claims
from tests.support.guarantees import BANK, NFGF, POOL, TODAY, Scheme, a_scheme
from tests.support.service import ServiceUnderTest

PROGRAMME = "nfgf-scitech"
PACK = "nfgf-scitech-2024"
DRAFTED = "sip-yuankedai"
MONTH_END = date(2026, 3, 31)
NEXT_MONTH = date(2026, 4, 1)
A_REPORT = {
    "report": "programme",
    "subject": PROGRAMME,
    "since": "2026-01-01",
    "on": TODAY.isoformat(),
}


@dataclass(frozen=True)
class World:
    """The service, and values for the path parameters of its operations."""

    service: ServiceUnderTest
    values: dict[str, str]
    draft: str


def _id(answer: httpx.Response, name: str) -> str:
    assert answer.status_code in {200, 201, 202}, answer.text
    found: str = answer.json()[name]
    return found


async def a_world(service: ServiceUnderTest) -> World:
    """Set up a claim that was filed, one that was settled, and one of all else with an owner."""
    scheme = await a_scheme(service)
    await service.deliver(
        an_institution("bank-ganyu", "bank"), an_institution("guarantor-other", "guarantor")
    )
    for programme in (PROGRAMME, DRAFTED):
        await scheme.opening(programme, 200_000_000_000)
    claims = Claims(scheme)
    guarantee_id = await claims.bad_loan()
    claim = await claims.file(guarantee_id)
    settled = await claims.settled(await claims.bad_loan(programme=DRAFTED))
    assert (await claims.recover(settled["claim_id"])).status_code == 201
    [posting] = (await scheme.read(f"/v1/funds/{NFGF}/entries?limit=1"))["items"]
    opening = await scheme.file_opening(PROGRAMME, 100_000_000_000, bank=BANK)
    found = await _things_asked_for(scheme)
    service.clock.advance(days=(NEXT_MONTH - TODAY).days)
    for some in (seals.seal_some, dayends.run_some, replays.replay_some):
        while await some(service.database):
            pass
    return World(
        service,
        {
            "guarantee_id": guarantee_id,
            "claim_id": claim["claim_id"],
            "party": "nfgf",
            "fund": NFGF,
            "posting_id": posting["posting_id"],
            "programme": PROGRAMME,
            "opening_id": _id(opening, "opening_id"),
            "bank": BANK,
            "pack_id": DRAFTED,
            "number": "2",
            "day": MONTH_END.isoformat(),
            "run": "filing",
            "settled_id": settled["claim_id"],
            **found,
        },
        a_draft(),
    )


def a_draft() -> str:
    """Write the second version of a shipped pack."""
    pack = load_file(PACKS / f"{DRAFTED}.yaml").model_dump(mode="json", exclude_none=True)
    return json.dumps({**pack, "version": 2, "valid_from": "2026-04-01"})


async def _things_asked_for(scheme: Scheme) -> dict[str, str]:
    write = ("guarantee.rule-packs:write",)
    draft = await scheme.post(
        "/v1/rule-packs/drafts", {"content": a_draft()}, org=POOL, scopes=write
    )
    assert draft.status_code == 201, draft.text
    replay = await scheme.post(
        f"/v1/rule-packs/{DRAFTED}/versions/2/replays",
        {"programme": DRAFTED, "year": 2026},
        org=POOL,
        scopes=write,
    )
    snapshot = await scheme.post(
        "/v1/snapshots",
        A_REPORT,
        org=NFGF,
        scopes=("guarantee.reports:write",),
    )
    return {
        "replay_id": _id(replay, "replay_id"),
        "snapshot_id": _id(snapshot, "snapshot_id"),
    }
