"""Alembic's entry: runs this service's history on the connection that the runner hands over."""

from alembic import context

from services.guarantee.breakers.tables import BreakersTables
from services.guarantee.claims.tables import ClaimsTables
from services.guarantee.dayends.tables import DayEndsTables
from services.guarantee.filings.tables import FilingsTables
from services.guarantee.fund.tables import FundTables
from services.guarantee.guarantees.tables import GuaranteesTables
from services.guarantee.known.tables import KnownTables
from services.guarantee.losses.tables import LossesTables
from services.guarantee.openings.tables import OpeningsTables
from services.guarantee.programmes.tables import ProgrammesTables
from services.guarantee.reconciliations.tables import ReconciliationsTables
from services.guarantee.recoveries.tables import RecoveriesTables
from services.guarantee.regulator.tables import RegulatorTables
from services.guarantee.replays.tables import ReplayTables
from services.guarantee.reports.tables import ReportsTables
from services.guarantee.rulebook.tables import RulebookTables
from services.guarantee.seals.tables import SealTables
from shared.db.migrations import run_environment

run_environment(
    context.config,
    [
        KnownTables.metadata,
        FundTables.metadata,
        ProgrammesTables.metadata,
        OpeningsTables.metadata,
        GuaranteesTables.metadata,
        ClaimsTables.metadata,
        LossesTables.metadata,
        RecoveriesTables.metadata,
        BreakersTables.metadata,
        SealTables.metadata,
        RulebookTables.metadata,
        ReplayTables.metadata,
        RegulatorTables.metadata,
        ReportsTables.metadata,
        DayEndsTables.metadata,
        FilingsTables.metadata,
        ReconciliationsTables.metadata,
    ],
)
