"""Files of rows as offices send them: CSV, XLSX or JSON, by their Content-Type; every cell is text.

The header is checked, the rows are bounded, and a row of another shape is reported while the
others are kept. A number in a spreadsheet is a binary fraction: it is read as the shortest decimal
that stands for it, of at most fifteen digits, which is what the cell was typed as.

Example: the XLSX number 130000.05 is the text ``130000.05``, and a date cell the text
``2026-03-02``.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import orjson
from openpyxl import load_workbook

from shared.errors import Malformed, Violation
from shared.web import csv_upload
from shared.web.csv_upload import HeaderRefused, Line, TooManyRows
from shared.web.problem import UnsupportedMediaType
from shared.web.sheets import XLSX, Format
from shared.web.uploads import UploadedFile

MOST_UNPACKED_BYTES = 64 * 1024 * 1024
"""An XLSX file is a packed archive: a few bytes may unpack into what no machine holds."""
_EXACT_DIGITS = 15
_FORMATS = {"text/csv": Format.CSV, "application/json": Format.JSON, XLSX: Format.XLSX}
Lines = tuple[list[Line], dict[int, Violation]]


class SheetUnreadable(Malformed):
    """The file is not what its Content-Type says."""

    code = "sheet-unreadable"
    title_zh = "文件无法读取"
    title_en = "File unreadable"


def sheet_body(columns: Sequence[str], example: Mapping[str, str]) -> dict[str, Any]:
    """Say in OpenAPI that an endpoint takes a file of rows in any of the three formats."""
    row = {"type": "object", "properties": {name: {"type": "string"} for name in columns}}
    rows = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}}
    text = ",".join(columns) + "\r\n" + ",".join(example[name] for name in columns)
    content = {
        "application/json": {"schema": rows, "example": {"rows": [dict(example)]}},
        "text/csv": {"schema": {"type": "string"}, "example": text},
        XLSX: {"schema": {"type": "string", "format": "binary"}},
    }
    return {"requestBody": {"required": True, "content": content}}


def format_of(upload: UploadedFile) -> Format:
    """Tell a file's format by its Content-Type; raises UnsupportedMediaType for any other."""
    found = _FORMATS.get(upload.media_type)
    if found is not None:
        return found
    raise UnsupportedMediaType(
        f"a file of type {upload.media_type or 'unknown'} is not read",
        violations=(
            Violation(
                "media-type",
                "仅接受 CSV、XLSX 与 JSON",
                "CSV, XLSX and JSON are read",
                "Content-Type",
                ", ".join(_FORMATS),
                upload.media_type,
            ),
        ),
    )


def read_sheet(
    upload: UploadedFile, *, columns: Sequence[str], most_rows: int
) -> tuple[list[Line], dict[int, Violation]]:
    """Read a file's rows, and the violations of rows that have another shape.

    Raises UnsupportedMediaType, EncodingRefused, HeaderRefused, NotCsv, SheetUnreadable or
    TooManyRows. Rows of JSON are counted from 1, lines of the other formats with their header.
    """
    match format_of(upload):
        case Format.CSV:
            return csv_upload.read_lines(
                upload.content, declared=upload.charset, columns=columns, most_rows=most_rows
            )
        case Format.JSON:
            return _read_json(upload.content, columns, most_rows)
        case Format.XLSX:
            return _read_xlsx(upload.content, columns, most_rows)


def _read_json(content: bytes, columns: Sequence[str], most_rows: int) -> Lines:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise SheetUnreadable(f"the body is not JSON: {error}") from error
    rows = body.get("rows") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(rows, list):
        raise HeaderRefused('the body must be {"rows": [...]} and nothing else')
    if len(rows) > most_rows:
        raise csv_upload.too_many(most_rows)
    return _sorted_out(enumerate(rows, 1), lambda row: _json_cells(row, columns))


def _json_cells(row: object, columns: Sequence[str]) -> dict[str, str] | Violation:
    if not isinstance(row, dict):
        return _shape("应为对象", "must be an object", "", type(row).__name__)
    for name in (*columns, *row):
        if name not in row:
            return _shape("缺少字段", "missing", name)
        if name not in columns:
            return _shape("未知字段", "unknown", name[:40])
    for name, value in row.items():
        if not isinstance(value, str) and type(value) is not int:
            return _shape("应为文本或整数", "must be text or an integer", name, repr(value)[:40])
    return {name: str(row[name]) for name in columns}


def _read_xlsx(content: bytes, columns: Sequence[str], most_rows: int) -> Lines:
    rows = _grid(content)
    header = [_text(cell).strip() for cell in next(rows, ())]
    while header and not header[-1]:
        header.pop()
    csv_upload.check_header(header, columns)
    filled: list[tuple[int, Sequence[object]]] = []
    for number, cells in enumerate(rows, 2):
        if any(_text(cell).strip() for cell in cells):
            filled.append((number, cells))
        if len(filled) > most_rows:
            raise csv_upload.too_many(most_rows)
    return _sorted_out(filled, lambda cells: _xlsx_cells(cells, header))


def _grid(content: bytes) -> Any:  # noqa: ANN401 - an iterator of openpyxl's rows
    """Yield the rows of the first sheet, as they were typed and not as they were computed."""
    try:
        if _unpacked(content) <= MOST_UNPACKED_BYTES:
            sheet = load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
            yield from sheet.iter_rows(values_only=True)
            return
    except Exception as error:  # openpyxl raises whatever a broken part of a file leads to
        raise SheetUnreadable(f"the file is no XLSX workbook: {type(error).__name__}") from error
    raise SheetUnreadable(f"the workbook unpacks into more than {MOST_UNPACKED_BYTES} bytes")


def _unpacked(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sum(part.file_size for part in archive.infolist())


def _xlsx_cells(cells: Sequence[object], header: Sequence[str]) -> dict[str, str] | Violation:
    for place, cell in enumerate(cells):
        name = header[place] if place < len(header) else ""
        if not name and _text(cell):
            return _shape("超出表头的单元格", "a cell beyond the header", "", _text(cell)[:40])
        if isinstance(cell, int | float) and _digits(cell) > _EXACT_DIGITS:
            zh = f"数值超过 {_EXACT_DIGITS} 位,请以文本填写"
            return _shape(zh, "more digits than a number holds: write it as text", name, str(cell))
    padded = [*map(_text, cells), *[""] * len(header)]
    return dict(zip(header, padded, strict=False))


def _digits(number: int | float) -> int:
    return len(Decimal(repr(number)).as_tuple().digits)


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case float():
            written = format(Decimal(repr(cell)), "f")
            return written.rstrip("0").rstrip(".") if "." in written else written
        case _:
            return str(cell)


def _sorted_out(
    rows: Iterable[tuple[int, Any]], cells_of: Callable[[Any], dict[str, str] | Violation]
) -> Lines:
    lines: list[Line] = []
    misshapen: dict[int, Violation] = {}
    for number, row in rows:
        cells = cells_of(row)
        if isinstance(cells, Violation):
            misshapen[number] = cells
        else:
            lines.append(Line(number, cells))
    return lines, misshapen


def _shape(zh: str, en: str, field: str, actual: str | None = None) -> Violation:
    return Violation("cells", zh, en, field, None, actual)


__all__ = ["SheetUnreadable", "TooManyRows", "format_of", "read_sheet", "sheet_body"]
