"""Builders of rule packs: small, neutral, valid; a test changes the one thing that it is about."""

import copy
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.loader import pack_from_data
from shared.rulepack.pack import Pack
from shared.rulepack.splitting import RecoverySplit, SplitResult

ROOT = Path(__file__).parents[2]
GUARANTEE_PACKS = ROOT / "services/guarantee/programmes/packs"
INSURANCE_PACKS = ROOT / "services/insurance/pilots/packs"
A_DAY = date(2026, 3, 2)


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def pack_data(**changes: object) -> dict[str, Any]:
    """Return a valid pack of two parties as data: ``left`` bears 40 %, ``right`` 60 %."""
    data: dict[str, Any] = {
        "id": "two-parties",
        "version": 1,
        "title": words("two parties"),
        "document_number": "none",
        "issuer": words("nobody"),
        "regions": ["320700"],
        "valid_from": "2026-01-01",
        "source": words("made up"),
        "parties": [{"name": "left", **words("left")}, {"name": "right", **words("right")}],
        "tiers": [
            {"name": "all", "title": words("all"), "shares": {"left": 400_000, "right": 600_000}}
        ],
        "examples": [
            {
                "kind": "split",
                "name": "one hundred",
                "on": "2026-03-02",
                "loss_fen": 100,
                "amounts": {"left": 40, "right": 60},
            }
        ],
    }
    data.update(copy.deepcopy(changes))
    return data


def a_pack(**changes: object) -> Pack:
    return pack_from_data(pack_data(**changes))


def a_condition(fact: str = "size", op: str = "le", value: object = 10) -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value, "why": words("because")}


def a_cap(party: str = "right", **changes: object) -> dict[str, Any]:
    cap: dict[str, Any] = {
        "name": f"{party}_case",
        "party": party,
        "kind": "per_case",
        "why": words("a cap"),
    }
    return cap | {"limit": {"fixed": 50}} | changes


def shipped(pack_id: str) -> Pack:
    """Return a pack that a service ships, in force on ``A_DAY``."""
    for folder in (GUARANTEE_PACKS, INSURANCE_PACKS):
        if (folder / f"{pack_id}.yaml").exists():
            return PackCatalogue.from_directory(folder).get(pack_id, on=A_DAY)
    raise LookupError(pack_id)


def amounts(result: SplitResult | RecoverySplit) -> Mapping[str, int]:
    return {leg.party: leg.amount_fen for leg in result.legs}
