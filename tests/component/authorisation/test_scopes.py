"""Actor × operation: a token's scope opens what the contract says it opens, and nothing else."""

import pytest

from deploy.local.clients import CLIENTS
from tests.component.authorisation.matrix import Operation, ask, operations_of
from tests.conftest import ServiceFactory
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

SERVICES = ("registry", "credit", "guarantee", "insurance", "notify")
NOBODY = ("nobody", ())


async def refused(
    service: ServiceUnderTest, operation: Operation, org: str, scopes: tuple[str, ...]
) -> bool:
    """Tell whether the operation is refused for want of a scope."""
    headers = service.headers(org, *scopes)
    answer = await ask(service, operation, operation.target({}), headers)
    return answer.status_code == 403 and answer.json()["code"] == "missing-scope"


@pytest.fixture(params=SERVICES)
async def service(request: pytest.FixtureRequest, service_of: ServiceFactory) -> ServiceUnderTest:
    """Each service in turn."""
    return await service_of(request.param)


class TestScopes:
    async def test_every_operation_needs_a_token(self, service: ServiceUnderTest) -> None:
        answers = {
            operation.name: await ask(service, operation, operation.target({}), {})
            for operation in operations_of(service)
        }

        open_to_all = {name for name, answer in answers.items() if answer.status_code != 401}
        assert open_to_all == {o.name for o in operations_of(service) if o.public}
        assert all(
            "www-authenticate" in a.headers for a in answers.values() if a.status_code == 401
        )

    async def test_opens_its_operations_to_each_client_and_no_others(
        self, service: ServiceUnderTest
    ) -> None:
        wrong = []
        actors = {**{name: (c.org, c.scopes) for name, c in CLIENTS.items()}, "nobody": NOBODY}
        for operation in operations_of(service):
            for name, (org, scopes) in actors.items():
                allowed = operation.scope is None or operation.scope in scopes
                if await refused(service, operation, org, scopes) is allowed:
                    wrong.append(f"{name}: {operation.name}")

        assert wrong == []

    async def test_is_the_one_that_the_contract_names(self, service: ServiceUnderTest) -> None:
        every = {o.scope for o in operations_of(service) if o.scope is not None}

        for operation in operations_of(service):
            if operation.scope is not None:
                others = tuple(sorted(every - {operation.scope}))
                assert await refused(service, operation, "anyone", others), operation.name
                assert not await refused(service, operation, "anyone", (operation.scope,))

    async def test_belongs_to_somebody(self, service: ServiceUnderTest) -> None:
        held = {scope for client in CLIENTS.values() for scope in client.scopes}

        asked = {o.scope for o in operations_of(service) if o.scope is not None}
        assert asked
        assert sorted(asked - held) == []
