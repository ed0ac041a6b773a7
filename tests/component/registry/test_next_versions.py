"""The next version of a list: what it changes, whom it leaves out, who may publish it."""

import httpx
import pytest

from tests.component.registry.test_lists import HEADER, ROW
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

USCC = "91320706MA1N00018N"
OTHER = "91320706MAD123457P"
OTHER_ROW = ROW.replace(USCC, OTHER).replace("C1", "C2")
SCOPES = (
    "registry.enterprises:read",
    "registry.enterprises:read-all",
    "registry.enterprises:write",
    "registry.lists:write",
    "registry.lists:read",
    "registry.qualifications:read",
    "registry.qualifications:write",
)


@pytest.fixture
async def registry(service_of: ServiceFactory) -> ServiceUnderTest:
    """The registry service with version 1 of a list of dept-kj, which names two firms."""
    made = await service_of("registry")
    answer = await publish(made, ROW, OTHER_ROW)
    assert answer.json()["accepted"] == 2
    return made


async def publish(
    registry: ServiceUnderTest, *rows: str, by: str = "dept-kj", code: str = "science-finance-2026"
) -> httpx.Response:
    """Import a version of a list."""
    headers = registry.headers(by, *SCOPES)
    headers["Content-Type"] = "text/csv"
    content = (HEADER + "\n".join(rows)).encode()
    return await registry.client.post(
        f"/v1/lists/{code}/versions", content=content, headers=headers
    )


async def read(registry: ServiceUnderTest, path: str) -> dict[str, object]:
    """Read as dept-kj."""
    answer = await registry.client.get(path, headers=registry.headers("dept-kj", *SCOPES))
    found: dict[str, object] = answer.json()
    return found


async def certificate_of(registry: ServiceUnderTest) -> dict[str, object]:
    """Return the one certificate of the first firm."""
    found = await read(registry, f"/v1/enterprises/{USCC}/qualifications")
    assert isinstance(found["items"], list)
    [certificate] = found["items"]
    assert isinstance(certificate, dict)
    return certificate


async def told(registry: ServiceUnderTest, uscc: str) -> list[tuple[int | None, str]]:
    """Return the numbers and the types of what was told of a firm, without version 1."""
    published = [found for found in await registry.published() if found.subject == uscc]
    return [(found.sequence, found.data.TYPE.split(".")[2]) for found in published][4:]


class TestCertificate:
    async def test_is_amended_by_the_list_of_who_granted_it(
        self, registry: ServiceUnderTest
    ) -> None:
        answer = await publish(registry, ROW.replace("2028-01-01", "2026-06-01"), OTHER_ROW)

        assert (answer.json()["accepted"], answer.json()["rejected"]) == (2, 0)
        assert await told(registry, USCC) == [
            (5, "qualification_amended"),
            (6, "list_member_added"),
        ]
        certificate = await certificate_of(registry)
        assert (certificate["valid_to"], certificate["version"]) == ("2026-06-01", 2)

    async def test_of_another_department_refuses_a_row_that_differs(
        self, registry: ServiceUnderTest
    ) -> None:
        differs = ROW.replace("2028-01-01", "2026-06-01")

        answer = await publish(registry, differs, OTHER_ROW, by="dept-gx", code="list-of-gx")

        refused, kept = answer.json()["rows"]
        assert [(r["code"], r["field"]) for r in refused["reasons"]] == [
            ("certificate_differs", "certificate_no")
        ]
        assert (refused["accepted"], kept["accepted"]) == (False, True)
        assert await told(registry, USCC) == []
        assert (await certificate_of(registry))["valid_to"] == "2028-01-01"
        version = await read(registry, "/v1/lists/list-of-gx/versions/1")
        assert (version["members"], version["accepted"], version["rejected"]) == ([OTHER], 1, 1)

    async def test_that_was_revoked_refuses_its_row_and_the_firm_leaves_the_list(
        self, registry: ServiceUnderTest
    ) -> None:
        certificate = await certificate_of(registry)
        headers = registry.headers("dept-kj", *SCOPES, If_Match='"1"')
        path = f"/v1/qualifications/{certificate['qualification_id']}/revoke"
        await registry.client.post(path, json={"reason": "撤销"}, headers=headers)

        answer = await publish(registry, ROW, OTHER_ROW)

        refused, kept = answer.json()["rows"]
        assert [r["code"] for r in refused["reasons"]] == ["certificate_revoked"]
        assert kept["accepted"] is True
        assert await told(registry, USCC) == [
            (5, "qualification_revoked"),
            (6, "list_member_removed"),
        ]


