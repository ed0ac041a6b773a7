"""Institutions, enterprises and qualifications over REST."""

import asyncio
from datetime import date

import httpx
import pytest
from structlog.testing import capture_logs

from tests.component.registry.directory import entry_of, register_institutions
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

USCC = "91320706MA1N00018N"
FIRM = {"uscc": USCC, "name": "示例企业", "region": "320706", "chain": "new_energy"}
CERTIFICATE = {
    "uscc": USCC,
    "category": "hnte",
    "certificate_no": "GR202532000001",
    "valid_from": "2025-09-08",
    "valid_to": "2028-09-08",
}
AMENDED = {
    "certificate_no": "GR202532000001",
    "valid_from": "2025-09-08",
    "valid_to": "2027-09-08",
    "reason": "更正有效期",
}
SCOPES = (
    "registry.enterprises:read",
    "registry.enterprises:write",
    "registry.qualifications:read",
    "registry.qualifications:write",
    "registry.institutions:read",
    "registry.institutions:write",
)


@pytest.fixture
async def registry(service_of: ServiceFactory) -> ServiceUnderTest:
    """The registry service with its directory and one enterprise."""
    made = await service_of("registry")
    await register_institutions(made)
    await post(made, "/v1/enterprises", FIRM)
    return made


async def post(
    registry: ServiceUnderTest, path: str, body: object, *, org: str = "dept-kj", **more: str
) -> httpx.Response:
    """Send a command as a department, unless it is somebody else's."""
    headers = registry.headers(org, *SCOPES, **more)
    return await registry.client.post(path, json=body, headers=headers)


async def get(registry: ServiceUnderTest, path: str, *, org: str = "dept-kj") -> httpx.Response:
    """Read as a department, unless it is somebody else."""
    return await registry.client.get(path, headers=registry.headers(org, *SCOPES))


class TestUsccCheck:
    async def test_accepts_the_standards_own_example(self, registry: ServiceUnderTest) -> None:
        answer = await post(registry, "/v1/usccs/check", {"uscc": "91350100M000100Y43"})

        assert answer.json() == {"valid": True, "reasons": []}

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("91320706MA1N00018M", "code_check"),
            ("91320706MA1N00017N", "organisation_check"),
            ("9132070OMA1N00018N", "alphabet"),
            ("", "length"),
            ("91320706ma1n00018n", "alphabet"),
        ],
    )
    async def test_gives_the_reason_for_any_other_text(
        self, registry: ServiceUnderTest, text: str, code: str
    ) -> None:
        answer = await post(registry, "/v1/usccs/check", {"uscc": text})

        assert answer.status_code == 200
        assert answer.json()["valid"] is False
        assert code in {reason["code"] for reason in answer.json()["reasons"]}


class TestProfile:
    async def test_is_recorded_once(self, registry: ServiceUnderTest) -> None:
        body = {"staff": 51, "sales_fen": 2_010_000_000, "tax_grade": "A"}
        path = f"/v1/enterprises/{USCC}/profile"

        first = await post(registry, path, body, org="dept-sw", If_Match='"1"')
        again = await post(registry, path, body, org="dept-sw", If_Match='"2"')

        assert first.json()["profile"] == {**body, "recorded_by": "dept-sw"}
        assert again.json()["version"] == 2
        types = await registry.published_types()
        assert types.count("registry.enterprise.profile_recorded.v1") == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [("staff", -1), ("staff", 1.5), ("staff", "1"), ("sales_fen", 2**63), ("tax_grade", "E")],
    )
    async def test_names_each_malformed_field(
        self, registry: ServiceUnderTest, field: str, value: object
    ) -> None:
        body = {"staff": 51, "sales_fen": 0, "tax_grade": "A", field: value}

        answer = await post(registry, f"/v1/enterprises/{USCC}/profile", body, If_Match='"1"')

        assert_refused(answer, 422, "malformed", field=f"/{field}")


class TestRegistering:
    @pytest.mark.parametrize(
        ("field", "value", "status"),
        [
            ("uscc", "x", 422),
            ("name", "", 422),
            ("name", "nul\x00", 422),
            ("name", "x" * 501, 422),
            ("region", "32070", 422),
            ("region", "320100", 422),
            ("chain", "coal", 422),
            ("chain", "Not a word", 422),
        ],
    )
    async def test_refuses_each_malformed_field(
        self, registry: ServiceUnderTest, field: str, value: str, status: int
    ) -> None:
        answer = await post(registry, "/v1/enterprises", {**FIRM, field: value})

        assert answer.status_code == status
        assert any(field in v["field"] for v in answer.json()["violations"])

    async def test_publishes_an_unchanged_entry_once(self, registry: ServiceUnderTest) -> None:
        await post(registry, "/v1/enterprises", FIRM)

        types = await registry.published_types()

        assert types.count("registry.enterprise.registered.v1") == 1


