"""Responses of the filings."""

from typing import Annotated, Self

from pydantic import Field

from services.guarantee.filings.handlers import FiledBatch
from services.guarantee.filings.rules import Filing
from shared.web.fields import Count, Day, Fen, Id, OrgCode, Ppm, View
from shared.web.sheets import Table, table_of


class FilingView(View):
    """One guarantee of a batch."""

    guarantee_id: Id
    party: str = Field(examples=["province"])
    filed_on: Day
    is_late: bool = Field(description="after its month's end", examples=[False])
    guaranteed_fen: Fen
    share_ppm: Ppm
    fee_fen: Annotated[Fen | None, Field(description="null where the pack asks none")]

    @classmethod
    def of(cls, filing: Filing) -> Self:
        """Show a filing."""
        return cls(
            guarantee_id=filing.guarantee_id,
            party=filing.party,
            filed_on=filing.filed_on,
            is_late=filing.is_late,
            guaranteed_fen=filing.guaranteed_fen,
            share_ppm=filing.share_ppm,
            fee_fen=filing.fee_fen,
        )


class FiledBatchView(View):
    """A month's batch with one re-guarantor, and what it adds up to."""

    org: OrgCode
    month: Annotated[str, Field(examples=["2026-03"])]
    count: Count
    guaranteed_fen: Fen
    fee_fen: Fen
    filings: list[FilingView]

    @classmethod
    def of(cls, batch: FiledBatch) -> Self:
        """Show a batch."""
        return cls(
            org=batch.org,
            month=f"{batch.month:%Y-%m}",
            count=batch.sums.count,
            guaranteed_fen=batch.sums.guaranteed_fen,
            fee_fen=batch.sums.fee_fen,
            filings=[FilingView.of(filing) for filing in batch.filings],
        )

    def table(self) -> Table:
        """The batch as a table."""
        return table_of(f"filings-{self.org}-{self.month}", FilingView, self.filings)
