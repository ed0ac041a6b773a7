"""SQL of the guaranteed-loan processes that begin together; each moves alone from then on."""

from collections.abc import Sequence

from services.credit.processes.guaranteed_loan import GuaranteedLoan
from shared.db.database import Transaction


async def insert_many(work: Transaction, kind: str, states: Sequence[GuaranteedLoan]) -> None:
    """Store new processes after their first signal, as the runner stores one."""
    await work.execute(
        "INSERT INTO process (kind, id, state, ended, version, deadline, updated_at) "
        "SELECT $1, id, state::jsonb, false, 1, deadline, $5 "
        "FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS begun (id, state, deadline)",
        kind,
        [str(state.loan_id) for state in states],
        [state.model_dump_json() for state in states],
        [state.deadline for state in states],
        work.now,
    )
