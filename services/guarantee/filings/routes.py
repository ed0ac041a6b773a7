"""REST of the filings."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.guarantee.filings import handlers
from services.guarantee.filings.schemas import FiledBatchView
from shared.web import commands, sheets
from shared.web.problem import problems
from shared.web.sheets import Format

router = APIRouter(prefix="/v1/filings", tags=["filings 再担保备案"])

ANYONES = "guarantee.guarantees:read-all"

Read = Annotated[commands.Query, commands.query("guarantee.guarantees:read")]
Month = Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-03"])]
FILES = sheets.file_responses("guarantee_id,party,filed_on,is_late,guaranteed_fen\r\n")


@router.get("/{org}/{month}", response_model=FiledBatchView, responses={**problems(404), **FILES})
async def get_batch(
    org: str, month: Month, query: Read, wanted: sheets.Wanted = Format.JSON
) -> Response:
    """Read a month's batch with a re-guarantor: its guarantees, fees and sums."""
    first = date.fromisoformat(f"{month}-01")
    reader = None if ANYONES in query.caller.scopes else query.caller.org
    return await sheets.answer(
        query,
        lambda work: handlers.batch(work, org, first, reader=reader),
        present=FiledBatchView.of,
        table=FiledBatchView.table,
        wanted=wanted,
    )
