"""Builders of guarantees, claims and legs for tests of pure rules."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from services.guarantee.claims.rules import Claim, ClaimId, Document
from services.guarantee.guarantees.rules import (
    Application,
    Cover,
    Guarantee,
    GuaranteeId,
    GuaranteeState,
    PartyShare,
)
from services.guarantee.known.rules import KnownLoan
from services.guarantee.losses.rules import Leg
from services.guarantee.programmes.rules import PinnedPack
from shared.rulepack.pack import Pack

LOAN = UUID("01890a5d-ac96-774b-bcce-b30209900001")
GUARANTEE = GuaranteeId(UUID("01890a5d-ac96-774b-bcce-b30209900002"))
CLAIM = ClaimId(UUID("01890a5d-ac96-774b-bcce-b30209900003"))
TODAY = date(2026, 3, 2)
FIRM = "91320706MA1N00018N"
ORGS = {"bank": "bank-haizhou", "guarantor": "guarantor-ges", "pool": "fund-lyg"}


def a_cover(pack: Pack, **changes: object) -> Cover:
    """Build the letter of a pack with one tier whose parties are bank, guarantor and pool."""
    tier = pack.tiers[0]
    cover = Cover(
        pack=PinnedPack.of(pack),
        tier=tier.name,
        shares=tuple(PartyShare(party, ORGS[party], tier.shares[party]) for party in pack.order),
        facts={},
        fund="fund-lyg",
        ledger_party="pool",
        commitment_fen=200_000_000,
        guarantee_type="joint_and_several",
        period_months=6,
        due_days=10,
        issued_on=date(2026, 3, 1),
    )
    return replace(cover, **changes)  # type: ignore[arg-type]  # names are checked at run time


def a_guarantee(pack: Pack, **changes: object) -> Guarantee:
    """Build a guarantee in force over 4,000,000 yuan, lent under its letter, matured 2026-02-02."""
    guarantee = Guarantee(
        id=GUARANTEE,
        application=Application(
            loan_id=LOAN,
            uscc=FIRM,
            bank="bank-haizhou",
            guarantor="guarantor-ges",
            programme="sip-yuankedai",
            amount_fen=400_000_000,
            rate_ppm=38_000,
            tenor_months=12,
            signed_on=date(2025, 2, 1),
            requested_on=date(2025, 2, 1),
        ),
        state=GuaranteeState.EFFECTIVE,
        decided_on=date(2025, 2, 1),
        cover=a_cover(pack, issued_on=date(2025, 2, 1)),
        drawn_fen=400_000_000,
        effective_on=date(2025, 2, 2),
        matures_on=date(2026, 2, 2),
    )
    return replace(guarantee, **changes)  # type: ignore[arg-type]  # names are checked at run time


def a_loan(**changes: object) -> KnownLoan:
    """Build a substandard loan of which 3,000,000 yuan are owed."""
    loan = KnownLoan(
        loan_id=LOAN,
        uscc=FIRM,
        bank="bank-haizhou",
        disbursed_on=date(2025, 2, 2),
        matures_on=date(2026, 2, 2),
        principal_outstanding_fen=300_000_000,
        classification="substandard",
        classified_on=TODAY,
    )
    return replace(loan, **changes)  # type: ignore[arg-type]  # names are checked at run time


def a_claim(**changes: Any) -> Claim:  # noqa: ANN401 - any field of the claim
    """Build a claim over 3,000,000 yuan."""
    claim = Claim(
        id=CLAIM,
        guarantee_id=GUARANTEE,
        loan_id=LOAN,
        programme="sip-yuankedai",
        bank="bank-haizhou",
        guarantor="guarantor-ges",
        fund="fund-lyg",
        ledger_party="pool",
        viewers=tuple(ORGS.values()),
        covered_fen=400_000_000,
        principal_outstanding_fen=300_000_000,
        recovered_before_fen=0,
        documents=(Document("loan_contract", "a" * 64),),
        filed_on=TODAY,
        filed_by="clerk",
    )
    return replace(claim, **changes)


def a_leg(party: str = "pool", **changes: Any) -> Leg:  # noqa: ANN401 - any field of the leg
    """Build an unpaid leg of 500 fen."""
    leg = Leg(
        party=party,
        org=ORGS[party],
        share_ppm=500_000,
        base_fen=500,
        capped_fen=500,
        overflow_fen=0,
        due_on=date(2026, 3, 12),
    )
    return replace(leg, **changes)
