"""Journey 1: a guaranteed loan, from consent to a loss shared to the fen and a recovery.

The contract is 200 days old; the loan is drawn on the day of its letter, for one drawn earlier
could not be claimed for. A journey lasts a day: the first payment is missed and the bank classifies
the loan 次级 at once, as a bank may that knows more than the days overdue say.
"""

from datetime import timedelta

from deploy.local.journeys.city import Json, expect
from deploy.local.journeys.stage import (
    BANK,
    FIRM,
    GUARANTOR,
    NFGF,
    SCITECH,
    Stage,
    legs_table,
    table_of,
    yuan,
)

PRINCIPAL_FEN = 400_000_000
OUTSTANDING_FEN = 333_333_333
BORNE = {"bank": 66_666_667, "nfgf": 116_666_666, "province": 66_666_667, "guarantor": 83_333_333}
"""3,333,333.33 yuan at 20/35/20/25 %: two odd fen go to bank and province."""
CASH_FEN = 100_000_000
COSTS_FEN = 5_000_000
"""1,000,000.00 yuan come back; getting it cost 50,000.00."""
RETURNED = {
    "bank": 19_000_000,
    "nfgf": 33_250_000,
    "province": 19_000_000,
    "guarantor": 23_750_000,
}
"""950,000.00 yuan by borne loss."""
PAYERS = {"bank": BANK, "nfgf": NFGF, "province": "reguarantor-js", "guarantor": GUARANTOR}
OFFERS = ((BANK, 38_000), ("bank-ganyu", 39_500), ("bank-donghai", 41_000))
EVIDENCE = "0f" * 32


async def play(stage: Stage) -> None:
    """Play the journey; raises JourneyFailed unless it ends as it must."""
    demand = await _demand(stage)
    loan = await _lend(stage, demand)
    claim = await _claim(stage, loan)
    await _pay(stage, claim)
    await _recover(stage, claim)
    await _check_end(stage, loan["loan_id"], claim["claim_id"])


async def consent(stage: Stage, grantee: str, purpose: str, feeds: list[str]) -> Json:
    """The firm lets an institution read feeds for one purpose, for a year."""
    return await stage.city.post(
        "registry:/v1/consents",
        by="enterprise-portal",
        body={
            "uscc": FIRM,
            "grantee": grantee,
            "purpose": purpose,
            "feeds": feeds,
            "evidence_sha256": EVIDENCE,
            "valid_from": str(stage.today),
            "valid_to": str(stage.today + timedelta(days=365)),
        },
    )


async def _demand(stage: Stage) -> Json:
    """Consent, demand, three offers, the cheapest accepted."""
    city = stage.city
    for bank, _ in OFFERS:
        await consent(stage, bank, "credit_assessment", ["enterprise-profiles"])
    demand = await city.post(
        "credit:/v1/demands",
        by="enterprise-portal",
        body={
            "uscc": FIRM,
            "amount_fen": PRINCIPAL_FEN,
            "tenor_months": 12,
            "purpose": "研发设备",
        },
    )
    address = f"credit:/v1/demands/{demand['demand_id']}"
    for bank, rate_ppm in OFFERS:
        await city.until(address, lambda _: True, by=bank, what=f"{bank} sees the demand")
        terms = {"amount_fen": PRINCIPAL_FEN, "rate_ppm": rate_ppm, "tenor_months": 12}
        await city.post(f"{address}/offers", by=bank, body=terms)
    offered = await city.get(address, by="enterprise-portal")
    cheapest = min(offered["offers"], key=lambda offer: offer["rate_ppm"])
    stage.say(f"three offers; {cheapest['bank']} is cheapest and is accepted")
    return await city.post(
        f"{address}/offers/{cheapest['offer_id']}/accept",
        by="enterprise-portal",
        if_match=offered["version"],
    )


async def _lend(stage: Stage, demand: Json) -> Json:
    """Contract, enrolment, letter, drawdown, overdue, 次级."""
    city, today = stage.city, stage.today
    loan = await city.post(
        "credit:/v1/loans",
        by=BANK,
        body={
            "demand_id": demand["demand_id"],
            "bank_reference": "HZ-2026-0001",
            "amount_fen": PRINCIPAL_FEN,
            "rate_ppm": 38_000,
            "tenor_months": 12,
            "signed_on": str(today - timedelta(days=200)),
        },
    )
    address = f"credit:/v1/loans/{loan['loan_id']}"
    enrolment = {"programme": SCITECH, "guarantor": GUARANTOR}
    await city.change(address, "enrolment", by=BANK, body=enrolment)
    loan = await city.until(
        address, lambda found: found["state"] == "enrolled", by=BANK, what="the letter"
    )
    stage.say(f"the guarantor's letter is here: guarantee {loan['guarantee_id']}")
    drawdown = {"disbursed_on": str(today)}
    await city.change(address, "drawdown", by=BANK, body=drawdown)
    overdue = {
        "overdue_since": str(today),
        "principal_outstanding_fen": OUTSTANDING_FEN,
        "reported_on": str(today),
    }
    await city.change(address, "overdue", by=BANK, body=overdue)
    classed = {
        "classification": "substandard",
        "principal_outstanding_fen": OUTSTANDING_FEN,
        "classified_on": str(today),
    }
    return await city.change(address, "classification", by=BANK, body=classed)