class TestLeavingOut:
    async def test_tells_the_firm_once(self, registry: ServiceUnderTest) -> None:
        await publish(registry, ROW)
        await publish(registry, ROW)

        assert await told(registry, OTHER) == [(5, "list_member_removed")]
        [removed] = [
            found.data.model_dump()
            for found in await registry.published()
            if found.data.TYPE == "registry.enterprise.list_member_removed.v1"
        ]
        assert removed == {
            "uscc": OTHER,
            "list_code": "science-finance-2026",
            "list_version": 2,
        }

    async def test_lets_the_firm_come_back(self, registry: ServiceUnderTest) -> None:
        await publish(registry)
        await publish(registry, OTHER_ROW)

        assert await told(registry, OTHER) == [
            (5, "list_member_removed"),
            (6, "list_member_added"),
        ]

    async def test_of_another_list_tells_nothing(self, registry: ServiceUnderTest) -> None:
        await publish(registry, ROW, code="another-list")

        assert await told(registry, OTHER) == []


class TestWhoseWordStands:
    async def test_refuses_a_version_of_another_departments_list(
        self, registry: ServiceUnderTest
    ) -> None:
        answer = await publish(registry, ROW, by="dept-gx")

        assert_refused(answer, 403, "not-the-lists-publisher")
        assert await told(registry, OTHER) == []

    async def test_keeps_the_first_name_and_figures_and_notes_it_on_the_row(
        self, registry: ServiceUnderTest
    ) -> None:
        other = ROW.replace("示例甲", "改名").replace(",A,10,", ",D,9999,")

        answer = await publish(registry, other, by="dept-gx", code="list-of-gx")

        [row] = answer.json()["rows"]
        assert (row["accepted"], row["reasons"]) == (True, [])
        assert [note["field"] for note in row["notes"]] == [
            "name",
            "tax_grade",
            "staff",
            "sales_yuan",
        ]
        assert await told(registry, USCC) == [(5, "list_member_added")]
        entry = await read(registry, f"/v1/enterprises/{USCC}")
        assert entry["name"] == "示例甲"
        assert entry["profile"] == {
            "staff": 10,
            "sales_fen": 100_000,
            "tax_grade": "A",
            "recorded_by": "dept-kj",
        }

    async def test_does_not_take_back_what_the_tax_bureau_recorded_since(
        self, registry: ServiceUnderTest
    ) -> None:
        figures = {"staff": 11, "sales_fen": 200_000, "tax_grade": "B"}
        headers = registry.headers("dept-sw", *SCOPES, If_Match='"4"')
        path = f"/v1/enterprises/{USCC}/profile"
        await registry.client.post(path, json=figures, headers=headers)

        await publish(registry, ROW, OTHER_ROW)

        entry = await read(registry, f"/v1/enterprises/{USCC}")
        assert entry["profile"] == {**figures, "recorded_by": "dept-sw"}

    async def test_refuses_another_organisations_correction_by_field(
        self, registry: ServiceUnderTest
    ) -> None:
        body = {"uscc": USCC, "name": "改名", "region": "320706", "chain": "new_energy"}
        headers = registry.headers("dept-gx", *SCOPES)

        answer = await registry.client.post("/v1/enterprises", json=body, headers=headers)

        assert_refused(answer, 403, "not-the-registering-organisation", field="/name")
