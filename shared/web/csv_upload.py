"""CSV files as offices send them: UTF-8 or GBK, checked header, bounded, every bad row reported.

Nothing is guessed in silence: another encoding is refused by its name, a header by the names of
its missing and unknown columns, and a row by each of its reasons while the good rows are kept.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from shared.errors import Malformed, Violation
from shared.web.fields import View

ACCEPTED = {"utf-8", "utf8", "utf-8-sig", "gbk", "gb2312", "gb18030", "cp936"}
_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32LE"),
    (b"\x00\x00\xfe\xff", "UTF-32BE"),
    (b"\xff\xfe", "UTF-16LE"),
    (b"\xfe\xff", "UTF-16BE"),
)
_OTHERS = ("big5", "shift_jis", "euc_kr", "latin-1")
_COMMON_PER_100 = 60
"""Of a hundred Chinese characters in a mainland file at least so many are in GB 2312.

The others are names' rare characters; a file in another encoding reads as little else.
"""


class EncodingRefused(Malformed):
    """The file is neither UTF-8 nor GBK."""

    code = "encoding-refused"
    title_zh = "文件编码不受支持"
    title_en = "File encoding refused"
    action_zh = "请另存为 UTF-8 或 GBK(GB18030)编码后重新上传。"
    action_en = "Save the file as UTF-8 or GBK (GB 18030) and send it again."


class HeaderRefused(Malformed):
    """The first line does not name the columns that are wanted."""

    code = "csv-header-refused"
    title_zh = "表头不符"
    title_en = "CSV header refused"


class NotCsv(Malformed):
    """The file cannot be read as comma-separated values."""

    code = "csv-unreadable"
    title_zh = "不是有效的 CSV"
    title_en = "Not CSV"


class TooManyRows(Malformed):
    """The file has more rows than one upload takes."""

    code = "csv-too-many-rows"
    title_zh = "行数超限"
    title_en = "Too many rows"


class RowReason(View):
    """One thing wrong with one row."""

    code: str = Field(examples=["code_check"])
    field: str = Field(examples=["uscc"])
    zh: str = Field(examples=["第 18 位(校验码,GB 32100)不符"])
    en: str = Field(examples=["character 18 does not match"])
    actual: str | int | None = Field(default=None, examples=["M"])
    limit: str | int | None = Field(default=None, examples=["N"])

    @classmethod
    def of(cls, violation: Violation) -> "RowReason":
        """Show a violation; its field is a column's name."""
        return cls(
            code=violation.code,
            field=violation.field or "",
            zh=violation.zh,
            en=violation.en,
            actual=violation.actual,
            limit=violation.limit,
        )


RowNumber = Annotated[int, Field(description="line of the file, the header is 1", examples=[42])]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: its line number and its cells by column."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell without surrounding blanks."""
        return self.cells[column].strip()


def decode(content: bytes, *, declared: str | None) -> str:
    """Return the text of a file; ``declared`` is the charset of its Content-Type, if any.

    Raises :class:`EncodingRefused`, which names what was found.
    """
    if declared is not None and declared.lower() not in ACCEPTED:
        raise _refused(declared)
    for mark, name in _BOMS:
        if content.startswith(mark):
            raise _refused(name)
    if b"\x00" in content:
        raise _refused("UTF-16 or binary (it holds NUL bytes)")
    if declared is None or declared.lower().startswith("utf"):
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            if declared is not None:
                raise _refused(f"declared {declared}, but is not") from None
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        raise _refused(_guess(content)) from None
    # Whoever declares GBK is believed: a short file may hold nothing but a rare name.
    if declared is None and not _looks_mainland(text):
        raise _refused(_guess(content))
    return text


def _looks_mainland(text: str) -> bool:
    wide = [char for char in text if not char.isascii()]
    common = sum(1 for char in wide if _in_gb2312(char))
    return common * 100 >= len(wide) * _COMMON_PER_100


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _guess(content: bytes) -> str:
    for name in _OTHERS:
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        return f"perhaps {name}"
    return "unknown"


def _refused(name: str) -> EncodingRefused:
    violation = Violation(
        code="encoding",
        zh=f"检测到编码:{name};仅接受 UTF-8 与 GBK/GB18030",
        en=f"found encoding: {name}; UTF-8 and GBK/GB 18030 are accepted",
        actual=name,
        limit="UTF-8, GBK",
    )
    return EncodingRefused(violation.en, violations=(violation,))


def read_lines(
    content: bytes, *, declared: str | None, columns: Sequence[str], most_rows: int
) -> tuple[list[Line], dict[int, Violation]]:
    """Read a file's rows, and the violations of rows whose number of cells is wrong.

    Raises :class:`EncodingRefused`, :class:`HeaderRefused` or :class:`TooManyRows`.
    """
    reader = csv.reader(io.StringIO(decode(content, declared=declared), newline=""), strict=True)
    lines: list[Line] = []
    misshapen: dict[int, Violation] = {}
    try:
        header = [cell.strip() for cell in next(reader, [])]
        check_header(header, columns)
        number = reader.line_num + 1
        for cells in reader:
            # A quoted cell may run over several lines: the row is where it begins.
            number, here = reader.line_num + 1, number
            if not any(cell.strip() for cell in cells):
                continue
            if len(lines) + len(misshapen) >= most_rows:
                raise too_many(most_rows)
            if len(cells) == len(header):
                lines.append(Line(here, dict(zip(header, cells, strict=True))))
            else:
                misshapen[here] = _misshapen(len(cells), len(header))
    except csv.Error as error:
        raise NotCsv(f"line {reader.line_num} is not CSV: {error}") from error
    return lines, misshapen


def check_header(header: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse a header that lacks, adds or repeats a column with :class:`HeaderRefused`."""
    missing = [name for name in columns if name not in header]
    unknown = [name for name in header if name not in columns]
    repeated = sorted({name for name in header if header.count(name) > 1})
    violations = tuple(
        Violation(code=code, zh=f"{zh}:{name}", en=f"{en}: {name}", field=name)
        for code, zh, en, names in (
            ("missing", "缺少列", "missing column", missing),
            ("unknown", "未知列", "unknown column", unknown),
            ("repeated", "重复列", "repeated column", repeated),
        )
        for name in names
    )
    if violations:
        raise HeaderRefused(f"the header must be {','.join(columns)}", violations=violations)


def too_many(most_rows: int) -> TooManyRows:
    """Say that a file has more rows than one upload takes."""
    violation = Violation(
        code="rows",
        zh=f"最多 {most_rows} 行",
        en=f"at most {most_rows} rows",
        limit=most_rows,
    )
    return TooManyRows(violation.en, violations=(violation,))


def _misshapen(found: int, wanted: int) -> Violation:
    return Violation(
        code="cells",
        zh=f"应有 {wanted} 格,实际 {found} 格",
        en=f"must have {wanted} cells, has {found}",
        field="",
        limit=wanted,
        actual=found,
    )
