"""The composition root of guarantee."""

from services.guarantee.adoptions import routes as adoptions
from services.guarantee.breakers import routes as breakers
from services.guarantee.capital import routes as capital
from services.guarantee.casefiles import routes as casefiles
from services.guarantee.claims import routes as claims
from services.guarantee.dayends import routes as dayends
from services.guarantee.dayends.handlers import RUN_EVERY_S, run_some
from services.guarantee.enrolments import routes as enrolments
from services.guarantee.filings import routes as filings
from services.guarantee.fund import routes as fund
from services.guarantee.guarantees import routes as guarantees
from services.guarantee.openings import routes as openings
from services.guarantee.pictures import routes as pictures
from services.guarantee.processes.handlers import PROCESS
from services.guarantee.programmes import routes as programmes
from services.guarantee.quotes import routes as quotes
from services.guarantee.reconciliations import routes as reconciliations
from services.guarantee.recoveries import routes as recoveries
from services.guarantee.regulator import routes as regulator
from services.guarantee.replays import routes as replays
from services.guarantee.replays.handlers import REPLAY_EVERY_S, replay_some
from services.guarantee.reports import routes as reports
from services.guarantee.rulebook import routes as rulebook
from services.guarantee.rulebook.handlers import RULEBOOK
from services.guarantee.seals import routes as seals
from services.guarantee.seals.handlers import SEAL_EVERY_S, VERIFY, seal_some
from services.guarantee.settlements import routes as settlements
from services.guarantee.subscriptions import READ_MODELS, SUBSCRIPTIONS
from shared.operations import routes as operations
from shared.operations.chores import Chore
from shared.runner import Service
from shared.web import rule_packs

SERVICE = Service(
    name="guarantee",
    routers=(
        quotes.router,
        rulebook.router,
        replays.router,
        rule_packs.router(),
        programmes.router,
        adoptions.router,
        openings.router,
        enrolments.router,
        guarantees.router,
        casefiles.router,
        fund.router,
        capital.router,
        seals.router,
        settlements.router,
        claims.router,
        pictures.router,
        recoveries.router,
        breakers.router,
        regulator.router,
        reports.router,
        filings.router,
        reconciliations.router,
        dayends.router,
        operations.router,
    ),
    subscriptions=SUBSCRIPTIONS,
    processes=(PROCESS,),
    read_models=READ_MODELS,
    chores=(
        Chore("seal", SEAL_EVERY_S, seal_some),
        Chore("replay", REPLAY_EVERY_S, replay_some),
        Chore("day-end", RUN_EVERY_S, run_some),
    ),
    commands=(VERIFY,),
    state={"packs": RULEBOOK},
)
