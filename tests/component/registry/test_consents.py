"""Consents over REST, on a real database."""

import pytest

from tests.component.registry.directory import entry_of, register_institutions
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
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
    """The registry service, with two banks and a department in its directory."""
    made = await service_of("registry")
    await register_institutions(made)
    return made


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
        assert (await registry.published_types())[-1] == "registry.consent.granted.v1"

    async def test_repeats_its_answer_for_the_same_key(self, registry: ServiceUnderTest) -> None:
        headers = portal(registry, key="once")

        first = await registry.client.post("/v1/consents", json=GRANT, headers=headers)
        second = await registry.client.post("/v1/consents", json=GRANT, headers=headers)

        assert second.content == first.content
        assert second.headers["idempotency-replayed"] == "true"
        assert (await registry.published_types()).count("registry.consent.granted.v1") == 1

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
        assert (await registry.published_types())[-2:] == [
            "registry.consent.granted.v1",
            "registry.consent.revoked.v1",
        ]


class TestBadInput:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("uscc", "91320706MA1N00018M"),
            ("uscc", 7),
            ("grantee", "Bank!"),
            ("grantee", ""),
            ("purpose", "curiosity"),
            ("feeds", []),
            ("feeds", "enterprise-qualifications"),
            ("evidence_sha256", "abc"),
            ("valid_from", "2026-02-30"),
            ("valid_to", None),
            ("unknown", 1),
        ],
    )
    async def test_names_each_malformed_field(
        self, registry: ServiceUnderTest, field: str, value: object
    ) -> None:
        body = {**GRANT, field: value}

        answer = await registry.client.post("/v1/consents", json=body, headers=portal(registry))

        assert_refused(answer, 422, "malformed")
        assert any(v["field"].startswith(f"/{field}") for v in answer.json()["violations"])

    @pytest.mark.parametrize("grantee", ["dept-kj", "bank-nobody"])
    async def test_refuses_a_department_and_a_stranger(
        self, registry: ServiceUnderTest, grantee: str
    ) -> None:
        body = {**GRANT, "grantee": grantee}

        answer = await registry.client.post("/v1/consents", json=body, headers=portal(registry))

        assert_refused(answer, 409, "grantee-refused", field="/grantee")

    @pytest.mark.parametrize(
        ("valid_from", "valid_to", "status"),
        [
            ("2019-01-01", "2026-03-02", 409),
            ("2019-01-01", "2026-03-03", 201),
            ("2026-03-02", None, 201),
            ("2026-03-03", None, 409),
        ],
    )
    async def test_takes_a_grantee_only_while_its_entry_is_in_force(
        self, registry: ServiceUnderTest, valid_from: str, valid_to: str | None, status: int
    ) -> None:
        entry = entry_of("bank-dated", valid_from=valid_from, valid_to=valid_to)
        headers = registry.headers("operator", "registry.institutions:write")
        await registry.client.post("/v1/institutions", json=entry, headers=headers)
        body = {**GRANT, "grantee": "bank-dated"}

        answer = await registry.client.post("/v1/consents", json=body, headers=portal(registry))

        assert answer.status_code == status
        if status != 201:
            assert_refused(answer, 409, "grantee-refused", field="/grantee")

    async def test_reads_the_day_in_shanghai(self, registry: ServiceUnderTest) -> None:
        entry = entry_of("bank-dated", valid_to="2026-03-03")
        headers = registry.headers("operator", "registry.institutions:write")
        await registry.client.post("/v1/institutions", json=entry, headers=headers)
        registry.clock.advance(hours=15)  # 2026-03-03 00:00 there, the day before in UTC
        body = {**GRANT, "grantee": "bank-dated"}

        answer = await registry.client.post("/v1/consents", json=body, headers=portal(registry))

        assert_refused(answer, 409, "grantee-refused", field="/grantee")

    @pytest.mark.parametrize(
        "period",
        [("2026-03-01", "2026-03-01"), ("2025-01-01", "2026-03-02"), ("2026-03-01", "2031-01-01")],
    )
    async def test_refuses_a_period_that_cannot_be(
        self, registry: ServiceUnderTest, period: tuple[str, str]
    ) -> None:
        body = {**GRANT, "valid_from": period[0], "valid_to": period[1]}

        answer = await registry.client.post("/v1/consents", json=body, headers=portal(registry))

        assert_refused(answer, 409, "consent-period-invalid", field="/valid_to")

    async def test_refuses_a_second_revocation(self, registry: ServiceUnderTest) -> None:
        granted = await registry.client.post("/v1/consents", json=GRANT, headers=portal(registry))
        path = f"/v1/consents/{granted.json()['consent_id']}/revoke"
        await registry.client.post(path, headers=portal(registry, If_Match='"1"'))

        answer = await registry.client.post(path, headers=portal(registry, If_Match='"2"'))

        assert_refused(answer, 409, "consent-already-revoked")


class TestReading:
    async def test_shows_a_grantee_its_own_and_nobody_elses(
        self, registry: ServiceUnderTest
    ) -> None:
        granted = await registry.client.post("/v1/consents", json=GRANT, headers=portal(registry))
        path = f"/v1/consents/{granted.json()['consent_id']}"
        scope = "registry.consents:read"

        own = await registry.client.get(path, headers=registry.headers("bank-haizhou", scope))
        other = await registry.client.get(path, headers=registry.headers("bank-ganyu", scope))

        assert own.status_code == 200
        assert_refused(other, 404, "not-found")

    async def test_pages_through_all_in_order(self, registry: ServiceUnderTest) -> None:
        made = []
        for _ in range(5):
            answer = await registry.client.post(
                "/v1/consents", json=GRANT, headers=portal(registry)
            )
            made.append(answer.json()["consent_id"])
        headers = portal(registry)
        seen: list[str] = []
        params: dict[str, str | int] = {"limit": 2}
        while True:
            page = (
                await registry.client.get("/v1/consents", params=params, headers=headers)
            ).json()
            seen += [item["consent_id"] for item in page["items"]]
            if page["next"] is None:
                break
            params["after"] = page["next"]

        assert seen == made