async def _claim(stage: Stage, loan: Json) -> Json:
    """Claim, verification by one person, approval by another, the split."""
    claim = await file_claim(stage, loan, OUTSTANDING_FEN)
    address = f"guarantee:/v1/claims/{claim['claim_id']}"
    await stage.city.change(address, "verify", by=GUARANTOR)
    approved = await stage.city.change(address, "approve", by=f"{GUARANTOR}-checker")
    split = await stage.city.get(f"{address}/split", by=GUARANTOR)
    borne = {leg["party"]: leg["amount_fen"] for leg in split["legs"]}
    expect(borne == BORNE, f"the loss borne as {BORNE}", borne)
    title = f"Who bears the loss of {yuan(OUTSTANDING_FEN)} yuan 风险分担"
    stage.show(legs_table(title, split))
    arithmetic = table_of("The arithmetic 计算过程", "step", "中文", "English")
    for step in split["trace"]:
        arithmetic.add_row(step["step"], step["zh"], step["en"])
    stage.show(arithmetic)
    return approved


async def file_claim(stage: Stage, loan: Json, principal_fen: int) -> Json:
    """File a claim as soon as guarantee has heard of the loan's classification."""
    return await stage.city.post_once_ready(
        "guarantee:/v1/claims",
        by=BANK,
        body={
            "guarantee_id": loan["guarantee_id"],
            "principal_outstanding_fen": principal_fen,
            "documents": [
                {"kind": kind, "sha256": EVIDENCE}
                for kind in ("loan_contract", "guarantee_letter", "overdue_notice")
            ],
        },
    )


async def pay_legs(stage: Stage, claim: Json) -> Json:
    """Let every party pay its leg; the last one settles the claim."""
    address = f"guarantee:/v1/claims/{claim['claim_id']}"
    current = await stage.city.get(address, by=GUARANTOR)
    for leg in current["legs"]:
        if leg["amount_fen"] == 0 or leg["paid_on"] is not None:
            continue
        payment = {"paid_on": str(stage.today), "reference": f"PAY-{leg['party']}"}
        action = f"legs/{leg['party']}/pay"
        current = await stage.city.change(address, action, by=leg["org"], body=payment)
    expect(current["state"] == "settled", "a settled claim", current["state"])
    return current


async def _pay(stage: Stage, claim: Json) -> None:
    """Every leg is paid; the fund's ledger shows its part."""
    await pay_legs(stage, claim)
    fund = await stage.city.get(f"guarantee:/v1/funds/{NFGF}", by=NFGF)
    stage.say(
        f"every leg is paid; fund {NFGF}: cash {yuan(fund['cash_fen'])} of capital "
        f"{yuan(fund['capital_fen'])} yuan"
    )
    paid = fund["capital_fen"] - fund["cash_fen"]
    expect(paid == BORNE["nfgf"], f"{BORNE['nfgf']} fen paid by the fund", paid)


async def _recover(stage: Stage, claim: Json) -> None:
    """Cash comes back: agreed costs first, the rest by borne loss."""
    address = f"guarantee:/v1/claims/{claim['claim_id']}"
    received = {
        "cash_fen": CASH_FEN,
        "costs_fen": COSTS_FEN,
        "received_on": str(stage.today),
        "reference": "REC-1",
    }
    await stage.city.change(address, "recoveries", by=GUARANTOR, body=received)
    current = await stage.city.get(address, by=GUARANTOR)
    returned = {leg["party"]: leg["recovered_fen"] for leg in current["legs"]}
    expect(returned == RETURNED, f"the recovery split as {RETURNED}", returned)
    table = table_of(
        f"Recovery of {yuan(CASH_FEN)}, costs {yuan(COSTS_FEN)} first 追偿分配",
        "party",
        "bore",
        "receives",
        "still bears",
        right=("bore", "receives", "still bears"),
    )
    for leg in current["legs"]:
        bore, back = leg["amount_fen"], leg["recovered_fen"]
        table.add_row(leg["party"], yuan(bore), yuan(back), yuan(bore - back))
    stage.show(table)
    await stage.city.change(address, "close", by=GUARANTOR)


async def _check_end(stage: Stage, loan_id: str, claim_id: str) -> None:
    """Read the end states back over REST."""
    claim = await stage.city.get(f"guarantee:/v1/claims/{claim_id}", by="auditor")
    expect(claim["state"] == "closed", "a closed claim", claim["state"])
    await stage.city.until(
        f"credit:/v1/loans/{loan_id}",
        lambda found: found["state"] == "closed",
        by=BANK,
        what="the loan is closed",
    )
    fund = await stage.city.get(f"guarantee:/v1/funds/{NFGF}", by="auditor")
    left = fund["capital_fen"] - BORNE["nfgf"] + RETURNED["nfgf"]
    expect(fund["cash_fen"] == left, f"{left} fen of cash", fund["cash_fen"])
    expect(fund["committed_fen"] == 0, "no commitment left", fund["committed_fen"])
