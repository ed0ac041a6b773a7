"""Who reads what over REST: nothing goes around grants, consents and the disclosure log."""

import pytest

from tests.component.registry.directory import register_institutions
from tests.component.registry.test_enterprises import CERTIFICATE, FIRM, USCC, get, post
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

TAX = "dept-sw"
FIGURES = {"staff": 51, "sales_fen": 2_010_000_000, "tax_grade": "A"}
ENTERPRISE = f"/v1/enterprises/{USCC}"
OTHERS = ("bank-haizhou", "dept-kj", "dept-gx", "stranger")


@pytest.fixture
async def registry(service_of: ServiceFactory) -> ServiceUnderTest:
    """A firm with figures of the tax bureau, which consented to all feeds for one bank."""
    made = await service_of("registry")
    await register_institutions(made)
    await post(made, "/v1/enterprises", FIRM)
    await post(made, f"{ENTERPRISE}/profile", FIGURES, org=TAX, If_Match='"1"')
    consent = {
        "uscc": USCC,
        "grantee": "bank-haizhou",
        "purpose": "credit_assessment",
        "feeds": ["enterprise-profiles", "enterprise-qualifications"],
        "evidence_sha256": "a" * 64,
        "valid_from": "2026-03-01",
        "valid_to": "2027-03-01",
    }
    headers = made.headers("portal", "registry.consents:write")
    answer = await made.client.post("/v1/consents", json=consent, headers=headers)
    assert answer.status_code == 201
    return made


async def get_as_platform(registry: ServiceUnderTest, path: str) -> dict[str, object]:
    """Read as the platform, to which everything is open."""
    scopes = [f"registry.{slice_}:read" for slice_ in ("enterprises", "qualifications")]
    headers = registry.headers("portal", *scopes, *(f"{scope}-all" for scope in scopes))
    answer = await registry.client.get(path, headers=headers)
    shown: dict[str, object] = answer.json()
    return shown


class TestEnterprise:
    @pytest.mark.parametrize("reader", OTHERS)
    async def test_shows_anyone_who_it_is_and_nothing_else(
        self, registry: ServiceUnderTest, reader: str
    ) -> None:
        answer = await get(registry, ENTERPRISE, org=reader)

        assert answer.json() == {**FIRM, "profile": None, "version": 2}

    async def test_shows_its_figures_to_who_recorded_them_and_to_the_platform(
        self, registry: ServiceUnderTest
    ) -> None:
        recorder = await get(registry, ENTERPRISE, org=TAX)
        platform = await get_as_platform(registry, ENTERPRISE)

        assert recorder.json()["profile"] == {**FIGURES, "recorded_by": TAX}
        assert platform["profile"] == {**FIGURES, "recorded_by": TAX}

    async def test_does_not_show_its_figures_in_answer_to_a_registration(
        self, registry: ServiceUnderTest
    ) -> None:
        answer = await post(registry, "/v1/enterprises", FIRM)

        assert (answer.status_code, answer.json()["profile"]) == (201, None)

    async def test_is_not_found_when_nobody_registered_it(self, registry: ServiceUnderTest) -> None:
        answer = await get(registry, "/v1/enterprises/91320706MAD123457P")

        assert_refused(answer, 404, "not-found")


class TestQualifications:
    @pytest.mark.parametrize("reader", [org for org in OTHERS if org != "dept-kj"])
    async def test_send_others_to_the_feed(self, registry: ServiceUnderTest, reader: str) -> None:
        granted = (await post(registry, "/v1/qualifications", CERTIFICATE)).json()
        one = f"/v1/qualifications/{granted['qualification_id']}"

        answers = [
            await get(registry, path, org=reader) for path in (one, f"{ENTERPRISE}/qualifications")
        ]

        for answer in answers:
            assert_refused(answer, 404, "qualification-not-found")
            assert "enterprise-qualifications" in answer.json()["action"]["en"]
            assert CERTIFICATE["certificate_no"] not in answer.text

    async def test_are_shown_to_who_granted_them_and_to_the_platform(
        self, registry: ServiceUnderTest
    ) -> None:
        own = (await post(registry, "/v1/qualifications", CERTIFICATE)).json()
        other = {**CERTIFICATE, "category": "little_giant"}
        others = (await post(registry, "/v1/qualifications", other, org="dept-gx")).json()
        one, every = f"/v1/qualifications/{own['qualification_id']}", f"{ENTERPRISE}/qualifications"

        assert (await get(registry, one)).json() == own
        assert (await get(registry, every)).json() == {"items": [own]}
        assert await get_as_platform(registry, one) == own
        assert await get_as_platform(registry, every) == {"items": [own, others]}

    async def test_that_nobody_granted_read_as_none_for_the_platform(
        self, registry: ServiceUnderTest
    ) -> None:
        assert await get_as_platform(registry, f"{ENTERPRISE}/qualifications") == {"items": []}
