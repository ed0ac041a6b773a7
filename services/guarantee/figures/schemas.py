"""Reports as REST answers, and as tables for CSV and XLSX files."""

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import Field

from services.guarantee.figures.rules import Figure, Report, Unit
from shared.web.fields import Day, View
from shared.web.sheets import Table, file_responses, table_of

Part = Annotated[
    Literal["figures", "sources"],
    Query(description="of a CSV or XLSX file: the figures, or the records behind each"),
]
EXAMPLE = (
    "item,title_zh,title_en,unit,value,note\r\n1,担保贷款余额,Guaranteed balance,fen,1000,\r\n"
)
FILES = file_responses(EXAMPLE)


class SourceView(View):
    """One record behind a figure and what it adds."""

    kind: str = Field(examples=["guarantee"])
    id: str = Field(examples=["01890a5d-ac96-774b-bcce-b302099a8057"])
    value: int = Field(description="in the figure's unit", examples=[100_000_000])


class FigureView(View):
    """One line of a report, with all records behind it."""

    item: str = Field(examples=["1.4"])
    title_zh: str = Field(examples=["其中:不良贷款"])
    title_en: str = Field(examples=["of which non-performing"])
    unit: Annotated[Unit, Field(examples=["fen"])]
    value: int | None = Field(examples=[700_000_000])
    note: str = Field(description="why there is no value, or how it is read", examples=[""])
    sources: list[SourceView]

    @classmethod
    def of(cls, figure: Figure) -> Self:
        """Show a figure."""
        return cls(
            item=figure.item,
            title_zh=figure.zh,
            title_en=figure.en,
            unit=figure.unit,
            value=figure.value,
            note=figure.note,
            sources=[SourceView(kind=s.kind, id=s.id, value=s.value) for s in figure.sources],
        )


class _Line(View):
    """A figure in a file."""

    item: str
    title_zh: str
    title_en: str
    unit: Unit
    value: int | None
    note: str


class _Behind(View):
    """A record behind a figure in a file."""

    item: str
    kind: str
    id: str
    value: int


class ReportView(View):
    """A report: figures of one subject, each with the records behind it."""

    report: str = Field(examples=["g53-05"])
    subject: str = Field(examples=["bank-haizhou"])
    since: Day | None
    on: Day
    figures: list[FigureView]

    @classmethod
    def of(cls, report: Report) -> Self:
        """Show a report."""
        return cls(
            report=report.kind,
            subject=report.subject,
            since=report.since,
            on=report.on,
            figures=[FigureView.of(figure) for figure in report.figures],
        )

    def file_name(self) -> str:
        """Name the report's files."""
        return f"{self.report}-{self.subject}-{_day(self.on)}"

    def lines(self) -> Table:
        """The figures, one a line."""
        rows = [
            _Line.model_validate(figure.model_dump(exclude={"sources"})) for figure in self.figures
        ]
        return table_of(self.file_name(), _Line, rows)

    def behind(self) -> Table:
        """The records behind the figures, one a line."""
        rows = [
            _Behind(item=figure.item, kind=source.kind, id=source.id, value=source.value)
            for figure in self.figures
            for source in figure.sources
        ]
        return table_of(f"{self.file_name()}-sources", _Behind, rows)

    def part(self, part: Part) -> Table:
        """The wanted part as a table."""
        return self.behind() if part == "sources" else self.lines()


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")
