"""State machines whole: every state × every command leads where the table says, or is refused.

A version of the rulebook has a table of its own, ``rulebook/test_rules.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from services.guarantee.breakers import rules as breakers
from services.guarantee.breakers.rules import Breaker, BreakerState
from services.guarantee.claims import rules as claims
from services.guarantee.claims.rules import Claim, ClaimState
from services.guarantee.guarantees import rules as guarantees
from services.guarantee.guarantees.rules import Guarantee, GuaranteeState
from services.guarantee.losses.rules import split_of
from services.guarantee.openings import rules as openings
from services.guarantee.openings.rules import Opening, OpeningId, OpeningState
from services.guarantee.programmes import rules as programmes
from services.guarantee.programmes.rules import Counters, PinnedPack, Programme, ProgrammeState
from shared.errors import DomainError
from shared.rulepack.splitting import split_loss
from tests.support.cases import TODAY, a_claim, a_cover, a_guarantee, a_leg
from tests.support.packs import shipped

PACK = shipped("sip-yuankedai")
GUARANTOR = "guarantor-ges"
CALM = Counters(
    programme="sip-yuankedai", bank="bank-haizhou", year=2026, prior_year_end_balance_fen=10_000
)
BAD = replace(CALM, npl_principal_loss_fen=1_000)
Table = Mapping[tuple[StrEnum, str], str]
"""Where a command leads: the state after it, or the code of its refusal."""
G, C, B, P, Y = GuaranteeState, ClaimState, BreakerState, ProgrammeState, OpeningState


def a_guarantee_in(state: GuaranteeState) -> Guarantee:
    return a_guarantee(PACK, state=state)


GUARANTEE_COMMANDS: dict[str, Callable[[Guarantee], Guarantee]] = {
    "take effect": lambda g: guarantees.take_effect(
        g, drawn_fen=5, drawn_on=TODAY, matures_on=date(2027, 3, 2)
    )[0],
    "close": lambda g: guarantees.close(g, today=TODAY)[0],
    "release": lambda g: guarantees.release(g, reason="expired", today=TODAY)[0],
}
GUARANTEES: Table = {
    (G.ISSUED, "take effect"): "effective",
    (G.ISSUED, "release"): "released",
    (G.EFFECTIVE, "close"): "closed",
    (G.EFFECTIVE, "release"): "released",
}


def a_claim_in(state: ClaimState) -> Claim:
    verified = state is not C.FILED
    return a_claim(
        state=state,
        verified_by="maker" if verified else None,
        approved_on=TODAY,
        eligible_loss_fen=300_000_000,
    )


def approve(claim: Claim) -> Claim:
    counters = {"prior_year_end_balance_fen": 8_000_000_000, "pool_paid_this_year_fen": 0}
    result = split_loss(PACK, on=TODAY, loss_fen=300_000_000, facts={}, counters=counters)
    split, legs = split_of(
        result,
        cover=a_cover(PACK),
        loss_fen=300_000_000,
        recovered_fen=0,
        counters=counters,
        today=TODAY,
    )
    return claims.approve(claim, split, legs, by="checker", org=GUARANTOR)[0]


def pay(claim: Claim) -> Claim:
    leg = a_leg(paid_on=TODAY, reference="r")
    return claims.record_payment(claim, leg, [leg], today=TODAY)[0]


CLAIM_COMMANDS: dict[str, Callable[[Claim], Claim]] = {
    "verify": lambda c: claims.verify(c, by="maker", org=GUARANTOR)[0],
    "reject": lambda c: claims.reject(c, by="maker", org=GUARANTOR, reason="r")[0],
    "approve": approve,
    "pay the last leg": pay,
    "close": lambda c: claims.close(c, org=GUARANTOR, today=TODAY)[0],
}
CLAIMS: Table = {
    (C.FILED, "verify"): "verified",
    (C.FILED, "reject"): "rejected",
    (C.VERIFIED, "reject"): "rejected",
    (C.VERIFIED, "approve"): "approved",
    (C.APPROVED, "pay the last leg"): "settled",
    (C.SETTLED, "close"): "closed",
}


def a_breaker_in(state: BreakerState) -> Breaker:
    return Breaker(
        programme="sip-yuankedai",
        bank="bank-haizhou",
        viewers=(),
        state=state,
        year=2026,
        changed_on=TODAY,
    )


def restore(breaker: Breaker, counters: Counters) -> Breaker:
    return breakers.restore(breaker, counters, PACK, org="fund-lyg", reason="r", today=TODAY)[0]


BREAKER_COMMANDS: dict[str, Callable[[Breaker], Breaker]] = {
    "assess, calm": lambda b: breakers.assess(b, CALM, PACK, today=TODAY)[0],
    "assess, bad": lambda b: breakers.assess(b, BAD, PACK, today=TODAY)[0],
    "restore, calm": lambda b: restore(b, CALM),
    "restore, bad": lambda b: restore(b, BAD),
}
BREAKERS: Table = {
    (B.NORMAL, "assess, calm"): "normal",
    (B.WARNING, "assess, calm"): "normal",
    (B.SUSPENDED, "assess, calm"): "suspended",
    (B.NORMAL, "assess, bad"): "suspended",
    (B.WARNING, "assess, bad"): "suspended",
    (B.SUSPENDED, "assess, bad"): "suspended",
    (B.SUSPENDED, "restore, calm"): "normal",
    (B.SUSPENDED, "restore, bad"): "ratio-still-reached",
}


def a_programme_in(state: ProgrammeState) -> Programme:
    return Programme(
        code="sip-yuankedai",
        title="示例",
        pack=PinnedPack.of(PACK),
        fund="fund-lyg",
        parties={"pool": "fund-lyg"},
        quota_fen=1_000,
        period_months=6,
        guarantee_type="joint_and_several",
        enrolment_days=30,
        due_days=10,
        effective_from=TODAY,
        created_by="maker",
        state=state,
    )


PROGRAMME_COMMANDS: dict[str, Callable[[Programme], Programme]] = {
    "activate": lambda p: programmes.activate(p, PACK, by="checker")[0]
}
PROGRAMMES: Table = {(P.DRAFT, "activate"): "active"}


def an_opening_in(state: OpeningState) -> Opening:
    return Opening(
        id=OpeningId(UUID(int=1)),
        programme=CALM.programme,
        bank=CALM.bank,
        year=CALM.year,
        balance_fen=5,
        filed_by="maker",
        filed_on=TODAY,
        state=state,
    )


OPENING_COMMANDS: dict[str, Callable[[Opening], Opening]] = {
    "confirm": lambda o: openings.confirm(o, CALM, by="checker", today=TODAY)[0]
}
OPENINGS: Table = {(Y.FILED, "confirm"): "confirmed"}

MACHINES: dict[str, tuple[type[StrEnum], Any, Mapping[str, Any], Table, str]] = {
    "guarantee": (G, a_guarantee_in, GUARANTEE_COMMANDS, GUARANTEES, "guarantee-not-in-force"),
    "claim": (C, a_claim_in, CLAIM_COMMANDS, CLAIMS, "claim-state"),
    "breaker": (B, a_breaker_in, BREAKER_COMMANDS, BREAKERS, "breaker-not-suspended"),
    "programme": (P, a_programme_in, PROGRAMME_COMMANDS, PROGRAMMES, "programme-not-draft"),
    "opening": (Y, an_opening_in, OPENING_COMMANDS, OPENINGS, "opening-not-filed"),
}
"""States, how one is built, commands, the table, and the code of what the table leaves out."""

CASES = [
    (name, state, command)
    for name, (states, _, commands, _, _) in MACHINES.items()
    for state, command in product(states, commands)
]


def led_to(machine: str, state: StrEnum, command: str) -> str:
    """Give a command in a state; returns the state after it, or the code of the refusal."""
    _, build, commands, _, _ = MACHINES[machine]
    before = build(state)
    try:
        after = commands[command](before)
    except DomainError as refusal:
        assert build(state) == before
        return refusal.code
    return str(after.state)


@pytest.mark.parametrize(("machine", "state", "command"), CASES)
def test_leads_where_the_table_says(machine: str, state: StrEnum, command: str) -> None:
    *_, table, refusal = MACHINES[machine]

    assert led_to(machine, state, command) == table.get((state, command), refusal)


@pytest.mark.parametrize("machine", list(MACHINES))
def test_table_names_only_what_there_is(machine: str) -> None:
    states, _, commands, table, _ = MACHINES[machine]

    assert set(table) <= set(product(states, commands))
