"""The fixture of credit's tests."""

import pytest

from shared.events.registry import ConsentGranted, EnterpriseRegistered
from tests.component.credit.bank import USCC
from tests.conftest import ServiceFactory
from tests.support.city import an_institution
from tests.support.service import ServiceUnderTest


@pytest.fixture
async def credit(service_of: ServiceFactory) -> ServiceUnderTest:
    """Credit that has heard of two banks, a guarantor, a firm and its consent to one bank."""
    made = await service_of("credit")
    await made.deliver(
        an_institution("bank-haizhou", "bank"),
        an_institution("bank-ganyu", "bank"),
        an_institution("guarantor-ges", "guarantor"),
        EnterpriseRegistered.example().model_copy(update={"uscc": USCC}),
        ConsentGranted.example().model_copy(update={"valid_to": made.clock().date().replace(2027)}),
    )
    return made
