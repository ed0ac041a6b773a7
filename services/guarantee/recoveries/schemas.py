"""Requests and responses of the recoveries."""

from typing import Annotated, Self

from pydantic import Field

from services.guarantee.claims.schemas import Reference
from services.guarantee.recoveries.handlers import Recorded
from services.guarantee.recoveries.rules import Receipt, Recovery
from shared.web.fields import Body, Day, Fen, Id, OrgCode, PositiveFen, Row, Rows, View
from shared.web.paging import Page
from shared.web.rule_packs import TraceStepView, stored_trace_view


class RecordRecovery(Body):
    """Cash that came back; ``surplus_fen`` declares what is beyond costs and all losses."""

    cash_fen: PositiveFen
    costs_fen: Annotated[Fen, Field(examples=[5_000_000])]
    surplus_fen: Annotated[Fen, Field(examples=[0])] = 0
    received_on: Day
    reference: Reference

    def receipt(self) -> Receipt:
        """Read the body as the rules' type."""
        return Receipt(**self.model_dump())


class AllocationView(Row):
    """What one party receives."""

    party: Annotated[str, Field(examples=["guarantor"])]
    org: OrgCode
    amount_fen: Annotated[Fen, Field(examples=[23_750_000])]


class RecoveryView(View):
    """A shared receipt: Σ allocations + ``costs_paid_fen`` + ``surplus_fen`` = ``cash_fen``."""

    recovery_id: Id
    claim_id: Id
    cash_fen: Annotated[Fen, Field(examples=[100_000_000])]
    costs_fen: Annotated[Fen, Field(examples=[5_000_000])]
    costs_paid_fen: Annotated[Fen, Field(examples=[5_000_000])]
    surplus_fen: Annotated[Fen, Field(examples=[0])]
    received_on: Day
    reference: Reference
    recorded_by: str = Field(examples=["clerk-7"])
    allocations: Rows[AllocationView]
    trace: Rows[TraceStepView]

    @classmethod
    def of(cls, recovery: Recovery) -> Self:
        """Show a recovery."""
        receipt = recovery.receipt
        return cls(
            recovery_id=recovery.id,
            claim_id=recovery.claim_id,
            cash_fen=receipt.cash_fen,
            costs_fen=receipt.costs_fen,
            costs_paid_fen=recovery.costs_paid_fen,
            surplus_fen=receipt.surplus_fen,
            received_on=receipt.received_on,
            reference=receipt.reference,
            recorded_by=recovery.recorded_by,
            allocations=[
                AllocationView(party=each.party, org=each.org, amount_fen=each.amount_fen)
                for each in recovery.allocations
            ],
            trace=stored_trace_view(recovery.trace),
        )


class RecordedView(RecoveryView):
    """A recovery just recorded; ``version`` is the claim's after it."""

    version: int = Field(examples=[13])

    @classmethod
    def of_recorded(cls, recorded: Recorded) -> Self:
        """Show what was recorded."""
        shown = RecoveryView.of(recorded.recovery).model_dump()
        return cls.model_validate({**shown, "version": recorded.version})


RecoveryPage = Page[RecoveryView]