class TestQualification:
    async def test_is_granted_amended_and_revoked_in_the_enterprises_sequence(
        self, registry: ServiceUnderTest
    ) -> None:
        granted = (await post(registry, "/v1/qualifications", CERTIFICATE)).json()
        path = f"/v1/qualifications/{granted['qualification_id']}"
        amended = await post(registry, f"{path}/amend", AMENDED, If_Match='"1"')
        revoked = await post(registry, f"{path}/revoke", {"reason": "撤销"}, If_Match='"2"')

        assert amended.json()["valid_to"] == "2027-09-08"
        assert revoked.json()["revoked_on"] == str(date(2026, 3, 2))
        of_firm = [r for r in await registry.published() if r.subject == USCC]
        assert [r.sequence for r in of_firm] == [1, 2, 3, 4]
        listed = await get(registry, f"/v1/enterprises/{USCC}/qualifications")
        assert [item["version"] for item in listed.json()["items"]] == [3]

    async def test_is_changed_only_by_the_department_that_granted_it(
        self, registry: ServiceUnderTest
    ) -> None:
        granted = (await post(registry, "/v1/qualifications", CERTIFICATE)).json()
        path = f"/v1/qualifications/{granted['qualification_id']}/amend"

        answer = await post(registry, path, AMENDED, org="dept-gx", If_Match='"1"')

        assert_refused(answer, 403, "not-the-granting-department")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"valid_to": "2025-09-08"}, "qualification-period-invalid"),
            ({"valid_to": "2028-09-08"}, "qualification-unchanged"),
        ],
    )
    async def test_refuses_an_amendment_that_makes_no_sense(
        self, registry: ServiceUnderTest, changes: dict[str, str], code: str
    ) -> None:
        granted = (await post(registry, "/v1/qualifications", CERTIFICATE)).json()
        path = f"/v1/qualifications/{granted['qualification_id']}/amend"

        answer = await post(registry, path, {**AMENDED, **changes}, If_Match='"1"')

        assert_refused(answer, 409, code)

    async def test_refuses_an_unknown_enterprise_a_stale_version_and_none(
        self, registry: ServiceUnderTest
    ) -> None:
        unknown = await post(
            registry, "/v1/qualifications", {**CERTIFICATE, "uscc": "91320706MAD123457P"}
        )
        granted = (await post(registry, "/v1/qualifications", CERTIFICATE)).json()
        path = f"/v1/qualifications/{granted['qualification_id']}/amend"
        stale = await post(registry, path, AMENDED, If_Match='"9"')
        none = await post(registry, path, AMENDED)

        assert_refused(unknown, 404, "not-found")
        assert_refused(stale, 412, "stale-version")
        assert_refused(none, 428, "precondition-required")

    async def test_refuses_a_certificate_that_the_enterprise_has(
        self, registry: ServiceUnderTest
    ) -> None:
        number = "GR202532000002"
        await post(registry, "/v1/qualifications", CERTIFICATE)
        other = await post(
            registry, "/v1/qualifications", {**CERTIFICATE, "certificate_no": number}
        )
        path = f"/v1/qualifications/{other.json()['qualification_id']}"

        with capture_logs() as logged:
            again = await post(registry, "/v1/qualifications", CERTIFICATE)
            onto = await post(registry, f"{path}/amend", AMENDED, If_Match='"1"')

        for answer in (again, onto):
            assert_refused(answer, 409, "certificate-taken", field="/certificate_no")
        # An answer that nobody foresaw would be logged with all that PostgreSQL says of the row.
        assert {entry["event"] for entry in logged} == {"request.refused"}

    async def test_is_granted_once_to_those_who_grant_it_at_once(
        self, registry: ServiceUnderTest
    ) -> None:
        answers = await asyncio.gather(
            *(post(registry, "/v1/qualifications", CERTIFICATE) for _ in range(3))
        )

        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


class TestInstitutions:
    @pytest.mark.parametrize("valid_to", ["2019-01-01", "2018-12-31"])
    async def test_refuses_an_entry_that_ends_before_it_begins(
        self, registry: ServiceUnderTest, valid_to: str
    ) -> None:
        body = entry_of("bank-x", valid_to=valid_to)

        with capture_logs() as logged:
            answer = await post(registry, "/v1/institutions", body, org="operator")

        assert_refused(answer, 409, "institution-period-invalid", field="/valid_to")
        assert {entry["event"] for entry in logged} == {"request.refused"}

    async def test_import_reports_each_row_and_publishes_changes_only(
        self, registry: ServiceUnderTest
    ) -> None:
        header = "code,name_zh,name_en,kind,uscc,region,valid_from,valid_to\n"
        good = "bank-x,示例银行,Example,bank,,320700,2019-01-01,\n"
        bad = "Bad!,,Example,pirate,123,3207,2019/01/01,2018-01-01\n"
        headers = registry.headers("operator", *SCOPES)
        headers["Content-Type"] = "text/csv"
        content = (header + good + bad + good).encode("gbk")

        first = await registry.client.post(
            "/v1/institutions/import", content=content, headers=headers
        )
        before = await registry.published_types()
        again = registry.headers("operator", *SCOPES)
        await registry.client.post("/v1/institutions/import", content=content, headers=again)

        report = first.json()
        assert (report["accepted"], report["rejected"]) == (1, 2)
        assert {r["field"] for r in report["rows"][1]["reasons"]} == {
            "code",
            "name_zh",
            "kind",
            "uscc",
            "region",
            "valid_from",
        }
        assert report["rows"][2]["reasons"][0]["code"] == "repeated"
        assert await registry.published_types() == before

    async def test_lists_by_code_and_finds_one(self, registry: ServiceUnderTest) -> None:
        page = (await get(registry, "/v1/institutions?limit=2")).json()
        rest = (await get(registry, f"/v1/institutions?after={page['next']}")).json()
        one = await get(registry, "/v1/institutions/bank-haizhou")
        none = await get(registry, "/v1/institutions/nobody")

        codes = [item["code"] for item in (*page["items"], *rest["items"])]
        assert codes == ["bank-ganyu", "bank-haizhou", "dept-kj"]
        assert one.json()["kind"] == "bank"
        assert_refused(none, 404, "not-found")
