"""I1 and I14: money and cases, compared across services, once everything has come to rest."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from deploy.local.journeys.stage import NFGF
from tests.chaos.findings import Findings
from tests.chaos.history import Outcome
from tests.chaos.lending import REFERENCE, LendingClients

CAPITAL_FEN = 50_000_000_000
"""What the example city pays into the fund at its opening."""

BALANCES = """
    SELECT fund.code, cash_fen, capital_fen, committed_fen, reserved_fen,
        coalesce(sum(debit_fen - credit_fen) FILTER (WHERE account = 'cash'), 0) AS cash,
        coalesce(sum(credit_fen - debit_fen) FILTER (WHERE account = 'capital'), 0) AS capital,
        coalesce(sum(debit_fen - credit_fen) FILTER (WHERE account = 'commitments'), 0)
            AS commitments,
        coalesce(sum(debit_fen - credit_fen) FILTER (WHERE account = 'reserved'), 0) AS reserved,
        coalesce(sum(debit_fen - credit_fen), 0) AS difference
    FROM fund LEFT JOIN fund_posting ON fund = code LEFT JOIN fund_entry USING (posting_id)
    GROUP BY fund.code
"""
GUARANTEES = "SELECT loan_id, state, count(*) AS count FROM guarantee GROUP BY loan_id, state"
LOANS = "SELECT id, state, bank_reference FROM loan"
SPLITS = """
    SELECT claim_id AS id, eligible_loss_fen, sum(capped_fen + overflow_fen)::bigint AS borne
    FROM loss_split JOIN loss_leg USING (claim_id) GROUP BY claim_id, eligible_loss_fen
"""
NONE = frozenset({""})
COVER: dict[str, frozenset[str]] = {
    "contracted": NONE,
    "enrolled": frozenset({"issued"}),
    "enrolment_refused": NONE,
    "drawn": frozenset({"effective"}),
    "overdue": frozenset({"effective"}),
    "classified": frozenset({"effective"}),
    "compensated": frozenset({"effective", "closed"}),
    "settled": frozenset({"released"}),
    "withdrawn": frozenset({"released"}),
}
"""How a loan stands with its bank, and in which states its guarantee may be; none is ``""``."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Compares loans with guarantees, and balances with their entries."""

    lending: LendingClients
    findings: Findings

    async def check_funds(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """I1: every balance is the sum of its entries, and capital what was acknowledged."""
        for row in await connection.fetch(BALANCES):
            stated = (
                row["cash_fen"],
                row["capital_fen"],
                row["committed_fen"],
                row["reserved_fen"],
            )
            summed = (row["cash"], row["capital"], row["commitments"], row["reserved"])
            self.findings.check(
                "I1", stated == summed, f"fund {row['code']}: {stated} stated, {summed} in entries"
            )
            self.findings.check(
                "I1",
                row["difference"] == 0,
                f"fund {row['code']} is off by {row['difference']} fen",
            )
            if row["code"] == NFGF:
                self._check_capital(row["capital_fen"])
        for row in await connection.fetch(SPLITS):
            self.findings.check(
                "I1",
                row["borne"] == row["eligible_loss_fen"],
                f"claim {row['id']}: {row['borne']} fen borne of {row['eligible_loss_fen']}",
            )

    def _check_capital(self, capital_fen: int) -> None:
        paid: int = sum(
            payment.body["amount_fen"]
            for payment in self.lending.payments
            if payment.outcome is Outcome.OK
        )
        self.findings.check(
            "I1",
            capital_fen == CAPITAL_FEN + paid,
            f"capital is {capital_fen} fen, acknowledged {CAPITAL_FEN + paid}",
        )

    def check_cases(
        self,
        loans: Sequence[asyncpg.Record],
        guarantees: Sequence[asyncpg.Record],
    ) -> None:
        """I2, I3, I14: one loan per contract, each answered, each with the guarantee that fits."""
        states: defaultdict[object, dict[str, int]] = defaultdict(dict)
        for row in guarantees:
            states[row["loan_id"]][row["state"]] = row["count"]
        references = [row["bank_reference"] for row in loans]
        for row in loans:
            if row["bank_reference"].startswith(REFERENCE):
                self._check_loan(row, states[row["id"]])
        contracted = {
            f"{REFERENCE}{case.number}"
            for case in self.lending.cases.values()
            for operation in case.operations
            if operation.path == "/v1/loans" and operation.outcome is Outcome.OK
        }
        for reference in contracted:
            self.findings.check(
                "I3",
                references.count(reference) == 1,
                f"{references.count(reference)} loans {reference}",
            )
        for reference in references:
            self.findings.check(
                "I4",
                reference in contracted or not reference.startswith(REFERENCE),
                f"nobody was told of loan {reference}",
            )

    def _check_loan(self, loan: asyncpg.Record, found: dict[str, int]) -> None:
        state, name = loan["state"], f"loan {loan['bank_reference']}"
        self.findings.check("I14", state in COVER, f"{name} is still {state}")
        granted = [
            each for each, count in found.items() if each != "declined" for _ in range(count)
        ]
        self.findings.check("I2", len(granted) <= 1, f"{name} has several guarantees: {granted}")
        self.findings.check(
            "I14",
            all(each in COVER.get(state, NONE) for each in granted or [""]),
            f"{name} is {state} and its guarantee {granted or 'missing'}",
        )
