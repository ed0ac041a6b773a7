"""Lists as offices send them: the example file, GBK, bad rows, other encodings."""

from collections import Counter
from pathlib import Path

import httpx
import pytest

from services.registry.lists.rules import MOST_ROWS
from shared import uscc
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

EXAMPLE = Path("examples/lianyungang/qualification-list-2026.csv").read_bytes()
PATH = "/v1/lists/science-finance-2026/versions"
HEADER = (
    "uscc,name,region,chain,categories,certificate_no,valid_from,valid_to,tax_grade,staff,"
    "sales_yuan\n"
)
ROW = "91320706MA1N00018N,示例甲,320706,new_energy,hnte,C1,2025-01-01,2028-01-01,A,10,1000"


@pytest.fixture
async def registry(service_of: ServiceFactory) -> ServiceUnderTest:
    """The registry service."""
    return await service_of("registry")


async def send(
    registry: ServiceUnderTest, content: bytes, *, media_type: str = "text/csv", path: str = PATH
) -> httpx.Response:
    """Import a file as the science bureau does."""
    headers = registry.headers("dept-kj", "registry.lists:write", "registry.lists:read")
    headers["Content-Type"] = media_type
    return await registry.client.post(path, content=content, headers=headers)


def rows_of(number: int) -> str:
    """Return rows of so many firms, each with both check digits right."""
    rows = []
    for place in range(number):
        code = uscc.with_checks("91320706", f"Q{place:07d}")
        rows.append(ROW.replace("91320706MA1N00018N", code).replace("C1", f"C{place}"))
    return "\n".join(rows)


class TestImport:
    async def test_keeps_the_good_rows_and_answers_for_every_bad_one(
        self, registry: ServiceUnderTest
    ) -> None:
        answer = await send(registry, EXAMPLE)

        report = answer.json()
        assert answer.status_code == 201
        assert (report["accepted"], report["rejected"]) == (340, 8)
        reasons = {
            row["row"]: [reason["code"] for reason in row["reasons"]]
            for row in report["rows"]
            if not row["accepted"]
        }
        assert reasons == {
            42: ["code_check"],
            83: ["alphabet"],
            124: ["repeated"],
            165: ["unknown_chain"],
            206: ["unknown_region"],
            247: ["period"],
            288: ["text"],
            329: ["unknown_category"],
        }

    async def test_publishes_each_firm_in_an_unbroken_sequence(
        self, registry: ServiceUnderTest
    ) -> None:
        await send(registry, EXAMPLE)

        published = await registry.published()
        counts = Counter(received.data.TYPE for received in published)
        sequences: dict[str, list[int | None]] = {}
        for received in published:
            sequences.setdefault(received.subject, []).append(received.sequence)
        assert counts["registry.enterprise.registered.v1"] == 340
        assert counts["registry.enterprise.list_member_added.v1"] == 340
        assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())

    async def test_publishes_only_the_membership_when_nothing_else_is_new(
        self, registry: ServiceUnderTest
    ) -> None:
        await send(registry, EXAMPLE)
        before = len(await registry.published())

        again = await send(registry, EXAMPLE)

        added = (await registry.published())[before:]
        assert again.json()["version"] == 2
        assert {received.data.TYPE for received in added} == {
            "registry.enterprise.list_member_added.v1"
        }

    async def test_reads_gbk_like_utf8(self, registry: ServiceUnderTest) -> None:
        text = EXAMPLE.decode()

        gbk = await send(registry, text.encode("gbk"))
        bom = await send(registry, text.encode("utf-8-sig"))
        declared = await send(registry, text.encode("gb18030"), media_type="text/csv; charset=GBK")

        assert [a.json()["accepted"] for a in (gbk, bom, declared)] == [340, 340, 340]

    async def test_tells_who_was_on_a_version(self, registry: ServiceUnderTest) -> None:
        await send(registry, (HEADER + ROW).encode())
        headers = registry.headers("dept-gx", "registry.lists:read")

        answer = await registry.client.get(f"{PATH}/1", headers=headers)
        missing = await registry.client.get(f"{PATH}/2", headers=headers)

        assert answer.json()["members"] == ["91320706MA1N00018N"]
        assert missing.status_code == 404

    async def test_keeps_what_looks_like_a_formula_as_text(
        self, registry: ServiceUnderTest
    ) -> None:
        row = ROW.replace("示例甲", '"=HYPERLINK(""x"")\n换行"')

        answer = await send(registry, (HEADER + row).encode())

        [received] = [
            found
            for found in await registry.published()
            if found.data.TYPE == "registry.enterprise.registered.v1"
        ]
        assert answer.json()["accepted"] == 1
        assert getattr(received.data, "name") == '=HYPERLINK("x")\n换行'  # noqa: B009 - any event


