"""The fixture that the tests of notify share."""

import pytest

from tests.component.notify.subscribing import settle
from tests.conftest import ServiceFactory
from tests.support.service import ServiceUnderTest


@pytest.fixture
async def notify(service_of: ServiceFactory) -> ServiceUnderTest:
    """The notify service in a city of two banks, two departments and an operator."""
    service = await service_of("notify")
    await settle(service)
    return service
