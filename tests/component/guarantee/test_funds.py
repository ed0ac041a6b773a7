"""The fund: its commands, its ledger, and what PostgreSQL itself refuses."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.guarantee.fund import handlers as funds
from services.guarantee.fund.rules import FundShort, NothingReserved
from shared.db.database import Transaction
from shared.ids import new_id
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.databases import Databases
from tests.support.guarantees import FUND, POOL, READ_ALL, TODAY, Scheme

pytestmark = pytest.mark.component

CAPITAL = 1_000_000
OTHERS = "fund-nfgf"


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    """A service with one fund of 10,000 yuan."""
    scheme = Scheme(await service_of("guarantee"))
    await scheme.fund(POOL, capital_fen=CAPITAL)
    return scheme


async def moving(scheme: Scheme, move: Callable[[Transaction], Awaitable[object]]) -> None:
    async with scheme.service.database.transaction() as work:
        await move(work)


async def refused_by_postgres(scheme: Scheme, sql: str, *args: object) -> str:
    """Run SQL as the application role and return what PostgreSQL says against it."""
    with pytest.raises(asyncpg.PostgresError) as refusal:
        async with scheme.service.database.transaction() as work:
            await work.execute(sql, *args)
    return str(refusal.value)


async def assert_ledger_agrees(scheme: Scheme) -> dict[str, Any]:
    """Hold the row's balances against the ledger's sums, account by account."""
    fund = await scheme.read(f"/v1/funds/{POOL}")
    net = {a["account"]: a["debit_fen"] - a["credit_fen"] for a in fund["accounts"]}
    assert sum(net.values()) == 0
    assert net["cash"] == fund["cash_fen"]
    assert -net["capital"] == fund["capital_fen"]
    assert net["commitments"] == -net["commitments_contra"] == fund["committed_fen"]
    assert net["reserved"] == -net["reserved_contra"] == fund["reserved_fen"]
    return fund


async def first_posting(scheme: Scheme) -> UUID:
    return UUID((await scheme.read(f"/v1/funds/{POOL}/entries"))["items"][0]["posting_id"])


class TestCapital:
    async def test_is_cash_and_capital(self, scheme: Scheme) -> None:
        fund = await assert_ledger_agrees(scheme)

        assert (fund["cash_fen"], fund["capital_fen"], fund["free_fen"]) == (CAPITAL,) * 3
        assert fund["capacity_fen"] == 10 * CAPITAL
        assert await scheme.service.published_types() == ["guarantee.fund.capital_paid_in.v1"]

    async def test_counts_one_version_per_event(self, scheme: Scheme) -> None:
        again = await scheme.pay_in(POOL, 5)

        assert again["version"] == 2
        assert [r.sequence for r in await scheme.service.published()] == [1, 2]

    async def test_of_another_organisations_fund_is_not_found(self, scheme: Scheme) -> None:
        body = {"amount_fen": 1, "contributor": "x"}

        answer = await scheme.post(f"/v1/funds/{POOL}/capital", body, org=OTHERS, scopes=FUND)

        assert_refused(answer, 404, "fund-not-found")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"amount_fen": 0}, "/amount_fen"),
            ({"amount_fen": -1}, "/amount_fen"),
            ({"amount_fen": 1.5}, "/amount_fen"),
            ({"amount_fen": "1"}, "/amount_fen"),
            ({"amount_fen": 10**15 + 1}, "/amount_fen"),
            ({"contributor": ""}, "/contributor"),
            ({"contributor": None}, "/contributor"),
            ({"note": "x"}, "/note"),
        ],
    )
    async def test_refuses_a_malformed_field(
        self, scheme: Scheme, change: dict[str, object], field: str
    ) -> None:
        body = {"amount_fen": 1, "contributor": "示例市财政局"} | change

        answer = await scheme.post(f"/v1/funds/{POOL}/capital", body, org=POOL, scopes=FUND)

        assert_refused(answer, 422, "malformed", field=field)

    async def test_is_refused_beyond_what_the_ledger_takes(self, scheme: Scheme) -> None:
        async with scheme.service.database.transaction() as work:
            await work.execute("UPDATE fund SET capital_fen = $1 WHERE code = $2", 10**17 - 1, POOL)
        body = {"amount_fen": 2, "contributor": "x"}

        beyond = await scheme.post(f"/v1/funds/{POOL}/capital", body, org=POOL, scopes=FUND)
        last = await scheme.pay_in(POOL, 1)

        assert_refused(beyond, 409, "fund-capital-limit", field="/amount_fen")
        assert beyond.json()["violations"][0]["limit"] == 1
        assert last["capital_fen"] == 10**17

    async def test_needs_the_scope(self, scheme: Scheme) -> None:
        body = {"amount_fen": 1, "contributor": "x"}

        answer = await scheme.post(
            f"/v1/funds/{POOL}/capital", body, org=POOL, scopes=("guarantee.fund:read",)
        )

        assert_refused(answer, 403, "missing-scope")

    async def test_refuses_the_same_key_with_another_body(self, scheme: Scheme) -> None:
        path = f"/v1/funds/{POOL}/capital"
        body = {"amount_fen": 1, "contributor": "x"}
        first = await scheme.post(path, body, org=POOL, scopes=FUND, key="once")

        again = await scheme.post(path, body, org=POOL, scopes=FUND, key="once")
        other = await scheme.post(path, body | {"amount_fen": 2}, org=POOL, scopes=FUND, key="once")

        assert again.content == first.content
        assert_refused(other, 422, "idempotency-key-reused")
        assert (await assert_ledger_agrees(scheme))["cash_fen"] == CAPITAL + 1


class TestOpening:
    async def test_is_for_the_organisation_itself_and_once(self, scheme: Scheme) -> None:
        foreign = await scheme.post(
            "/v1/funds", {"fund": "fund-x", "leverage": 10}, org=POOL, scopes=FUND
        )
        again = await scheme.post(
            "/v1/funds", {"fund": POOL, "leverage": 10}, org=POOL, scopes=FUND
        )

        assert_refused(foreign, 403, "foreign-fund")
        assert_refused(again, 409, "fund-exists")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"fund": "Fund"}, "/fund"),
            ({"leverage": 0}, "/leverage"),
            ({"leverage": 21}, "/leverage"),
            ({"leverage": "10"}, "/leverage"),
            ({"cash_fen": 1}, "/cash_fen"),
        ],
    )
    async def test_refuses_a_malformed_field(
        self, scheme: Scheme, change: dict[str, object], field: str
    ) -> None:
        body = {"fund": POOL, "leverage": 10} | change

        answer = await scheme.post("/v1/funds", body, org=POOL, scopes=FUND)

        assert_refused(answer, 422, "malformed", field=field)


class TestClaims:
    async def test_reserve_pay_and_recover_keep_the_ledger_balanced(self, scheme: Scheme) -> None:
        claim, recovery = new_id(), new_id()

        async def reserve(work: Transaction) -> None:
            await funds.reserve_for_claim(work, POOL, claim_id=claim, amount_fen=300_000)

        async def pay(work: Transaction) -> None:
            await funds.pay_leg(work, POOL, claim_id=claim, amount_fen=300_000, paid_on=TODAY)

        async def recover(work: Transaction) -> None:
            await funds.receive_recovery(
                work,
                POOL,
                claim_id=claim,
                recovery_id=recovery,
                amount_fen=50_000,
                received_on=TODAY,
            )

        seen = []
        for move in (reserve, pay, recover):
            await moving(scheme, move)
            fund = await assert_ledger_agrees(scheme)
            seen.append((fund["cash_fen"], fund["reserved_fen"], fund["free_fen"]))

        assert seen == [
            (CAPITAL, 300_000, 700_000),
            (700_000, 0, 700_000),
            (750_000, 0, 750_000),
        ]
        assert (await scheme.service.published_types())[1:] == [
            "guarantee.fund.claim_reserved.v1",
            "guarantee.fund.debited.v1",
            "guarantee.fund.credited.v1",
        ]

    async def test_cannot_reserve_more_than_is_free(self, scheme: Scheme) -> None:
        async def reserve(work: Transaction, amount: int) -> None:
            await funds.reserve_for_claim(work, POOL, claim_id=new_id(), amount_fen=amount)

        await moving(scheme, lambda work: reserve(work, CAPITAL - 1))
        with pytest.raises(FundShort):
            await moving(scheme, lambda work: reserve(work, 2))
        await moving(scheme, lambda work: reserve(work, 1))

        assert (await assert_ledger_agrees(scheme))["free_fen"] == 0

    async def test_cannot_pay_what_another_claim_reserved(self, scheme: Scheme) -> None:
        async def reserve(work: Transaction) -> None:
            await funds.reserve_for_claim(work, POOL, claim_id=new_id(), amount_fen=10)

        async def pay(work: Transaction) -> None:
            await funds.pay_leg(work, POOL, claim_id=new_id(), amount_fen=10, paid_on=TODAY)

        await moving(scheme, reserve)
        with pytest.raises(NothingReserved):
            await moving(scheme, pay)

    async def test_cannot_be_paid_twice(self, scheme: Scheme) -> None:
        claim = new_id()

        async def reserve_and_pay(work: Transaction) -> None:
            await funds.reserve_for_claim(work, POOL, claim_id=claim, amount_fen=10)
            await funds.pay_leg(work, POOL, claim_id=claim, amount_fen=10, paid_on=TODAY)

        async def pay(work: Transaction) -> None:
            await funds.pay_leg(work, POOL, claim_id=claim, amount_fen=10, paid_on=TODAY)

        await moving(scheme, reserve_and_pay)
        with pytest.raises(NothingReserved):
            await moving(scheme, pay)


class TestReversal:
    async def test_mirrors_a_wrong_payment_once(self, scheme: Scheme) -> None:
        path = f"/v1/funds/{POOL}/postings/{await first_posting(scheme)}/reverse"

        done = await scheme.post(path, {"reason": "金额录错"}, org=POOL, scopes=FUND)
        again = await scheme.post(path, {"reason": "金额录错"}, org=POOL, scopes=FUND)

        assert done.status_code == 200, done.text
        assert_refused(again, 409, "posting-not-reversible")
        assert (await assert_ledger_agrees(scheme))["capital_fen"] == 0
        [paid, reversal] = (await scheme.read(f"/v1/funds/{POOL}/entries"))["items"]
        assert reversal["reverses"] == reversal["cause_id"] == paid["posting_id"]
        assert (await scheme.service.published_types())[-1] == "guarantee.fund.posting_reversed.v1"

    async def test_is_refused_where_the_money_is_in_use(self, scheme: Scheme) -> None:
        async def reserve(work: Transaction) -> None:
            await funds.reserve_for_claim(work, POOL, claim_id=new_id(), amount_fen=1)

        path = f"/v1/funds/{POOL}/postings/{await first_posting(scheme)}/reverse"
        await moving(scheme, reserve)

        answer = await scheme.post(path, {"reason": "x"}, org=POOL, scopes=FUND)

        assert_refused(answer, 409, "fund-short")

    async def test_is_refused_for_what_a_claim_caused(self, scheme: Scheme) -> None:
        async def reserve(work: Transaction) -> None:
            await funds.reserve_for_claim(work, POOL, claim_id=new_id(), amount_fen=1)

        await moving(scheme, reserve)
        newest = (await scheme.read(f"/v1/funds/{POOL}/entries"))["items"][-1]["posting_id"]

        answer = await scheme.post(
            f"/v1/funds/{POOL}/postings/{newest}/reverse",
            {"reason": "x"},
            org=POOL,
            scopes=FUND,
        )

        assert_refused(answer, 409, "posting-not-reversible")

    async def test_finds_no_posting_of_another_fund(self, scheme: Scheme) -> None:
        await scheme.fund(OTHERS, capital_fen=5)
        path = f"/v1/funds/{OTHERS}/postings/{await first_posting(scheme)}/reverse"

        answer = await scheme.post(path, {"reason": "x"}, org=OTHERS, scopes=FUND)
        nameless = await scheme.post(path, {"reason": ""}, org=OTHERS, scopes=FUND)

        assert_refused(answer, 404, "posting-not-found")
        assert_refused(nameless, 422, "malformed", field="/reason")


class TestReading:
    async def test_shows_a_fund_to_itself_and_to_overseers(self, scheme: Scheme) -> None:
        answers = [
            await scheme.service.client.get(
                f"/v1/funds/{POOL}{tail}", headers=scheme.service.headers(org, *scopes)
            )
            for org, scopes in ((POOL, FUND), ("auditor", READ_ALL), (OTHERS, FUND), (POOL, ()))
            for tail in ("", "/entries")
        ]

        assert [answer.status_code for answer in answers] == [
            200,
            200,
            200,
            200,
            404,
            404,
            403,
            403,
        ]

    async def test_lists_only_what_the_caller_may_see(self, scheme: Scheme) -> None:
        await scheme.fund(OTHERS, capital_fen=0)

        own = await scheme.read("/v1/funds", org=POOL, scopes=FUND)
        every = await scheme.read("/v1/funds?limit=1")
        rest = await scheme.read(f"/v1/funds?limit=1&after={every['next']}")

        assert [item["fund"] for item in own["items"]] == [POOL]
        assert [item["fund"] for item in (*every["items"], *rest["items"])] == [POOL, OTHERS]
        assert rest["next"] is None

    async def test_pages_through_the_ledger(self, scheme: Scheme) -> None:
        for amount in (1, 2, 3):
            await scheme.pay_in(POOL, amount)

        amounts, path = [], f"/v1/funds/{POOL}/entries?limit=3"
        page = await scheme.read(path)
        amounts += [item["entries"][0]["debit_fen"] for item in page["items"]]
        page = await scheme.read(f"{path}&after={page['next']}")
        amounts += [item["entries"][0]["debit_fen"] for item in page["items"]]

        assert amounts == [CAPITAL, 1, 2, 3]
        assert page["next"] is None


class TestPostgres:
    @pytest.mark.parametrize("table", ["fund_posting", "fund_entry"])
    @pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET posting_id = posting_id"])
    async def test_lets_nobody_change_the_ledger(
        self, scheme: Scheme, table: str, verb: str
    ) -> None:
        told = await refused_by_postgres(scheme, verb.format(table))

        assert "permission denied" in told

    async def test_lets_the_owner_not_change_it_either(self, databases: Databases) -> None:
        async with databases.fresh("guarantee") as dsns:
            owner = await asyncpg.connect(dsns.owner)
            try:
                for statement in (
                    "UPDATE fund_entry SET debit_fen = debit_fen + 1",
                    "DELETE FROM fund_entry",
                    "TRUNCATE fund_entry",
                    "DELETE FROM fund_posting",
                ):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                        await owner.execute(statement)
            finally:
                await owner.close()

    async def test_refuses_a_posting_that_does_not_balance(self, scheme: Scheme) -> None:
        told = await refused_by_postgres(
            scheme,
            "WITH posting AS (INSERT INTO fund_posting (posting_id, fund, kind, cause_id, "
            "booked_on, recorded_at, note) VALUES ($1, $2, 'x', $1, current_date, now(), '')) "
            "INSERT INTO fund_entry VALUES ($1, 1, 'cash', 2, 0), ($1, 2, 'capital', 0, 1)",
            new_id(),
            POOL,
        )

        assert "does not balance" in told

    async def test_refuses_a_posting_without_entries(self, scheme: Scheme) -> None:
        told = await refused_by_postgres(
            scheme,
            "INSERT INTO fund_posting (posting_id, fund, kind, cause_id, booked_on, recorded_at, "
            "note) VALUES ($1, $2, 'x', $1, current_date, now(), '')",
            new_id(),
            POOL,
        )

        assert "does not balance" in told

    async def test_refuses_a_line_added_to_an_old_posting(self, scheme: Scheme) -> None:
        told = await refused_by_postgres(
            scheme,
            "INSERT INTO fund_entry VALUES ($1, 3, 'cash', 1, 0)",
            await first_posting(scheme),
        )

        assert "does not balance" in told

    @pytest.mark.parametrize(
        ("change", "constraint"),
        [
            ("UPDATE fund SET cash_fen = -1", "fund_cash_fen_check"),
            ("UPDATE fund SET reserved_fen = cash_fen + 1", "fund_reservations_covered"),
            (
                "UPDATE fund SET committed_fen = leverage * capital_fen + 1",
                "fund_commitments_covered",
            ),
            ("UPDATE fund SET committed_fen = -1", "fund_commitments_covered"),
        ],
    )
    async def test_holds_the_limits_of_the_row(
        self, scheme: Scheme, change: str, constraint: str
    ) -> None:
        told = await refused_by_postgres(scheme, change)

        assert constraint in told
