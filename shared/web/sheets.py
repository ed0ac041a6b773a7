"""Tables of rows as files: JSON for machines, CSV and XLSX for people; written here.

Amounts stay what they are, integers of fen: an XLSX number holds them exactly up to fifteen digits,
and a longer one is written as text. A text that a spreadsheet would run as a formula is kept text.

Example: a :class:`Table` of the columns ``claim_id`` and ``amount_fen`` is written as the CSV file
``claim_id,amount_fen`` with one line for each row.
"""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Query as Parameter
from fastapi import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from pydantic import BaseModel

from shared.db.database import Transaction
from shared.web.commands import Query

Cell = str | int | None
T = TypeVar("T")
R = TypeVar("R", bound=BaseModel)

_EXACT_DIGITS = 15
_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_TITLE = 31
_NOT_IN_A_TITLE = str.maketrans(dict.fromkeys("[]:*?/\\", "-"))


class Format(StrEnum):
    """How a table is written."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: XLSX,
}
Wanted = Annotated[Format, Parameter(alias="format", description="json, csv or xlsx")]


def file_responses(example: str) -> dict[int | str, dict[str, Any]]:
    """Say in OpenAPI that an answer may also be a CSV or an XLSX file."""
    binary = {"schema": {"type": "string", "format": "binary"}, "example": "UEsDBBQ"}
    text = {"schema": {"type": "string"}, "example": example}
    return {200: {"content": {"text/csv": text, XLSX: binary}}}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind, each with a cell for every column."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


def table_of(name: str, kind: type[BaseModel], rows: Sequence[BaseModel]) -> Table:
    """Make a table of views: a column for each field, lists written one after the other."""
    columns = tuple(kind.model_fields)
    cells = [
        [_cell(value) for value in row.model_dump(mode="json", include=set(columns)).values()]
        for row in rows
    ]
    return Table(name, columns, cells)


def _cell(value: object) -> Cell:
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return " ".join(map(str, value))
    return orjson.dumps(value).decode()


def write(table: Table, wanted: Format) -> bytes:
    """Write a table as a file of one format."""
    match wanted:
        case Format.JSON:
            rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            return orjson.dumps({"rows": rows})
        case Format.CSV:
            return _csv(table)
        case Format.XLSX:
            return _xlsx(table)


def _csv(table: Table) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
    # Spreadsheets read UTF-8 for sure only where the file says so.
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(_RUNS_AS_FORMULA):
        return f"'{cell}"
    return cell


def _xlsx(table: Table) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.name.translate(_NOT_IN_A_TITLE)[:_LONGEST_TITLE])
    sheet.freeze_panes = "A2"
    sheet.append(list(table.columns))
    for row in table.rows:
        sheet.append([_typed(sheet, cell) for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _typed(sheet: Any, cell: Cell) -> object:  # noqa: ANN401 - openpyxl's sheets have no common type
    if isinstance(cell, int) and len(str(abs(cell))) > _EXACT_DIGITS:
        cell = str(cell)
    if isinstance(cell, str) and cell.startswith(_RUNS_AS_FORMULA):
        text = WriteOnlyCell(sheet, value="")
        text.value, text.data_type = cell, "s"
        return text
    return cell


async def answer(
    query: Query,
    read: Callable[[Transaction], Awaitable[T]],
    *,
    present: Callable[[T], R],
    table: Callable[[R], Table],
    wanted: Format,
) -> Response:
    """Read in one snapshot and answer: the whole report as JSON, a ``table`` of it as a file."""
    async with query.database.read() as work:
        report = present(await read(work))
    if wanted is Format.JSON:
        return Response(report.model_dump_json(), media_type=MEDIA_TYPES[wanted])
    rows = table(report)
    # A workbook of ten thousand rows takes a second, in which others are to be served.
    return as_file(await asyncio.to_thread(write, rows, wanted), rows.name, wanted)


def as_file(content: bytes, name: str, wanted: Format) -> Response:
    """Answer with a file of a name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{wanted}"'}
    return Response(content, media_type=MEDIA_TYPES[wanted], headers=headers)
