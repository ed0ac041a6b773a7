"""Journey 3: a first-set machine is qualified, co-insured, paid for and subsidised."""

from datetime import timedelta

from deploy.local.journeys.city import expect
from deploy.local.journeys.stage import Stage, percent, table_of, yuan

MAKER = "91320706MAYL00040F"
"""The fourth firm of the example list: a little giant that builds equipment."""
VALUE_FEN = 4_000_000_000
RATE_PPM = 28_000
PREMIUM_FEN = 112_000_000
QUOTA_FEN = 85_000_000
SUBSIDY_FEN = 85_000_000
"""80 % of 1,120,000.00 yuan is 896,000.00; the quota of 850,000.00 is lower."""
SHARES = (("insurer-lead", 500_000), ("insurer-co1", 300_000), ("insurer-co2", 200_000))


async def play(stage: Stage) -> None:
    """Play the journey; raises JourneyFailed unless it ends as it must."""
    city, today = stage.city, stage.today
    qualification = await city.post(
        "insurance:/v1/qualifications",
        by="dept-gx",
        body={
            "uscc": MAKER,
            "pilot": "first_set",
            "equipment_kind": "whole",
            "product": "示例首台套成型机",
            "equipment_value_fen": VALUE_FEN,
            "quota_fen": QUOTA_FEN,
            "valid_from": str(today),
            "valid_to": str(today + timedelta(days=365)),
        },
    )
    policy = await city.post(
        "insurance:/v1/policies",
        by="insurer-lead",
        body={
            "qualification_id": qualification["qualification_id"],
            "liability_limit_fen": VALUE_FEN,
            "rate_ppm": RATE_PPM,
            "co_insurers": [{"insurer": name, "share_ppm": share} for name, share in SHARES],
        },
    )
    expect(policy["premium_fen"] == PREMIUM_FEN, f"a premium of {PREMIUM_FEN}", policy)
    table = table_of(
        f"Premium {yuan(PREMIUM_FEN)} = {yuan(VALUE_FEN)} × {percent(RATE_PPM)} 共保",
        "insurer",
        "share",
        "premium",
        right=("share", "premium"),
    )
    for part in policy["co_insurers"]:
        table.add_row(part["insurer"], percent(part["share_ppm"]), yuan(part["premium_fen"]))
    stage.show(table)
    payment = {"amount_fen": PREMIUM_FEN, "paid_on": str(today)}
    await city.change(
        f"insurance:/v1/policies/{policy['policy_id']}",
        "premium-payments",
        by="insurer-lead",
        body=payment,
    )
    await _subsidise(stage, policy["policy_id"])


async def _subsidise(stage: Stage, policy_id: str) -> None:
    """File, decide by the 2025 rule, pay; read the end state back."""
    filed = await stage.city.post(
        "insurance:/v1/subsidies",
        by="enterprise-portal",
        body={"policy_id": policy_id, "rule_pack": "first-set-2025"},
    )
    address = f"insurance:/v1/subsidies/{filed['subsidy_id']}"
    decided = await stage.city.change(address, "decision", by="dept-cz")
    table = table_of("Subsidy by first-set-2025 保费补贴", "step", "中文", "English")
    for step in decided["decision"]["trace"]:
        table.add_row(step["step"], step["zh"], step["en"])
    stage.show(table)
    await stage.city.change(address, "payment", by="dept-cz", body={"paid_on": str(stage.today)})
    final = await stage.city.get(address, by="auditor")
    expect(final["state"] == "paid", "a paid subsidy", final["state"])
    expect(final["subsidy_fen"] == SUBSIDY_FEN, f"{SUBSIDY_FEN} fen", final["subsidy_fen"])
