"""What every journey has: the city, the wire, and a place to print."""

from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from deploy.local.journeys.city import City
from deploy.local.journeys.timeline import Wire, timeline
from shared import clock
from shared.clock import business_date
from shared.money import Money, Rate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LIST_CODE = "science-finance-2026"
SCITECH = "nfgf-scitech"
YUANKEDAI = "sip-yuankedai"
NFGF = "fund-nfgf"
POOL = "fund-lyg"
BANK = "bank-haizhou"
GUARANTOR = "guarantor-ges"
FIRM = "91320706MAYL00016Y"
"""The first firm of the example list: a high-tech enterprise in 海州."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The city, the wire and the console."""

    city: City
    wire: Wire
    console: Console

    @property
    def today(self) -> date:
        """The business date in Shanghai."""
        return business_date(clock.now())

    @asynccontextmanager
    async def journey(self, number: int, title: str) -> "AsyncIterator[None]":
        """Play a journey, then print what happened on the wire meanwhile."""
        began = clock.now()
        self.console.rule(f"[bold]{number}. {title}", align="left")
        yield
        events = await self.wire.since(began)
        self.console.print(timeline("Events on Kafka", began, events))
        self.console.print()

    def say(self, text: str) -> None:
        """Print one sentence."""
        self.console.print(text, highlight=False)

    def show(self, table: Table) -> None:
        """Print a table."""
        self.console.print(table)
        self.console.print()


def yuan(fen: int) -> str:
    """Show fen as yuan."""
    return Money(fen).yuan()


def percent(ppm: int) -> str:
    """Show ppm as per cent."""
    return Rate(ppm).percent()


def table_of(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    """Begin a table; columns named in ``right`` hold figures."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        if column in right:
            table.add_column(column, justify="right", no_wrap=True)
        else:
            table.add_column(column, overflow="fold")
    return table


def legs_table(title: str, split: dict[str, Any]) -> Table:
    """Lay out who bears what, with its arithmetic and its sum."""
    figures = ("share", "base", "capped", "overflow", "bears")
    table = table_of(title, "party", "organisation", *figures, right=figures)
    names = ("base_fen", "capped_fen", "overflow_fen", "amount_fen")
    for leg in split["legs"]:
        amounts = [yuan(leg[name]) for name in names]
        table.add_row(leg["party"], leg["org"], percent(leg["share_ppm"]), *amounts)
    sums = [yuan(sum(leg[name] for leg in split["legs"])) for name in names]
    table.add_section()
    table.add_row("sum", "", "100 %", *sums)
    return table
