"""Registrations at the same time: whoever comes second sees what the first one entered."""

import asyncio
from collections import defaultdict
from datetime import date

import pytest

from services.registry.enterprises import rules as enterprise_rules
from services.registry.enterprises import store as enterprises
from services.registry.institutions import rules as institution_rules
from services.registry.institutions import store as institutions
from shared.errors import Transient
from shared.uscc import Uscc
from tests.component.registry.directory import entry_of
from tests.component.registry.test_lists import HEADER, ROW
from tests.conftest import ServiceFactory
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

AT_ONCE = 4
USCC = "91320706MA1N00018N"
FIRM = {"uscc": USCC, "region": "320706", "chain": "new_energy"}


@pytest.fixture
async def registry(service_of: ServiceFactory) -> ServiceUnderTest:
    """The registry service, with nothing in it."""
    return await service_of("registry")


async def post(registry: ServiceUnderTest, path: str, body: object, scope: str) -> int:
    """Send a command and return the answer's status."""
    headers = registry.headers("dept-kj", scope)
    answer = await registry.client.post(path, json=body, headers=headers)
    return answer.status_code


async def import_list(registry: ServiceUnderTest, code: str, rows: str) -> int:
    """Import a list and return the answer's status."""
    headers = registry.headers("dept-kj", "registry.lists:write")
    headers["Content-Type"] = "text/csv"
    path = f"/v1/lists/{code}/versions"
    answer = await registry.client.post(path, content=(HEADER + rows).encode(), headers=headers)
    return answer.status_code


async def assert_unbroken(registry: ServiceUnderTest, *, events: int) -> None:
    """Check that every aggregate's events are numbered 1, 2, 3 and so on, each number once."""
    published = await registry.published()
    sequences: defaultdict[str, list[int | None]] = defaultdict(list)
    for received in published:
        sequences[received.subject].append(received.sequence)
    assert all(found == list(range(1, len(found) + 1)) for found in sequences.values()), sequences
    assert len(published) == events


class TestAtOnce:
    async def test_number_one_enterprises_events_once(self, registry: ServiceUnderTest) -> None:
        statuses = await asyncio.gather(
            *(
                post(
                    registry,
                    "/v1/enterprises",
                    {**FIRM, "name": f"示例企业{number}"},
                    "registry.enterprises:write",
                )
                for number in range(AT_ONCE)
            )
        )

        assert statuses == [201] * AT_ONCE
        await assert_unbroken(registry, events=AT_ONCE)

    async def test_number_one_institutions_events_once(self, registry: ServiceUnderTest) -> None:
        statuses = await asyncio.gather(
            *(
                post(
                    registry,
                    "/v1/institutions",
                    entry_of("bank-haizhou", name_zh=f"示例机构{number}"),
                    "registry.institutions:write",
                )
                for number in range(AT_ONCE)
            )
        )

        assert statuses == [201] * AT_ONCE
        await assert_unbroken(registry, events=AT_ONCE)

    async def test_number_once_what_several_lists_name_first(
        self, registry: ServiceUnderTest
    ) -> None:
        statuses = await asyncio.gather(
            *(
                import_list(registry, f"list-{number}", ROW.replace("C1", f"C{number}"))
                for number in range(AT_ONCE)
            )
        )

        assert statuses == [201] * AT_ONCE
        # The firm and its figures once; a certificate and a membership of each list.
        await assert_unbroken(registry, events=2 + 2 * AT_ONCE)

    async def test_do_not_block_each_other_over_lists_in_another_order(
        self, registry: ServiceUnderTest
    ) -> None:
        other = ROW.replace(USCC, "91320706MAD123457P")

        statuses = await asyncio.gather(
            import_list(registry, "list-a", f"{ROW}\n{other}"),
            import_list(registry, "list-b", f"{other}\n{ROW}"),
        )

        assert set(statuses) == {201}


class TestSaving:
    async def test_refuses_an_enterprise_that_is_at_another_version(
        self, registry: ServiceUnderTest
    ) -> None:
        entry = enterprise_rules.Enterprise(
            uscc=Uscc(USCC),
            name="示例企业",
            region="320706",
            chain="new_energy",
            registered_by="dept-kj",
        )
        change = enterprise_rules.Change(enterprise_rules.Stored(entry, 8), 7)

        async with registry.database.transaction() as work:
            await enterprises.lock_or_enter(work, [entry])
            with pytest.raises(Transient):
                await enterprises.save_many(work, [change])

    async def test_refuses_an_institution_that_is_at_another_version(
        self, registry: ServiceUnderTest
    ) -> None:
        entry = institution_rules.Institution(
            code="bank-haizhou",
            kind="bank",
            name_zh="示例机构",
            name_en="Example",
            uscc=None,
            region="320700",
            valid_from=date(2019, 1, 1),
            valid_to=None,
        )
        change = institutions.Change(institutions.Stored(entry, 8), 7)

        async with registry.database.transaction() as work:
            await institutions.lock_or_enter(work, [entry])
            with pytest.raises(Transient):
                await institutions.save_many(work, [change])
