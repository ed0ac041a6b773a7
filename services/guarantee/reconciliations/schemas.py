"""Requests and responses of the reconciliations."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from services.guarantee.reconciliations.handlers import (
    BankDay,
    DayStatement,
    MatchedDay,
    StatedDay,
)
from services.guarantee.reconciliations.rules import (
    KindSum,
    Matched,
    Movement,
    MovementKind,
    Result,
    Role,
    counts_of,
    digest_of,
    sums_of,
)
from services.guarantee.regulator.schemas import StatedRowView
from shared.web.fields import Count, Day, Fen, Id, OrgCode, View
from shared.web.sheets import Table, table_of

EXAMPLE = {
    "kind": "paid",
    "subject_id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "party": "nfgf",
    "amount_fen": "116666667",
}
Kind = Annotated[MovementKind, Field(examples=["paid"])]
Party = Annotated[str, Field(description="empty where there is none", examples=["nfgf"])]
Sha256 = Annotated[
    str,
    Field(
        description="SHA-256 of the sorted lines kind,subject_id,party,amount_fen",
        examples=["0" * 64],
    ),
]


class MovementView(View):
    """One amount that moved; the first four columns are those of a statement."""

    kind: Kind
    subject_id: Id
    party: Party
    amount_fen: Fen
    guarantee_id: Id
    guarantor: OrgCode
    fund: OrgCode

    @classmethod
    def of(cls, movement: Movement) -> Self:
        """Show a movement."""
        key, case = movement.key, movement.case
        return cls(
            kind=key.kind,
            subject_id=key.subject_id,
            party=key.party,
            amount_fen=movement.amount_fen,
            guarantee_id=case.guarantee_id,
            guarantor=case.guarantor,
            fund=case.fund,
        )


class KindSumView(View):
    """What moved of one kind."""

    kind: Kind
    count: Count
    amount_fen: Fen

    @classmethod
    def of(cls, found: KindSum) -> Self:
        """Show a sum."""
        return cls(kind=found.kind, count=found.count, amount_fen=found.amount_fen)


class BankDayView(View):
    """A bank's day; ``is_final`` once the day is over."""

    bank: OrgCode
    day: Day
    is_final: bool = Field(examples=[True])
    count: Count
    sums: list[KindSumView]
    in_force_count: Count
    in_force_fen: Annotated[Fen, Field(description="guaranteed at the end of the day, fen")]
    sha256: Sha256
    movements: list[MovementView]

    @classmethod
    def of(cls, found: BankDay) -> Self:
        """Show a bank's day."""
        return cls(
            bank=found.bank,
            day=found.day,
            is_final=found.is_final,
            count=len(found.movements),
            sums=[KindSumView.of(each) for each in sums_of(found.movements)],
            in_force_count=found.in_force.count,
            in_force_fen=found.in_force.amount_fen,
            sha256=digest_of(found.movements),
            movements=[MovementView.of(each) for each in found.movements],
        )

    def table(self) -> Table:
        """The movements as a table."""
        return table_of(f"reconciliation-{self.bank}-{self.day}", MovementView, self.movements)


class StatementView(View):
    """Who stated a day, when, and what it came to; ``number`` counts its statements of the day."""

    org: OrgCode
    day: Day
    number: Count
    row_count: Count
    sha256: Sha256
    stated_by: str = Field(examples=["clerk-7"])
    stated_at: datetime = Field(examples=["2026-03-02T10:00:00Z"])

    @classmethod
    def of(cls, found: DayStatement) -> Self:
        """Show a statement."""
        return cls(
            org=found.org,
            day=found.day,
            number=found.number,
            row_count=found.row_count,
            sha256=found.sha256,
            stated_by=found.stated_by,
            stated_at=found.stated_at,
        )


class StatedDayView(View):
    """The statement that was taken, and what became of each row of its file."""

    statement: StatementView
    accepted: Count
    rejected: Count
    rows: list[StatedRowView]

    @classmethod
    def of(cls, found: StatedDay) -> Self:
        """Show a statement and its rows."""
        rows = [StatedRowView.of(row) for row in found.rows]
        accepted = sum(row.accepted for row in rows)
        return cls(
            statement=StatementView.of(found.statement),
            accepted=accepted,
            rejected=len(rows) - accepted,
            rows=rows,
        )


class MatchedView(View):
    """One row in four sets of books; null where those books do not have it."""

    kind: Kind
    subject_id: Id
    party: Party
    guarantee_id: Id
    guarantor: OrgCode
    fund: OrgCode
    platform_fen: Fen | None
    bank_fen: Fen | None
    guarantor_fen: Fen | None
    fund_fen: Fen | None
    result: Annotated[Result, Field(examples=["differs"])]
    roles: Annotated[
        list[Role],
        Field(description="who says otherwise, or has said nothing yet", examples=[["bank"]]),
    ]

    @classmethod
    def of(cls, row: Matched) -> Self:
        """Show a compared row."""
        return cls(
            kind=row.key.kind,
            subject_id=row.key.subject_id,
            party=row.key.party,
            guarantee_id=row.case.guarantee_id,
            guarantor=row.case.guarantor,
            fund=row.case.fund,
            platform_fen=row.platform_fen,
            bank_fen=row.fen_by_role[Role.BANK],
            guarantor_fen=row.fen_by_role[Role.GUARANTOR],
            fund_fen=row.fen_by_role[Role.FUND],
            result=row.result,
            roles=list(row.roles),
        )


class MatchedDayView(View):
    """A bank's day compared; the statements are the newest of each who is party to a row."""

    bank: OrgCode
    day: Day
    matched: Count
    differs: Count
    awaited: Count
    statements: list[StatementView]
    rows: list[MatchedView]

    @classmethod
    def of(cls, found: MatchedDay) -> Self:
        """Show the comparison."""
        counts = counts_of(found.rows)
        return cls(
            bank=found.bank,
            day=found.day,
            matched=counts[Result.MATCHED],
            differs=counts[Result.DIFFERS],
            awaited=counts[Result.AWAITED],
            statements=[StatementView.of(each) for each in found.statements],
            rows=[MatchedView.of(row) for row in found.rows],
        )

    def table(self) -> Table:
        """The rows as a table."""
        return table_of(f"match-{self.bank}-{self.day}", MatchedView, self.rows)
