"""The composition root of insurance."""

from pathlib import Path

from services.insurance.policies import routes as policies
from services.insurance.qualifications import routes as qualifications
from services.insurance.quotes import routes as quotes
from services.insurance.subscriptions import READ_MODELS, SUBSCRIPTIONS
from services.insurance.subsidies import routes as subsidies
from shared.operations import routes as operations
from shared.rulepack.catalogue import PackCatalogue
from shared.runner import Service
from shared.web import rule_packs

PACKS = Path(__file__).with_name("pilots").joinpath("packs")

SERVICE = Service(
    name="insurance",
    routers=(
        qualifications.router,
        policies.router,
        subsidies.router,
        quotes.router,
        rule_packs.router(),
        operations.router,
    ),
    subscriptions=SUBSCRIPTIONS,
    read_models=READ_MODELS,
    state={"packs": PackCatalogue.from_directory(PACKS)},
)
