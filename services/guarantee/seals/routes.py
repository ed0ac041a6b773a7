"""REST of the ledger's seals."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.guarantee.fund.routes import reader_of
from services.guarantee.seals import handlers
from services.guarantee.seals.schemas import BlockPage, BlockView, VerifiedView
from shared.web import commands, paging
from shared.web.problem import problems

router = APIRouter(prefix="/v1/funds", tags=["funds 信保基金"])

Read = Annotated[commands.Query, commands.query("guarantee.fund:read")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]


@router.get("/{fund}/blocks", response_model=BlockPage, responses=problems(404))
async def list_blocks(
    fund: str, query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List the sealed blocks of a fund's ledger (账本封存), the oldest first."""
    start = 0 if after is None else paging.decode_cursor(after, int)[0]
    reader = reader_of(query)
    return await query.run(
        lambda work: handlers.blocks(work, fund, reader=reader, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=BlockView.of,
            cursor=lambda block: paging.encode_cursor(block.number),
        ),
    )


@router.get(
    "/{fund}/blocks/{number}/verification", response_model=VerifiedView, responses=problems(404)
)
async def verify_block(fund: str, number: Number, query: Read) -> Response:
    """Hold a sealed block against the ledger (账本核验): whole, or the first broken posting."""
    return await query.run(
        lambda work: handlers.verify_block(work, fund, number, reader=reader_of(query)),
        present=VerifiedView.of,
    )
