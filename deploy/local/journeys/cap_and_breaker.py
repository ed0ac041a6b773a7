"""Journey 4: a portfolio's losses reach the pool's cap and trip the breaker; old claims still pay.

The pool bears half of each loss, up to 10 % of the prior year-end balance of 80,000,000.00 yuan.
Three losses of 5,000,000.00 use 7,500,000.00; of the fourth, 3,000,000.00, only 500,000.00 of the
pool's 1,500,000.00 are left under the cap, and 1,000,000.00 go 60/40 to bank and guarantor.
"""

from http import HTTPStatus
from pathlib import Path

from deploy.local.journeys.city import Json, expect
from deploy.local.journeys.defaulted_loan import file_claim, pay_legs
from deploy.local.journeys.loading import open_year
from deploy.local.journeys.stage import (
    BANK,
    FIRM,
    GUARANTOR,
    POOL,
    YUANKEDAI,
    Stage,
    legs_table,
    table_of,
    yuan,
)

PORTFOLIO = Path(__file__).resolve().parents[3] / "examples" / "lianyungang" / "portfolio-sip.csv"
BALANCE_FEN = 8_000_000_000
GOOD_ROWS = 530
LEAST_LOANS = 500
DEFAULTED = tuple(f"YKD-2025-{number:04d}" for number in range(1, 6))
AMOUNTS_FEN = (500_000_000, 500_000_000, 500_000_000, 300_000_000, 400_000_000)
POOL_BEARS = (250_000_000, 250_000_000, 250_000_000, 50_000_000, 0)
FOURTH = {"bank": 90_000_000, "guarantor": 160_000_000, "pool": 50_000_000}
CAP_FEN = 800_000_000


async def play(stage: Stage) -> None:
    """Play the journey; raises JourneyFailed unless it ends as it must."""
    await _open_year(stage)
    loans = await _take_in(stage)
    splits = [
        await _default(stage, loans[reference], amount_fen)
        for reference, amount_fen in zip(DEFAULTED[:4], AMOUNTS_FEN[:4], strict=True)
    ]
    _show_losses(stage, splits)
    await _check_breaker(stage)
    last = await _default(stage, loans[DEFAULTED[4]], AMOUNTS_FEN[4])
    title = "An old claim still pays after the breaker, beyond the cap 熔断后代偿照付"
    stage.show(legs_table(title, last))
    _check_splits([*splits, last])
    await _check_end(stage)


async def _open_year(stage: Stage) -> None:
    """State the prior year-end balances: the product's for the cap, the bank's for the breaker."""
    for bank in (None, BANK):
        await open_year(stage, YUANKEDAI, bank=bank, balance_fen=BALANCE_FEN)


async def _take_in(stage: Stage) -> dict[str, Json]:
    """Enrol the portfolio in bulk, draw it; return the loans that will default, by reference."""
    report = await stage.city.post(
        "credit:/v1/portfolios",
        by=BANK,
        body=PORTFOLIO.read_bytes(),
        params={"programme": YUANKEDAI, "guarantor": GUARANTOR},
    )
    for row in report["rows"]:
        if not row["accepted"]:
            reasons = "; ".join(reason["en"] for reason in row["reasons"])
            stage.say(f"row {row['row']} ({row['reference']}) refused: {reasons}")
    progress = await stage.city.until(
        "credit:/v1/portfolios/progress",
        lambda found: "enrolment_requested" not in found["by_state"],
        by=BANK,
        what="every loan has its answer",
        params={"programme": YUANKEDAI},
    )
    enrolled = progress["by_state"].get("enrolled", 0)
    stage.say(f"{enrolled} loans enrolled; answers: {progress['by_state']}")
    expect(enrolled == GOOD_ROWS >= LEAST_LOANS, f"{GOOD_ROWS} enrolled loans", enrolled)
    accepted = {row["reference"]: row["loan_id"] for row in report["rows"] if row["accepted"]}
    drawn = await stage.city.post(
        "credit:/v1/portfolios/drawdowns",
        by=BANK,
        body={"loan_ids": list(accepted.values()), "disbursed_on": str(stage.today)},
    )
    # The loan that the programme refused is lent too, at the bank's own risk.
    expect(drawn["accepted"] == len(accepted), f"{len(accepted)} drawn loans", drawn["accepted"])
    return {
        reference: await stage.city.get(f"credit:/v1/loans/{accepted[reference]}", by=BANK)
        for reference in DEFAULTED
    }


