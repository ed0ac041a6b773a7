"""What refusals say, word for word: code, detail, and every violation in both languages."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from uuid import UUID

from services.guarantee.breakers import rules as breakers
from services.guarantee.capital import rules as capital
from services.guarantee.claims import rules as claims
from services.guarantee.claims.rules import Claim, ClaimState
from services.guarantee.enrolments import rules as enrolments
from services.guarantee.enrolments.rules import Standing, Terms
from services.guarantee.fund import rules as fund
from services.guarantee.fund.rules import Fund, PostingKind, Slip
from services.guarantee.guarantees import rules as guarantees
from services.guarantee.guarantees.rules import GuaranteeState
from services.guarantee.known.rules import Firm, KnownInstitution, KnownLoan
from services.guarantee.losses import rules as losses
from services.guarantee.openings import rules as openings
from services.guarantee.openings.rules import Opening, OpeningId
from services.guarantee.programmes import rules as programmes
from services.guarantee.programmes.rules import Counters, PinnedPack, Programme, ProgrammeState
from services.guarantee.recoveries import rules as recoveries
from services.guarantee.recoveries.rules import Receipt, RecoveryId
from services.guarantee.regulator import rules as regulator
from services.guarantee.seals import rules as seals
from shared.calendar import national
from shared.errors import DomainError, Violation
from tests.support.cases import CLAIM, TODAY, a_claim, a_guarantee, a_leg, a_loan
from tests.support.golden import assert_golden
from tests.support.packs import shipped

GOLDEN = Path(__file__).parent / "golden" / "words.json"
PACK, SCITECH = shipped("sip-yuankedai"), shipped("nfgf-scitech-2024")
GUARANTOR, POOL = "guarantor-ges", "fund-lyg"
EARLIER, LATER = date(2026, 3, 1), date(2026, 3, 3)
A_FUND = Fund(code=POOL, leverage=2, capital_fen=100, cash_fen=100, reserved_fen=60)
SLIP = Slip(posting_id=UUID(int=1), cause_id=UUID(int=2), booked_on=TODAY)
PROGRAMME = Programme(
    code="sip-yuankedai",
    title="示例",
    pack=PinnedPack.of(PACK),
    fund=POOL,
    parties={"pool": POOL},
    quota_fen=1_000,
    period_months=6,
    guarantee_type="joint_and_several",
    enrolment_days=30,
    due_days=10,
    effective_from=EARLIER,
    created_by="maker",
    state=ProgrammeState.ACTIVE,
)
TERMS = Terms(
    uscc="91320706MA1N00018N",
    bank="bank-haizhou",
    amount_fen=400,
    rate_ppm=38_000,
    tenor_months=12,
    signed_on=TODAY,
    requested_on=TODAY,
)
STANDING = Standing(
    programme=PROGRAMME, pack=PACK, firm=Firm(TERMS.uscc, ("hnte",), frozenset()), fund=A_FUND
)
COUNTERS = Counters(programme="sip-yuankedai", bank="", year=2026, prior_year_end_balance_fen=1_000)
Found = Callable[[], object]


def settled() -> Claim:
    return a_claim(state=ClaimState.SETTLED, eligible_loss_fen=1_000)


def file(claim: Claim, *, loan: KnownLoan | None = None, **changes: object) -> object:
    return claims.file(
        claim,
        a_guarantee(PACK, **changes),
        loan=a_loan() if loan is None else loan,
        pack=PACK,
        first_filed_on=claim.filed_on,
        calendar=national(),
    )


def pay(**changes: object) -> object:
    given = {"org": POOL, "paid_on": TODAY, "reference": "r", "since": TODAY, "today": TODAY}
    return losses.pay(a_leg(paid_on=changes.pop("leg_paid_on", None)), **(given | changes))  # type: ignore[arg-type]  # checked at run time


def receive(claim: Claim, **changes: object) -> object:
    given = {"cash_fen": 10, "costs_fen": 0, "surplus_fen": 0, "received_on": TODAY}
    receipt = Receipt(reference="r", **(given | changes))  # type: ignore[arg-type]  # checked at run time
    return recoveries.allocate(
        RecoveryId(UUID(int=1)),
        claim,
        [a_leg()],
        receipt,
        by="clerk",
        org=GUARANTOR,
        today=TODAY,
    )


def decide(*, terms: Mapping[str, object] | None = None, **standing: object) -> object:
    asked = replace(TERMS, **(terms or {}))  # type: ignore[arg-type]  # checked at run time
    return enrolments.decide(asked, replace(STANDING, **standing)).refusals  # type: ignore[arg-type]  # checked at run time


def of_claims() -> dict[str, Found]:
    over = a_claim(principal_outstanding_fen=400_000_001, documents=())
    performing = a_loan(classification="normal", classified_on=None)
    verified = a_claim(state=ClaimState.VERIFIED, verified_by="maker")
    return {
        "claim above the cover, without papers": lambda: file(over),
        "claim without a loss": lambda: file(a_claim(recovered_before_fen=300_000_000)),
        "claim on a performing loan": lambda: file(a_claim(), loan=performing),
        "claim on a closed loan": lambda: file(a_claim(), loan=a_loan(closed_on=TODAY)),
        "claim after the period": lambda: file(a_claim(filed_on=date(2026, 8, 4))),
        "claim before the drawdown": lambda: file(a_claim(filed_on=date(2025, 1, 1))),
        "claim drawn before its letter": lambda: file(a_claim(), effective_on=date(2025, 1, 2)),
        "claim on no guarantee in force": lambda: file(a_claim(), state=GuaranteeState.CLOSED),
        "claim by another bank": lambda: claims.require_bank(a_guarantee(PACK), "bank-ganyu"),
        "claim verified by another": lambda: claims.verify(a_claim(), by="m", org="other"),
        "claim verified twice": lambda: claims.verify(verified, by="m", org=GUARANTOR),
        "claim rejected late": lambda: claims.reject(settled(), by="m", org=GUARANTOR, reason="r"),
        "claim approved by its verifier": lambda: claims.require_approver(
            verified, by="maker", org=GUARANTOR
        ),
        "claim closed early": lambda: claims.close(a_claim(), org=GUARANTOR, today=TODAY),
        "leg of another": lambda: pay(org="other"),
        "leg paid twice": lambda: pay(leg_paid_on=TODAY),
        "leg paid early": lambda: pay(paid_on=EARLIER),
        "leg paid late": lambda: pay(paid_on=LATER),
        "receipt before the claim": lambda: receive(settled(), received_on=EARLIER),
        "receipt ahead": lambda: receive(settled(), received_on=LATER),
        "receipt beyond all losses": lambda: receive(settled(), cash_fen=501),
        "receipt on an open claim": lambda: receive(a_claim()),
    }


def of_money() -> dict[str, Found]:
    wrong = fund.posting_of(A_FUND, SLIP, PostingKind.CLAIM_RESERVED, fund.transfer(*RESERVE, 5))
    paid_in = fund.posting_of(
        A_FUND, SLIP, PostingKind.CAPITAL_PAID_IN, fund.transfer(*CAPITAL, 50)
    )
    return {
        "commitment beyond capacity": lambda: fund.reserve_commitment(A_FUND, SLIP, amount_fen=201),
        "refusal of a commitment": lambda: fund.capacity_refusal(A_FUND, amount_fen=201),
        "reservation beyond cash": lambda: fund.reserve_for_claim(A_FUND, SLIP, amount_fen=41),
        "leg beyond its reservation": lambda: fund.pay_leg(
            A_FUND, SLIP, amount_fen=6, reserved_fen=5
        ),
        "capital of tomorrow": lambda: capital.require_value_date(LATER, today=TODAY),
        "capital in use": lambda: capital.give_back(
            A_FUND, SLIP, amount_fen=41, contributed_fen=100
        ),
        "capital of another": lambda: capital.give_back(
            A_FUND, SLIP, amount_fen=5, contributed_fen=4
        ),
        "capital committed": lambda: capital.give_back(
            replace(A_FUND, committed_fen=190, reserved_fen=0),
            SLIP,
            amount_fen=10,
            contributed_fen=100,
        ),
        "reversal of a reservation": lambda: capital.reverse(
            A_FUND, SLIP, wrong, contributed_fen=100
        ),
        "reversal of capital in use": lambda: capital.reverse(
            A_FUND, SLIP, paid_in, contributed_fen=100
        ),
    }


RESERVE = (fund.Account.RESERVED, fund.Account.RESERVED_CONTRA)
CAPITAL = (fund.Account.CASH, fund.Account.CAPITAL)


def of_enrolments() -> dict[str, Found]:
    guarantor = KnownInstitution("guarantor-x", "bank", EARLIER, None)
    return {
        "enrolment at every gate": lambda: decide(
            terms={"signed_on": date(2026, 1, 1)},
            programme=replace(PROGRAMME, state=ProgrammeState.DRAFT),
            pack=replace_pack(),
            firm=None,
            loan_is_covered=True,
            guarantor=guarantor,
        ),
        "enrolment signed later": lambda: decide(terms={"signed_on": LATER}),
        "enrolment beyond quota and capacity": lambda: decide(terms={"amount_fen": 2_000}),
        "enrolment in no tier": lambda: decide(
            pack=SCITECH,
            programme=replace(PROGRAMME, pack=PinnedPack.of(SCITECH)),
            firm=Firm(TERMS.uscc, (), frozenset()),
        ),
    }


def of_schemes() -> dict[str, Found]:
    opening = Opening(
        id=OpeningId(UUID(int=3)),
        programme="sip-yuankedai",
        bank="",
        year=2026,
        balance_fen=5,
        filed_by="maker",
        filed_on=TODAY,
    )
    filed = replace(PROGRAMME, state=ProgrammeState.DRAFT)
    return {
        "quota exhausted": lambda: programmes.quota_refusal(PROGRAMME, amount_fen=1_001),
        "programme that does not work": lambda: programmes.file(
            replace(filed, parties={"other": "x"}, effective_from=date(2000, 1, 1)),
            PACK,
            institutions={},
        ),
        "programme without shares": lambda: programmes.file(
            filed, shipped("guarantor-regulation-683"), institutions={}
        ),
        "programme activated twice": lambda: programmes.activate(PROGRAMME, PACK, by="checker"),
        "programme activated by its maker": lambda: programmes.activate(filed, PACK, by="maker"),
        "pin that differs": lambda: programmes.confirm_pin(PinnedPack.of(SCITECH), PACK),
        "year not opened": lambda: replace(COUNTERS, prior_year_end_balance_fen=None).base_fen,
        "opening confirmed by its maker": lambda: openings.confirm(
            opening, replace(COUNTERS, prior_year_end_balance_fen=None), by="maker", today=TODAY
        ),
        "opening of an opened year": lambda: openings.confirm(
            opening, COUNTERS, by="checker", today=TODAY
        ),
        "breaker restored by nobody's right": lambda: breakers.restore(
            breakers.Breaker(
                programme="sip-yuankedai",
                bank="bank-haizhou",
                viewers=(),
                year=2026,
                changed_on=TODAY,
            ),
            COUNTERS,
            PACK,
            org=POOL,
            reason="r",
            today=TODAY,
        ),
    }


def of_the_rest() -> dict[str, Found]:
    return {
        "drawdown of another programme": lambda: guarantees.refusal_of_drawdown(
            a_guarantee(PACK, state=GuaranteeState.ISSUED), drawn_on=TODAY, programme=None
        ),
        "attributes of nothing": lambda: regulator.parse_row(
            dict.fromkeys(
                ("loan_id", "size", "credit_line_fen", "is_farmer", "guarantor_is_public"), "?"
            )
        ),
        "attributes of a stranger": lambda: regulator.stranger(CLAIM),
        "ledger that was changed": lambda: seals.genesis(POOL).hex(),
    }


def replace_pack() -> object:
    return PACK.model_copy(update={"valid_to": EARLIER})


def told(call: Found) -> object:
    """Return what a call says: its refusal, or the violations that it returns."""
    try:
        found = call()
    except DomainError as refusal:
        return {
            "code": refusal.code,
            "detail": refusal.detail,
            "violations": [asdict(violation) for violation in refusal.violations],
        }
    if isinstance(found, Violation):
        return asdict(found)
    if isinstance(found, tuple) and all(isinstance(each, Violation) for each in found):
        return [asdict(each) for each in found]
    return str(found)


def test_every_refusal_is_worded_as_it_was_agreed() -> None:
    said = {
        name: told(call)
        for name, call in (
            of_claims() | of_money() | of_enrolments() | of_schemes() | of_the_rest()
        ).items()
    }

    assert_golden(GOLDEN, json.dumps(said, ensure_ascii=False, indent=1) + "\n")