class TestRefusedFiles:
    @pytest.mark.parametrize(
        ("content", "named"),
        [
            ((HEADER + ROW).encode("utf-16"), "UTF-16LE"),
            ((HEADER + ROW).encode("utf-16-be"), "UTF-16"),
            ((HEADER + ROW).encode("utf-32"), "UTF-32LE"),
            ((HEADER + ROW.replace("示例甲", "測試企業資訊龍圖書館")).encode("big5"), "big5"),
            ((HEADER + ROW.replace("示例甲", "Societé Générale é")).encode("latin-1"), "latin-1"),
        ],
        ids=["utf-16", "utf-16 without mark", "utf-32", "big5", "latin-1"],
    )
    async def test_names_an_encoding_that_it_does_not_read(
        self, registry: ServiceUnderTest, content: bytes, named: str
    ) -> None:
        answer = await send(registry, content)

        assert answer.status_code == 422
        assert answer.json()["code"] == "encoding-refused"
        assert named in answer.json()["detail"]

    @pytest.mark.parametrize(
        ("name", "media_type"),
        [
            ("江苏昇辉电子", "text/csv"),
            ("玥玥科技有限公司", "text/csv"),
            ("珺", "text/csv; charset=gbk"),
            ("示例䶮𠮷科技", "text/csv; charset=gb18030"),
        ],
        ids=["one rare character", "two", "nothing else, declared", "four bytes each, declared"],
    )
    async def test_do_not_take_a_rare_character_for_another_encoding(
        self, registry: ServiceUnderTest, name: str, media_type: str
    ) -> None:
        content = (HEADER + ROW.replace("示例甲", name)).encode("gb18030")

        answer = await send(registry, content, media_type=media_type)

        assert answer.status_code == 201, answer.text
        assert answer.json()["accepted"] == 1

    async def test_refuses_a_declared_encoding_by_its_name(
        self, registry: ServiceUnderTest
    ) -> None:
        answer = await send(registry, b"x", media_type="text/csv; charset=shift_jis")

        assert "shift_jis" in answer.json()["detail"]

    @pytest.mark.parametrize(
        ("content", "field"),
        [
            (b"", "uscc"),
            (HEADER.replace("chain,", "").encode() + b"x", "chain"),
            (HEADER.replace("chain", "kette").encode(), "kette"),
            (HEADER.replace("chain", "region").encode(), "region"),
        ],
        ids=["empty", "missing column", "unknown column", "repeated column"],
    )
    async def test_names_the_columns_that_are_wrong(
        self, registry: ServiceUnderTest, content: bytes, field: str
    ) -> None:
        answer = await send(registry, content)

        assert answer.status_code == 422
        assert field in {violation["field"] for violation in answer.json()["violations"]}

    async def test_reports_a_row_with_the_wrong_number_of_cells(
        self, registry: ServiceUnderTest
    ) -> None:
        answer = await send(registry, (HEADER + ROW + "\n\na,b\n").encode())

        [bad] = [row for row in answer.json()["rows"] if not row["accepted"]]
        assert (bad["row"], bad["reasons"][0]["code"]) == (4, "cells")

    async def test_publishes_an_empty_version_from_a_header_alone(
        self, registry: ServiceUnderTest
    ) -> None:
        answer = await send(registry, HEADER.encode())

        assert (answer.status_code, answer.json()["accepted"]) == (201, 0)

    @pytest.mark.parametrize(
        ("column", "value", "code"),
        [
            ("uscc", "91320706MA1N00018M", "code_check"),
            ("uscc", "", "length"),
            ("name", "", "text"),
            ("name", "x" * 201, "text"),
            ("region", "320100", "unknown_region"),
            ("chain", "coal", "unknown_chain"),
            ("categories", "", "category"),
            ("categories", "hnte;unicorn", "unknown_category"),
            ("certificate_no", "", "text"),
            ("valid_from", "2025/01/01", "date"),
            ("valid_to", "2028-13-01", "date"),
            ("valid_to", "2025-01-01", "period"),
            ("tax_grade", "Z", "tax_grade"),
            ("staff", "-1", "number"),
            ("staff", "1.5", "number"),
            ("staff", "\uff11", "number"),
            ("sales_yuan", "1e9", "number"),
            ("sales_yuan", "9" * 30, "number"),
        ],
    )
    async def test_answers_each_malformed_cell_with_its_column(
        self, registry: ServiceUnderTest, column: str, value: str, code: str
    ) -> None:
        cells = dict(zip(HEADER.strip().split(","), ROW.split(","), strict=True))
        row = ",".join((cells | {column: value}).values())

        answer = await send(registry, (HEADER + row).encode())

        [reported] = answer.json()["rows"]
        assert (code, column) in {(r["code"], r["field"]) for r in reported["reasons"]}

    async def test_refuses_ten_megabytes(self, registry: ServiceUnderTest) -> None:
        answer = await send(registry, (HEADER + "x" * 10_000_000).encode())

        assert answer.status_code == 413

    async def test_takes_as_many_rows_as_it_says_and_not_one_more(
        self, registry: ServiceUnderTest
    ) -> None:
        most = rows_of(MOST_ROWS)

        taken = await send(registry, (HEADER + most).encode())
        refused = await send(registry, (HEADER + most + "\n" + ROW).encode())

        assert (taken.status_code, taken.json()["accepted"]) == (201, MOST_ROWS)
        assert_refused(refused, 422, "csv-too-many-rows")
        [violation] = refused.json()["violations"]
        assert (violation["limit"], str(MOST_ROWS) in violation["zh"]) == (MOST_ROWS, True)

    async def test_needs_the_scope(self, registry: ServiceUnderTest) -> None:
        headers = registry.headers("dept-kj", "registry.lists:read")

        answer = await registry.client.post(PATH, content=b"", headers=headers)

        assert answer.status_code == 403