async def _default(stage: Stage, loan: Json, amount_fen: int) -> Json:
    """A loan is lost whole: overdue, 次级, claim, approval, payment; return its split."""
    address = f"credit:/v1/loans/{loan['loan_id']}"
    overdue = {
        "overdue_since": str(stage.today),
        "principal_outstanding_fen": amount_fen,
        "reported_on": str(stage.today),
    }
    await stage.city.change(address, "overdue", by=BANK, body=overdue)
    classed = {
        "classification": "substandard",
        "principal_outstanding_fen": amount_fen,
        "classified_on": str(stage.today),
    }
    await stage.city.change(address, "classification", by=BANK, body=classed)
    claim = await file_claim(stage, loan, amount_fen)
    case = f"guarantee:/v1/claims/{claim['claim_id']}"
    await stage.city.change(case, "verify", by=GUARANTOR)
    await stage.city.change(case, "approve", by=f"{GUARANTOR}-checker")
    split = await stage.city.get(f"{case}/split", by=GUARANTOR)
    await pay_legs(stage, claim)
    return split


def _show_losses(stage: Stage, splits: list[Json]) -> None:
    """The pool's part of every loss until its cap, then the split with the overflow."""
    table = table_of(
        f"The pool until its cap of {yuan(CAP_FEN)} 资金池上限",
        "loss",
        "pool's share",
        "pool bears",
        "pool so far",
        right=("loss", "pool's share", "pool bears", "pool so far"),
    )
    total = 0
    for split in splits:
        [pool] = [leg for leg in split["legs"] if leg["party"] == "pool"]
        total += pool["amount_fen"]
        table.add_row(
            yuan(split["eligible_loss_fen"]),
            yuan(pool["base_fen"]),
            yuan(pool["amount_fen"]),
            yuan(total),
        )
    stage.show(table)
    stage.show(legs_table("The loss that meets the cap 溢出分担", splits[-1]))


def _check_splits(splits: list[Json]) -> None:
    pool = tuple(
        leg["amount_fen"] for split in splits for leg in split["legs"] if leg["party"] == "pool"
    )
    expect(pool == POOL_BEARS, f"the pool bears {POOL_BEARS}", pool)
    fourth = {leg["party"]: leg["amount_fen"] for leg in splits[3]["legs"]}
    expect(fourth == FOURTH, f"the fourth loss borne as {FOURTH}", fourth)


async def _check_breaker(stage: Stage) -> None:
    """The breaker is out: a new enrolment is refused with the reason."""
    await stage.city.until(
        "guarantee:/v1/breakers",
        lambda found: any(
            item["bank"] == BANK and item["state"] == "suspended" for item in found["items"]
        ),
        by=POOL,
        what="the breaker trips",
        params={"programme": YUANKEDAI},
    )
    refused = await stage.city.send(
        "POST",
        f"guarantee:/v1/programmes/{YUANKEDAI}/enrolment-checks",
        by=BANK,
        body={
            "uscc": FIRM,
            "amount_fen": 10_000_000,
            "rate_ppm": 34_500,
            "tenor_months": 12,
            "signed_on": str(stage.today),
        },
    )
    expect(refused.status_code == HTTPStatus.CONFLICT, "a 409", refused.text)
    problem = refused.json()
    codes = {problem["code"], *(violation["code"] for violation in problem["violations"])}
    expect("breaker-suspended" in codes, "the breaker as the reason", refused.text)
    table = table_of("A new enrolment is answered 409", "code", "中文", "English")
    table.add_row(problem["code"], problem["title"]["zh"], problem["detail"])
    for violation in problem["violations"]:
        table.add_row(violation["code"], violation["zh"], violation["en"])
    stage.show(table)


async def _check_end(stage: Stage) -> None:
    """Read the end state back: the counter stands at the cap, never above it."""
    programme = await stage.city.get(f"guarantee:/v1/programmes/{YUANKEDAI}", by="auditor")
    [whole] = [counter for counter in programme["counters"] if counter["bank"] is None]
    expect(whole["pool_paid_fen"] == CAP_FEN, "the counter at the cap", whole)
    fund = await stage.city.get(f"guarantee:/v1/funds/{POOL}", by="auditor")
    paid = fund["capital_fen"] - fund["cash_fen"]
    expect(paid == CAP_FEN, f"{CAP_FEN} fen paid by the pool", paid)
