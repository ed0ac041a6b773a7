"""Journey 2: who may know of a changed qualification, and who looked."""

from datetime import timedelta
from typing import Any

from deploy.local.journeys.city import Json, expect
from deploy.local.journeys.defaulted_loan import consent
from deploy.local.journeys.stage import BANK, FIRM, Stage, table_of

FEED = "enterprise-qualifications"
OTHER_BANK = "bank-ganyu"
TAX = "dept-sw"
PURPOSE = "credit_assessment"
ARRIVES_WITHIN_S = 30
BANK_FIELDS = ["uscc", "category", "certificate_no", "valid_from", "valid_to"]
TAX_FIELDS = ["uscc", "category", "valid_to"]
READERS = (
    (BANK, "consent", PURPOSE, BANK_FIELDS),
    (OTHER_BANK, "consent", PURPOSE, BANK_FIELDS),
    (TAX, "duty", "monitoring", TAX_FIELDS),
)


async def play(stage: Stage) -> None:
    """Play the journey; raises JourneyFailed unless it ends as it must."""
    for subscriber, basis, purpose, fields in READERS:
        await _subscribe(stage, subscriber, basis, purpose, fields)
    given = await consent(stage, BANK, PURPOSE, [FEED])
    await _arrived(stage, given["consent_id"], "granted")
    cursors = {reader: await _catch_up(stage, reader) for reader, *_ in READERS}

    await _amend(stage)
    seen = {
        BANK: await _read_new(stage, BANK, cursors[BANK], ARRIVES_WITHIN_S),
        TAX: await _read_new(stage, TAX, cursors[TAX], ARRIVES_WITHIN_S),
        # The others have it by now: what this bank does not see now, it is not shown.
        OTHER_BANK: await _read_new(stage, OTHER_BANK, cursors[OTHER_BANK], 1),
    }
    _show(stage, "After 科技局 changed the certificate", seen)
    expect(len(seen[BANK]) == 1, "one entry for the bank with consent", seen[BANK])
    expect(seen[OTHER_BANK] == [], "nothing for the bank without consent", seen[OTHER_BANK])
    expect(len(seen[TAX]) == 1, "one entry for the tax bureau", seen[TAX])
    expect(set(seen[BANK][0]["data"]) == set(BANK_FIELDS), "the bank's fields", seen[BANK][0])
    expect(set(seen[TAX][0]["data"]) == set(TAX_FIELDS), "the bureau's fields", seen[TAX][0])

    await stage.city.change(
        f"registry:/v1/consents/{given['consent_id']}", "revoke", by="enterprise-portal"
    )
    await _arrived(stage, given["consent_id"], "revoked")
    await _check_nothing_left(stage)
    await _show_log(stage)


async def _subscribe(
    stage: Stage, subscriber: str, basis: str, purpose: str, fields: list[str]
) -> None:
    """The organisation asks, the operator grants."""
    body = {"feed": FEED, "purpose": purpose, "legal_basis": basis, "fields": fields}
    asked = await stage.city.post("notify:/v1/subscriptions", by=subscriber, body=body)
    grant = {
        "fields": fields,
        "valid_from": str(stage.today),
        "valid_to": str(stage.today + timedelta(days=365)),
    }
    await stage.city.post(
        f"notify:/v1/subscriptions/{asked['subscription_id']}/approve",
        by="operator",
        body=grant,
        if_match=asked["version"],
    )
    stage.say(f"{subscriber} may read {FEED} on {basis}: {', '.join(fields)}")


async def _arrived(stage: Stage, consent_id: str, state: str) -> None:
    """Wait until notify knows a consent's state: from then on every read obeys it."""
    await stage.city.until(
        f"notify:/v1/consents/{consent_id}",
        lambda found: found["state"] == state,
        by="enterprise-portal",
        what=f"the consent {state} at notify",
    )
    stage.say(f"consent {state}: every read obeys it from now on")


