"""REST of the claims."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from services.guarantee.claims import handlers
from services.guarantee.claims.schemas import (
    ClaimPage,
    ClaimView,
    FileClaim,
    PayLeg,
    RejectClaim,
)
from services.guarantee.losses.schemas import SplitView
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/claims", tags=["claims 代偿"])

ANYONES = "guarantee.claims:read-all"
"""With this scope a caller reads every claim; without it those that its organisation is part of."""

File = Annotated[Command, commands.command("guarantee.claims:write")]
Verify = Annotated[Command, commands.command("guarantee.claims:verify")]
Approve = Annotated[Command, commands.command("guarantee.claims:approve")]
Pay = Annotated[Command, commands.command("guarantee.legs:pay")]
Close = Annotated[Command, commands.command("guarantee.recoveries:write")]
Read = Annotated[commands.Query, commands.query("guarantee.claims:read")]
Party = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["guarantor"])]

CHANGES = problems(400, 404, 409, 412, 428)


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.post("", status_code=201, response_model=ClaimView, responses=problems(400, 404, 409))
async def file_claim(body: FileClaim, command: File, packs: Packs) -> Response:
    """File a claim for compensation (代偿申请) under the bank's guarantee."""
    filing = body.filing()
    return await command.run(
        lambda work: handlers.file_claim(work, filing, by=command.caller, packs=packs),
        present=ClaimView.of,
        status=201,
        location=lambda case: f"/v1/claims/{case.claim.id}",
    )


@router.post("/{claim_id}/verify", response_model=ClaimView, responses=CHANGES)
async def verify_claim(claim_id: UUID, command: Verify) -> Response:
    """Confirm a claim's documents (初审): the guarantor's first person."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.verify_claim(
            work, claim_id, by=command.caller, expected_version=expected
        ),
        present=ClaimView.of,
    )


@router.post("/{claim_id}/approve", response_model=ClaimView, responses=CHANGES)
async def approve_claim(claim_id: UUID, command: Approve, packs: Packs) -> Response:
    """Approve a verified claim (复核): another person; the loss is split and the legs fall due."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.approve_claim(
            work, claim_id, by=command.caller, packs=packs, expected_version=expected
        ),
        present=ClaimView.of,
    )


@router.post("/{claim_id}/reject", response_model=ClaimView, responses=CHANGES)
async def reject_claim(claim_id: UUID, body: RejectClaim, command: Verify) -> Response:
    """Refuse a claim that is not approved yet (驳回)."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.reject_claim(
            work, claim_id, by=command.caller, reason=body.reason, expected_version=expected
        ),
        present=ClaimView.of,
    )


@router.post("/{claim_id}/legs/{party}/pay", response_model=ClaimView, responses=CHANGES)
async def pay_leg(claim_id: UUID, party: Party, body: PayLeg, command: Pay) -> Response:
    """Record that the caller's organisation paid its leg; the last one settles the claim."""
    expected, payment = command.if_match, body.payment(party)
    return await command.run(
        lambda work: handlers.pay_leg(
            work, claim_id, payment, by=command.caller, expected_version=expected
        ),
        present=ClaimView.of,
    )


@router.post("/{claim_id}/close", response_model=ClaimView, responses=CHANGES)
async def close_claim(claim_id: UUID, command: Close) -> Response:
    """End a settled claim and its guarantee: nothing more is expected to come back."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.close_claim(
            work, claim_id, by=command.caller, expected_version=expected
        ),
        present=ClaimView.of,
    )


@router.get("/{claim_id}", response_model=ClaimView, responses=problems(404))
async def get_claim(claim_id: UUID, query: Read) -> Response:
    """Read one claim with its legs."""
    return await query.run(
        lambda work: handlers.get_claim(work, claim_id, reader=_reader(query)),
        present=ClaimView.of,
    )


@router.get("/{claim_id}/split", response_model=SplitView, responses=problems(404))
async def get_split(claim_id: UUID, query: Read) -> Response:
    """Read who bears what, with inputs, counters and the arithmetic of every step."""
    return await query.run(
        lambda work: handlers.get_split(work, claim_id, reader=_reader(query)),
        present=lambda found: SplitView.of(
            claim_id, found[1], found[0].legs, version=found[0].version
        ),
    )


@router.get("", response_model=ClaimPage, responses=problems())
async def list_claims(
    query: Read,
    guarantee_id: Annotated[UUID | None, Query()] = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List claims, oldest first."""
    start, reader = paging.decode_id(after), _reader(query)
    return await query.run(
        lambda work: handlers.page(
            work, reader=reader, guarantee_id=guarantee_id, after=start, limit=limit
        ),
        present=lambda cases: paging.page_of(
            cases,
            limit=limit,
            view=ClaimView.of,
            cursor=lambda case: paging.encode_cursor(str(case.claim.id)),
        ),
    )
