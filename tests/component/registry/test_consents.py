"""Consents over REST, on a real database."""

import pytest

from tests.conftest import ServiceFactory
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

GRANT = {
    "uscc": "91320706MA1N00018N",
    "grantee": "bank-haizhou",
    "purpose": "credit_assessment",
    "feeds": ["enterprise-qualifications"],
    "evidence_sha256": "a" * 64,
    "valid_from": "2026-03-01",
    "valid_to": "2027-03-01",
}


@pytest.fixture
async def registry(service_of: ServiceFactory) -> ServiceUnderTest:
    """The registry service."""
    return await service_of("registry")


def portal(registry: ServiceUnderTest, **more: str) -> dict[str, str]:
    """Headers of the platform that acts for enterprises."""
    scopes = ("registry.consents:write", "registry.consents:read", "registry.consents:read-all")
    return registry.headers("enterprise-portal", *scopes, **more)


class TestGrant:
    async def test_answers_with_the_consent_and_publishes_it(
        self, registry: ServiceUnderTest
    ) -> None:
        answer = await registry.client.post("/v1/consents", json=GRANT, headers=portal(registry))

        assert answer.status_code == 201
        assert answer.headers["etag"] == '"1"'
        assert answer.json()["grantee"] == "bank-haizhou"
        assert await registry.published_types() == ["registry.consent.granted.v1"]

    async def test_repeats_its_answer_for_the_same_key(self, registry: ServiceUnderTest) -> None:
        headers = portal(registry, key="once")

        first = await registry.client.post("/v1/consents", json=GRANT, headers=headers)
        second = await registry.client.post("/v1/consents", json=GRANT, headers=headers)

        assert second.content == first.content
        assert second.headers["idempotency-replayed"] == "true"
        assert len(await registry.published()) == 1

    async def test_refuses_the_same_key_with_another_body(self, registry: ServiceUnderTest) -> None:
        headers = portal(registry, key="once")
        await registry.client.post("/v1/consents", json=GRANT, headers=headers)

        other = {**GRANT, "grantee": "bank-ganyu"}
        answer = await registry.client.post("/v1/consents", json=other, headers=headers)

        assert answer.status_code == 422
        assert answer.json()["code"] == "idempotency-key-reused"


class TestRevoke:
    async def test_needs_the_version_that_it_changes(self, registry: ServiceUnderTest) -> None:
        granted = await registry.client.post("/v1/consents", json=GRANT, headers=portal(registry))
        path = f"/v1/consents/{granted.json()['consent_id']}/revoke"

        without = await registry.client.post(path, headers=portal(registry))
        stale = await registry.client.post(path, headers=portal(registry, If_Match='"7"'))
        right = await registry.client.post(path, headers=portal(registry, If_Match='"1"'))

        assert [without.status_code, stale.status_code, right.status_code] == [428, 412, 200]
        assert right.json()["revoked_on"] == "2026-03-02"
        assert await registry.published_types() == [
            "registry.consent.granted.v1",
            "registry.consent.revoked.v1",
        ]
