"""Tables as files: what is written reads back to the digit, and what is no table is refused."""

import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from shared.errors import Violation
from shared.web.sheet_upload import SheetUnreadable, format_of, read_sheet
from shared.web.sheets import MEDIA_TYPES, XLSX, Format, Table, write
from shared.web.uploads import UploadedFile

COLUMNS = ("id", "amount_fen")
FEN = st.integers(-(10**17), 10**17)


def upload(content: bytes, media_type: str = XLSX) -> UploadedFile:
    return UploadedFile(content, "utf-8", media_type)


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


class TestWriting:
    @given(amounts=st.lists(FEN, min_size=1, max_size=5))
    @pytest.mark.parametrize("wanted", Format)
    def test_reads_back_every_amount(self, wanted: Format, amounts: list[int]) -> None:
        table = Table("t", COLUMNS, [(f"id-{n}", fen) for n, fen in enumerate(amounts)])

        content = write(table, wanted)
        media_type = MEDIA_TYPES[wanted].partition(";")[0]
        lines, misshapen = read_sheet(upload(content, media_type), columns=COLUMNS, most_rows=9)

        assert misshapen == {}
        # A CSV text that begins with a sign is kept from being run as a formula.
        assert [int(line["amount_fen"].lstrip("'")) for line in lines] == amounts

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\tx"])
    def test_keeps_a_formula_text(self, text: str) -> None:
        table = Table("t", ("name",), [(text,)])

        csv = write(table, Format.CSV).decode("utf-8-sig")
        cell = load_workbook(io.BytesIO(write(table, Format.XLSX))).worksheets[0]["A2"]

        assert csv.splitlines()[1].strip('"').startswith(f"'{text[0]}")
        assert (cell.value, cell.data_type) == (text, "s")


class TestReading:
    @given(fen=st.integers(0, 10**13))
    def test_reads_a_number_as_it_was_typed(self, fen: int) -> None:
        whole, cents = divmod(fen, 100)
        typed = f"{whole}.{cents:02d}"

        lines, _ = read_sheet(
            upload(workbook(COLUMNS, ("a", float(typed)))), columns=COLUMNS, most_rows=1
        )

        read = lines[0]["amount_fen"].partition(".")
        assert int(read[0] + read[2].ljust(2, "0")) == fen

    def test_reads_a_day_and_no_time(self) -> None:
        rows = workbook(COLUMNS, (date(2026, 3, 2), 1), (datetime(2026, 3, 2, 1), 1))  # noqa: DTZ001 - a cell knows no zone

        lines, _ = read_sheet(upload(rows), columns=COLUMNS, most_rows=2)

        assert [line["id"] for line in lines] == ["2026-03-02", "2026-03-02T01:00:00"]

    def test_reports_a_cell_beyond_the_header_and_keeps_the_rest(self) -> None:
        rows = workbook(COLUMNS, ("a", 1), ("b", 2, "more"), (None, None), ("c", 3))

        lines, misshapen = read_sheet(upload(rows), columns=COLUMNS, most_rows=4)

        assert [(line.number, line["id"]) for line in lines] == [(2, "a"), (5, "c")]
        assert {number: found.actual for number, found in misshapen.items()} == {3: "more"}

    def test_reports_digits_that_a_number_does_not_hold(self) -> None:
        rows = workbook(COLUMNS, ("a", 1234567890123456.7))

        _, misshapen = read_sheet(upload(rows), columns=COLUMNS, most_rows=1)

        assert isinstance(misshapen[2], Violation)
        assert misshapen[2].field == "amount_fen"

    def test_refuses_an_archive_that_unpacks_without_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.web.sheet_upload.MOST_UNPACKED_BYTES", 1_000)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b" " * 1_001)

        with pytest.raises(SheetUnreadable, match="more than 1000 bytes"):
            read_sheet(upload(content.getvalue()), columns=COLUMNS, most_rows=1)

    def test_goes_by_the_declared_type(self) -> None:
        assert format_of(upload(b"", "text/csv")) is Format.CSV
        assert format_of(upload(b"", "application/json")) is Format.JSON
