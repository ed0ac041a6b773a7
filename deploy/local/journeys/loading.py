"""Hand the example city's files to the services, as an operator would on the first day."""

from pathlib import Path

from deploy.local.journeys.city import Json, expect
from deploy.local.journeys.stage import (
    LIST_CODE,
    NFGF,
    POOL,
    SCITECH,
    YUANKEDAI,
    Stage,
    table_of,
    yuan,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "lianyungang"
BAD_ROWS = 8
FUNDS = {SCITECH: NFGF, YUANKEDAI: POOL}


async def load(stage: Stage) -> None:
    """Import institutions and the qualification list, open the funds and their programmes."""
    stage.console.rule("[bold]0. The city hands over its files 数据导入", align="left")
    institutions = await stage.city.post(
        "registry:/v1/institutions/import",
        by="operator",
        body=(EXAMPLES / "institutions.csv").read_bytes(),
    )
    stage.say(f"institutions and departments: {institutions['accepted']} accepted")
    await _import_list(stage)
    await _open_fund(stage, NFGF, capital_fen=50_000_000_000)
    await _open_fund(stage, POOL, capital_fen=10_000_000_000)
    await _open_programme(stage, scitech(stage))
    await _open_programme(stage, yuankedai(stage))
    await open_year(stage, SCITECH, bank=None, balance_fen=20_000_000_000)


async def open_year(stage: Stage, programme: str, *, bank: str | None, balance_fen: int) -> None:
    """State a prior year-end balance of a programme or of one bank in it; another confirms it."""
    openings, fund = f"guarantee:/v1/programmes/{programme}/openings", FUNDS[programme]
    stated = await stage.city.post(
        openings,
        by=fund,
        body={"year": stage.today.year, "bank": bank, "prior_year_end_balance_fen": balance_fen},
    )
    opening = f"{openings}/{stated['opening_id']}"
    await stage.city.change(opening, "confirm", by=f"{fund}-checker")


async def _import_list(stage: Stage) -> None:
    report = await stage.city.post(
        f"registry:/v1/lists/{LIST_CODE}/versions",
        by="dept-kj",
        body=(EXAMPLES / "qualification-list-2026.csv").read_bytes(),
    )
    refused = [row for row in report["rows"] if not row["accepted"]]
    expect(len(refused) == BAD_ROWS, f"{BAD_ROWS} refused rows", len(refused))
    stage.say(f"qualification list: {report['accepted']} firms accepted, {len(refused)} refused:")
    table = table_of("", "row", "field", "why 原因", right=("row",))
    for row in refused:
        for reason in row["reasons"]:
            table.add_row(str(row["row"]), reason["field"], f"{reason['zh']} / {reason['en']}")
    stage.show(table)


async def _open_fund(stage: Stage, fund: str, *, capital_fen: int) -> None:
    await stage.city.post("guarantee:/v1/funds", by=fund, body={"fund": fund, "leverage": 10})
    await stage.city.post(
        f"guarantee:/v1/funds/{fund}/capital",
        by=fund,
        body={"amount_fen": capital_fen, "contributor": "示例市财政局"},
    )
    stage.say(f"fund {fund}: capital of {yuan(capital_fen)} yuan paid in")


async def _open_programme(stage: Stage, programme: Json) -> None:
    """One person of the fund files it, once its parties are known there; another activates it."""
    code, fund = programme["programme"], programme["fund"]
    await stage.city.post_once_ready("guarantee:/v1/programmes", by=fund, body=programme)
    activated = await stage.city.change(
        f"guarantee:/v1/programmes/{code}", "activate", by=f"{fund}-checker"
    )
    pack = activated["rule_pack"]
    stage.say(f"programme {code}: active with rule pack {pack['id']} v{pack['version']}")


def scitech(stage: Stage) -> Json:
    """The national sci-tech plan: bank 20, fund up to 40, province 20, guarantor the rest."""
    return {
        "programme": SCITECH,
        "title": "科技创新专项担保计划(示例)",
        "rule_pack": "nfgf-scitech-2024",
        "fund": NFGF,
        "parties": {"nfgf": NFGF, "province": "reguarantor-js"},
        "quota_fen": 100_000_000_000,
        "period_months": 6,
        "guarantee_type": "joint_and_several",
        "enrolment_days": 366,
        "due_days": 10,
        "effective_from": str(stage.today),
    }


def yuankedai(stage: Stage) -> Json:
    """The park's pool: 50/10/40 with a yearly cap, an overflow and a breaker."""
    return {
        "programme": YUANKEDAI,
        "title": "园科贷(示例)",
        "rule_pack": "sip-yuankedai",
        "fund": POOL,
        "parties": {"pool": POOL},
        "quota_fen": 100_000_000_000,
        "period_months": 6,
        "guarantee_type": "joint_and_several",
        "enrolment_days": 3660,
        "due_days": 10,
        "effective_from": str(stage.today),
    }
