"""The fixture of credit's tests."""

import pytest

from shared.events.registry import ConsentGranted, EnterpriseRegistered, InstitutionRegistered
from tests.component.credit.bank import USCC
from tests.conftest import ServiceFactory
from tests.support.service import ServiceUnderTest


@pytest.fixture
async def credit(service_of: ServiceFactory) -> ServiceUnderTest:
    """Credit that has heard of two banks, a guarantor, a firm and its consent to one bank."""
    made = await service_of("credit")
    kinds = {"bank-haizhou": "bank", "bank-ganyu": "bank", "guarantor-ges": "guarantor"}
    for code, kind in kinds.items():
        event = InstitutionRegistered.example().model_copy(update={"code": code, "kind": kind})
        await made.deliver(event)
    await made.deliver(
        EnterpriseRegistered.example().model_copy(update={"uscc": USCC}),
        ConsentGranted.example().model_copy(update={"valid_to": made.clock().date().replace(2027)}),
    )
    return made