async def _read(
    stage: Stage, reader: str, after: str | None, timeout_s: int
) -> tuple[list[Json], str]:
    """Read one page of the feed; return its entries and the next cursor."""
    params: dict[str, str | int] = {"timeout": timeout_s, "limit": 200}
    if after is not None:
        params["after"] = after
    answer = await stage.city.send("GET", f"notify:/v1/feeds/{FEED}", by=reader, params=params)
    expect(answer.is_success, "a feed", answer.text)
    entries: list[Any] = answer.json()
    return entries, answer.headers["Tongzhou-Next-Cursor"]


async def _catch_up(stage: Stage, reader: str) -> str:
    """Read what is there; who may know of the firm reads on until its certificate has come."""
    awaited = reader != OTHER_BANK
    cursor: str | None = None
    while True:
        entries, following = await _read(stage, reader, cursor, ARRIVES_WITHIN_S if awaited else 0)
        if any(_about_firm(entry) for entry in entries):
            awaited = False
        elif not entries and following == cursor:
            expect(not awaited, f"the firm's certificate at {reader}", entries)
            return following
        cursor = following


async def _read_new(stage: Stage, reader: str, cursor: str, timeout_s: int) -> list[Json]:
    """Wait up to a time for what is new to the reader of the firm; others are passed over."""
    while True:
        entries, following = await _read(stage, reader, cursor, timeout_s)
        found = [entry for entry in entries if _about_firm(entry)]
        if found or following == cursor:
            return found
        cursor = following


def _about_firm(entry: Json) -> bool:
    return bool(entry["data"].get("uscc") == FIRM)


async def _amend(stage: Stage) -> None:
    """科技局 corrects the end of the firm's high-tech certificate."""
    held = await stage.city.get(f"registry:/v1/enterprises/{FIRM}/qualifications", by="dept-kj")
    [hnte] = [item for item in held["items"] if item["category"] == "hnte"]
    body = {
        "certificate_no": hnte["certificate_no"],
        "valid_from": hnte["valid_from"],
        "valid_to": str(stage.today + timedelta(days=180)),
        "reason": "复核后更正有效期",
    }
    await stage.city.change(
        f"registry:/v1/qualifications/{hnte['qualification_id']}",
        "amend",
        by="dept-kj",
        body=body,
    )


def _show(stage: Stage, title: str, seen: dict[str, list[Json]]) -> None:
    table = table_of(title, "reader", "entries", "what it sees 可见字段")
    for reader, entries in seen.items():
        shown = [", ".join(f"{k}={v}" for k, v in entry["data"].items()) for entry in entries]
        table.add_row(reader, str(len(entries)), "; ".join(shown) or "nothing")
    stage.show(table)


async def _check_nothing_left(stage: Stage) -> None:
    """The bank whose consent is gone reads the feed from its beginning: nothing is there."""
    cursor: str | None = None
    while True:
        entries, following = await _read(stage, BANK, cursor, 0)
        about_firm = [entry for entry in entries if _about_firm(entry)]
        expect(about_firm == [], "nothing of the firm after the revocation", about_firm)
        if following == cursor:
            break
        cursor = following
    stage.say(f"{BANK} reads the feed from its beginning: nothing of the firm is left")


async def _show_log(stage: Stage) -> None:
    """The disclosure log: who saw what, when, why."""
    log = await stage.city.get(
        "notify:/v1/disclosures", by="auditor", params={"uscc": FIRM, "limit": 200}
    )
    table = table_of(
        "Disclosure log 披露日志", "when", "who", "basis", "purpose", "fields", "consent"
    )
    for entry in log["items"][-6:]:
        table.add_row(
            entry["disclosed_at"][:19],
            entry["subscriber"],
            entry["legal_basis"],
            entry["purpose"],
            ", ".join(entry["fields"]),
            str(entry["consent_id"] or "")[:8],
        )
    stage.show(table)
    readers = {entry["subscriber"] for entry in log["items"]}
    expect(readers == {BANK, TAX}, f"{BANK} and {TAX} in the log", readers)
