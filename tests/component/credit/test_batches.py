"""A file of loans as a job: taken in page by page, resumed after a kill, answered row by row."""

import csv
import io
from typing import Any
from uuid import UUID

import httpx
import pytest
from openpyxl import Workbook, load_workbook

from services.credit.batches import handlers, rules, store
from services.credit.batches.rules import MOST_ROWS, RESULT_COLUMNS
from services.credit.portfolios.rules import COLUMNS
from shared.events.guarantee import BreakerTripped, GuaranteeDeclined
from shared.web.sheets import XLSX
from tests.component.credit.bank import BANK_SCOPES, USCC, letter
from tests.support.bad_input import assert_refused
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

PATH = "/v1/portfolios/batches?programme=nfgf-scitech&guarantor=guarantor-ges"
Json = dict[str, Any]


def row(number: int, **changes: str) -> dict[str, str]:
    """A good row, unless changed."""
    cells = (f"R{number}", USCC, "130000.05", "3.45", "12", "2025-12-16")
    return {**dict(zip(COLUMNS, cells, strict=True)), **changes}


def as_csv(*rows: dict[str, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def send(
    credit: ServiceUnderTest, body: object, media_type: str = "text/csv", **headers: str
) -> httpx.Response:
    sent = {**credit.headers("bank-haizhou", *BANK_SCOPES, **headers)}
    if isinstance(body, bytes):
        sent["Content-Type"] = media_type
        return await credit.client.post(PATH, content=body, headers=sent)
    return await credit.client.post(PATH, json=body, headers=sent)


async def read(credit: ServiceUnderTest, path: str, org: str = "bank-haizhou") -> httpx.Response:
    return await credit.client.get(path, headers=credit.headers(org, *BANK_SCOPES))


async def finish(credit: ServiceUnderTest, sent: httpx.Response) -> Json:
    assert sent.status_code == 202, sent.text
    for _ in range(MOST_ROWS // rules.PAGE_ROWS + 2):
        if not await handlers.take_in_some(credit.database):
            break
    found: Json = (await read(credit, sent.headers["location"])).json()
    assert found["state"] == "done"
    return found


class TestBatch:
    async def test_of_ten_thousand_rows_is_taken_in_by_pages(
        self, credit: ServiceUnderTest
    ) -> None:
        sent = await send(credit, as_csv(*map(row, range(MOST_ROWS))))

        await handlers.take_in_some(credit.database)
        midway = (await read(credit, sent.headers["location"])).json()
        done = await finish(credit, sent)

        assert (midway["state"], midway["done"]) == ("running", rules.PAGE_ROWS)
        assert (done["accepted"], done["rejected"]) == (MOST_ROWS, 0)
        assert done["by_state"] == {"enrolment_requested": MOST_ROWS}
        async with credit.database.read() as work:
            count = await work.fetchrow("SELECT count(*) AS n FROM loan")
        assert count is not None
        assert count["n"] == MOST_ROWS == 10_000

    async def test_goes_on_behind_the_last_whole_page_after_a_kill(
        self, credit: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "PAGE_ROWS", 2)
        sent = await send(credit, as_csv(*map(row, range(5))))
        await handlers.take_in_some(credit.database)
        save = store.save

        async def dies(*_: object) -> None:
            raise RuntimeError("killed between the loans and their answers")

        monkeypatch.setattr(store, "save", dies)
        with pytest.raises(RuntimeError):
            await handlers.take_in_some(credit.database)
        monkeypatch.setattr(store, "save", save)
        done = await finish(credit, sent)

        assert (done["total"], done["accepted"], done["rejected"]) == (5, 5, 0)
        contracted = [t for t in await credit.published_types() if t.endswith("contracted.v1")]
        assert len(contracted) == 5

    async def test_sent_twice_contracts_nothing_twice(self, credit: ServiceUnderTest) -> None:
        content = as_csv(row(1), row(2))
        first = await send(credit, content, Idempotency_Key="one")
        again = await send(credit, content, Idempotency_Key="one")
        await finish(credit, first)

        anew = await finish(credit, await send(credit, content, Idempotency_Key="two"))

        assert again.headers["location"] == first.headers["location"]
        assert (anew["accepted"], anew["rejected"]) == (0, 2)
        path = f"/v1/portfolios/batches/{anew['batch_id']}/rows"
        rows = (await read(credit, path)).json()["items"]
        assert [each["reasons"][0]["code"] for each in rows] == ["repeated"] * 2

    async def test_answers_for_every_bad_row_and_keeps_the_good_ones(
        self, credit: ServiceUnderTest
    ) -> None:
        bad = (row(1, amount_yuan="1.005"), row(2, uscc="91320706MAD123457P"), row(3), row(3))

        done = await finish(credit, await send(credit, as_csv(*bad) + b"B9\r\n"))
        rows = (await read(credit, f"/v1/portfolios/batches/{done['batch_id']}/rows")).json()

        assert (done["accepted"], done["rejected"]) == (1, 4)
        fields = [[reason["field"] for reason in each["reasons"]] for each in rows["items"]]
        assert fields == [["amount_yuan"], ["uscc"], [], ["reference"], [""]]
        assert [each["row"] for each in rows["items"]] == [2, 3, 4, 5, 6]

    async def test_refuses_the_rows_left_once_the_programme_is_suspended(
        self, credit: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "PAGE_ROWS", 1)
        sent = await send(credit, as_csv(row(1), row(2)))
        await handlers.take_in_some(credit.database)
        tripped = {"programme": "nfgf-scitech", "bank": "bank-haizhou"}
        await credit.deliver(BreakerTripped.example().model_copy(update=tripped))

        done = await finish(credit, sent)
        refused = await send(credit, as_csv(row(3)))

        assert (done["accepted"], done["rejected"]) == (1, 1)
        rows = (await read(credit, f"/v1/portfolios/batches/{done['batch_id']}/rows")).json()
        assert rows["items"][1]["reasons"][0]["code"] == "breaker"
        assert_refused(refused, 409, "programme-suspended")

    async def test_says_what_became_of_its_loans(self, credit: ServiceUnderTest) -> None:
        done = await finish(credit, await send(credit, as_csv(row(1), row(2))))
        path = f"/v1/portfolios/batches/{done['batch_id']}"
        first, second = (await read(credit, f"{path}/rows")).json()["items"]
        declined = GuaranteeDeclined.example().model_copy(
            update={
                "loan_id": UUID(second["loan_id"]),
                "guarantee_id": UUID(int=70),
                "programme": "nfgf-scitech",
                "refusal_codes": ("tenor",),
            }
        )
        await credit.deliver(letter(first["loan_id"]), declined)

        now = (await read(credit, path)).json()
        rows = (await read(credit, f"{path}/rows?limit=1&after=WzNd")).json()
        listed = (await read(credit, "/v1/portfolios/batches")).json()["items"]

        assert now["by_state"] == {"enrolled": 1, "enrolment_refused": 1}
        assert [each["row"] for each in rows["items"]] == []
        assert [each["batch_id"] for each in listed] == [done["batch_id"]]

    async def test_is_nobody_elses(self, credit: ServiceUnderTest) -> None:
        sent = await send(credit, as_csv(row(1)))

        other = await read(credit, sent.headers["location"], org="bank-ganyu")
        result = await read(credit, sent.headers["location"] + "/result", org="bank-ganyu")

        assert_refused(other, 404, "batch-not-found")
        assert_refused(result, 404, "batch-not-found")


class TestFormats:
    async def test_csv_is_answered_as_csv(self, credit: ServiceUnderTest) -> None:
        done = await finish(credit, await send(credit, as_csv(row(1), row(2, uscc="X"))))

        path = f"/v1/portfolios/batches/{done['batch_id']}/result"
        found = await read(credit, path)

        assert found.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"))))
        assert tuple(rows[0]) == RESULT_COLUMNS
        assert [each["result"] for each in rows] == ["accepted", "rejected"]
        assert [each["amount_yuan"] for each in rows] == ["130000.05"] * 2
        assert rows[1]["reasons"].startswith("uscc: ")
        wanted = (await read(credit, f"{path}?format=json")).json()["rows"]
        assert [each["loan_state"] for each in wanted] == ["enrolment_requested", ""]

    async def test_xlsx_reads_numbers_to_the_fen_and_is_answered_as_xlsx(
        self, credit: ServiceUnderTest
    ) -> None:
        book = Workbook()
        sheet = book.worksheets[0]
        sheet.append(COLUMNS)
        typed = row(1)
        sheet.append([*list(typed.values())[:2], 130000.05, 3.45, 12, "2025-12-16"])
        sheet.append([*list(row(2).values())[:2], "=1+1", 3.45, 12, "2025-12-16"])
        content = io.BytesIO()
        book.save(content)

        done = await finish(credit, await send(credit, content.getvalue(), XLSX))
        found = await read(credit, f"/v1/portfolios/batches/{done['batch_id']}/result")

        assert (done["accepted"], done["rejected"], done["format"]) == (1, 1, "xlsx")
        cells = list(load_workbook(io.BytesIO(found.content)).worksheets[0].values)
        assert cells[0] == RESULT_COLUMNS
        assert cells[1][3] == "130000.05"
        assert cells[2][3] == "=1+1"
        loan = await read(credit, f"/v1/loans/{cells[1][7 + 1]}")
        assert loan.json()["amount_fen"] == 13_000_005

    async def test_json_keeps_good_rows_beside_misshapen_ones(
        self, credit: ServiceUnderTest
    ) -> None:
        lacking = {name: text for name, text in row(2).items() if name != "uscc"}
        body = {"rows": [row(1), lacking, {**row(3), "amount_yuan": 1.5}, 4]}

        done = await finish(credit, await send(credit, body))
        rows = (await read(credit, f"/v1/portfolios/batches/{done['batch_id']}/rows")).json()

        assert (done["accepted"], done["rejected"]) == (1, 3)
        assert [each["reasons"][0]["field"] for each in rows["items"][1:]] == [
            "uscc",
            "amount_yuan",
            "",
        ]

    async def test_refuses_what_is_no_table(self, credit: ServiceUnderTest) -> None:
        other = await send(credit, b"x", "application/pdf")
        broken = await send(credit, b"PK\x03\x04 not a workbook", XLSX)
        header = await send(credit, b"a,b\r\n1,2\r\n")
        shape = await send(credit, {"lines": []})
        longer = await send(credit, {"rows": [row(1)] * (MOST_ROWS + 1)})

        assert_refused(other, 415, "unsupported-media-type", field="Content-Type")
        assert_refused(broken, 422, "sheet-unreadable")
        assert_refused(header, 422, "csv-header-refused", field="a")
        assert_refused(shape, 422, "csv-header-refused")
        assert_refused(longer, 422, "csv-too-many-rows")
