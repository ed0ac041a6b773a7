"""What insurance refuses, by status, code and field: bad fields, wrong callers, broken rules."""

from datetime import date
from uuid import UUID

import httpx
import pytest

from tests.component.insurance import market
from tests.component.insurance.market import (
    LEAD,
    PACK,
    PAYMENT,
    POLICY,
    PRODUCT,
    SECOND,
    THIRD,
    read,
    send,
    taken,
)
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.city import an_institution
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

NOBODY = str(UUID(int=9))
PAID_OUT = {"paid_on": "2026-03-02"}
FILING = {"policy_id": NOBODY, "rule_pack": PACK}
BINDING = {**POLICY, "qualification_id": NOBODY}
NO_DAY = ("2026-02-30", "2026-3-2", "20260302", "2026-03-02T00:00:00", "86400", 86_400, None, True)
NO_AMOUNT = (0, -1, 1.5, "1", True, None, 10**15 + 1)


@pytest.fixture
async def insurance(service_of: ServiceFactory) -> ServiceUnderTest:
    """Insurance that has heard of the market."""
    made = await service_of("insurance")
    await market.open_market(made)
    return made


def shares(*parts: tuple[object, object]) -> list[dict[str, object]]:
    """The co-insurers of a policy."""
    return [{"insurer": insurer, "share_ppm": share} for insurer, share in parts]


BAD_SHARES = (0, -1, 1_000_001, 1.5, "1", True, None)
BAD_INSURERS = ("Lead", "", "x" * 65, 7, None)
BAD_PRODUCT: dict[str, tuple[object, ...]] = {
    "uscc": ("91320706MA1N00018M", "", 7, None),
    "pilot": ("second_set", "", 7),
    "equipment_kind": ("half", None),
    "product": ("", "  ", "x" * 501, 7),
    "equipment_value_fen": NO_AMOUNT,
    "quota_fen": (-1, 1.5, "0", True, None, 2**63),
    "valid_from": NO_DAY,
    "valid_to": NO_DAY,
    "more": (1,),
}
BAD_POLICY: dict[str, tuple[object, ...]] = {
    "qualification_id": ("x", 7, None),
    "liability_limit_fen": NO_AMOUNT,
    "rate_ppm": (-1, 1_000_001, 1.5, "1", True, None),
    "co_insurers": ([], {}, "x", None, shares((LEAD, 1)) * 51),
    "co_insurers/0/insurer": tuple(shares((bad, 1)) for bad in BAD_INSURERS),
    "co_insurers/1/share_ppm": tuple(shares((LEAD, 1), (SECOND, bad)) for bad in BAD_SHARES),
    "co_insurers/0/more": ([{"insurer": LEAD, "share_ppm": 1, "more": 1}],),
    "more": (1,),
}
BAD_PREMIUM: dict[str, tuple[object, ...]] = {
    "amount_fen": NO_AMOUNT,
    "paid_on": NO_DAY,
    "more": (1,),
}
BAD_FILING: dict[str, tuple[object, ...]] = {
    "policy_id": ("x", 7, None),
    "rule_pack": ("", "First", "x" * 65, {}, None),
    "more": (1,),
}
BAD_PAYMENT: dict[str, tuple[object, ...]] = {"paid_on": NO_DAY, "more": (1,)}

QUALIFY = ("/v1/qualifications", PRODUCT, "dept-gx")
BIND = ("/v1/policies", BINDING, LEAD)
PREMIUM = (f"/v1/policies/{NOBODY}/premium-payments", PAYMENT, LEAD)
FILE = ("/v1/subsidies", FILING, "portal")
PAY = (f"/v1/subsidies/{NOBODY}/payment", PAID_OUT, "dept-cz")
DECIDE: tuple[str, dict[str, object], str] = (f"/v1/subsidies/{NOBODY}/decision", {}, "dept-cz")
BAD_BY_COMMAND = (
    (QUALIFY, BAD_PRODUCT),
    (BIND, BAD_POLICY),
    (PREMIUM, BAD_PREMIUM),
    (FILE, BAD_FILING),
    (PAY, BAD_PAYMENT),
)


class TestMalformedFields:
    @pytest.mark.parametrize(
        ("path", "body", "org", "pointer", "values"),
        [
            pytest.param(*command, pointer, values, id=f"{command[0]}: {pointer}")
            for command, bad in BAD_BY_COMMAND
            for pointer, values in bad.items()
        ],
    )
    async def test_are_named(
        self,
        insurance: ServiceUnderTest,
        path: str,
        body: dict[str, object],
        org: str,
        pointer: str,
        values: tuple[object, ...],
    ) -> None:
        field = pointer.partition("/")[0]
        for value in values:
            answer = await send(insurance, path, {**body, field: value}, org=org, version=1)

            assert_refused(answer, 422, "malformed", field=f"/{pointer}")

    @pytest.mark.parametrize(
        ("path", "body"), [(path, body) for (path, body, _org), _bad in BAD_BY_COMMAND]
    )
    async def test_that_are_missing_are_named_all_at_once(
        self, insurance: ServiceUnderTest, path: str, body: dict[str, object]
    ) -> None:
        every = ("insurance.qualifications:write", *market.INSURER_SCOPES)
        scopes = (*every, *market.PORTAL_SCOPES, *market.TREASURY_SCOPES)

        answer = await send(insurance, path, {}, org=LEAD, version=1, scopes=scopes)

        for field in body:
            assert_refused(answer, 422, "malformed", field=f"/{field}")


class TestQualification:
    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"valid_to": "2026-03-02"}, "pilot-period-invalid", "/valid_to"),
            (
                {"valid_from": "2025-03-02", "valid_to": "2026-03-02"},
                "pilot-period-invalid",
                "/valid_to",
            ),
            ({"uscc": "91320706MAD123457P"}, "insured-unknown", None),
        ],
        ids=["empty", "over", "stranger"],
    )
    async def test_needs_a_period_and_a_registered_firm(
        self,
        insurance: ServiceUnderTest,
        changes: dict[str, object],
        code: str,
        field: str | None,
    ) -> None:
        answer = await send(insurance, "/v1/qualifications", {**PRODUCT, **changes}, org="dept-gx")

        assert_refused(answer, 409, code, field=field)
        assert await insurance.published_types() == []


class TestBinding:
    async def bind(
        self, insurance: ServiceUnderTest, *, org: str = LEAD, **changes: object
    ) -> httpx.Response:
        """Bind the example policy with changes, on a product recognised for the purpose."""
        body = {**POLICY, "qualification_id": await market.qualified(insurance), **changes}
        return await send(insurance, "/v1/policies", body, org=org)

    @pytest.mark.parametrize(
        "parts",
        [
            [(LEAD, 999_999)],
            [(LEAD, 500_000), (SECOND, 500_001)],
            [(LEAD, 500_000), (SECOND, 250_000), (SECOND, 250_000)],
        ],
        ids=["less than one whole", "more than one whole", "twice"],
    )
    async def test_refuses_shares_that_make_no_whole(
        self, insurance: ServiceUnderTest, parts: list[tuple[object, object]]
    ) -> None:
        answer = await self.bind(insurance, co_insurers=shares(*parts))

        assert_refused(answer, 422, "coinsurance-shares", field="/co_insurers")

    async def test_names_each_co_insurer_that_is_none(self, insurance: ServiceUnderTest) -> None:
        parts = shares((LEAD, 500_000), ("bank-haizhou", 300_000), ("insurer-nowhere", 200_000))

        answer = await self.bind(insurance, co_insurers=parts)

        assert_refused(answer, 409, "not-insurers", field="/co_insurers/1/insurer")
        assert_refused(answer, 409, "not-insurers", field="/co_insurers/2/insurer")
        assert len(answer.json()["violations"]) == 2

    async def test_takes_an_insurer_until_the_day_before_its_last(
        self, insurance: ServiceUnderTest
    ) -> None:
        ends = an_institution(SECOND, "insurer", valid_to=date(2026, 3, 3))
        await insurance.deliver(ends)
        parts = shares((LEAD, 500_000), (SECOND, 500_000))

        last_day = await self.bind(insurance, co_insurers=parts)
        insurance.clock.advance(days=1)
        over = await self.bind(insurance, co_insurers=parts)

        assert last_day.status_code == 201, last_day.text
        assert_refused(over, 409, "not-insurers", field="/co_insurers/1/insurer")

    async def test_takes_an_insurer_from_its_first_day(self, insurance: ServiceUnderTest) -> None:
        begins = an_institution("insurer-new", "insurer")
        await insurance.deliver(begins.model_copy(update={"valid_from": date(2026, 3, 3)}))
        parts = shares((LEAD, 500_000), ("insurer-new", 500_000))

        early = await self.bind(insurance, co_insurers=parts)
        insurance.clock.advance(days=1)
        first_day = await self.bind(insurance, co_insurers=parts)

        assert_refused(early, 409, "not-insurers", field="/co_insurers/1/insurer")
        assert first_day.status_code == 201, first_day.text

    async def test_takes_the_newest_entry_of_an_insurer(self, insurance: ServiceUnderTest) -> None:
        await insurance.deliver(
            an_institution(SECOND, "insurer", valid_to=date(2026, 3, 1)),
            an_institution(SECOND, "insurer"),
        )

        answer = await self.bind(insurance)

        assert answer.status_code == 201, answer.text

    @pytest.mark.parametrize(
        ("org", "parts"),
        [(SECOND, [(LEAD, 500_000), (SECOND, 500_000)]), (THIRD, [(LEAD, 1_000_000)])],
        ids=["second", "stranger"],
    )
    async def test_is_the_lead_insurers(
        self, insurance: ServiceUnderTest, org: str, parts: list[tuple[object, object]]
    ) -> None:
        answer = await self.bind(insurance, org=org, co_insurers=shares(*parts))

        assert_refused(answer, 409, "lead-insurer-first")

    @pytest.mark.parametrize(("kind", "least"), [("whole", 1), ("key_part", 2)])
    async def test_wants_a_limit_of_the_value_and_twice_it_for_a_key_part(
        self, insurance: ServiceUnderTest, kind: str, least: int
    ) -> None:
        limit = least * 500_000_000
        qualification_id = await market.qualified(
            insurance, equipment_kind=kind, equipment_value_fen=500_000_000
        )
        body = {**POLICY, "qualification_id": qualification_id, "liability_limit_fen": limit}

        below = {**body, "liability_limit_fen": limit - 1}
        refused = await send(insurance, "/v1/policies", below, org=LEAD)
        bound = await send(insurance, "/v1/policies", body, org=LEAD)

        assert_refused(refused, 409, "limit-below-value", field="/liability_limit_fen")
        assert refused.json()["violations"][0]["limit"] == limit
        assert bound.status_code == 201

    async def test_refuses_a_premium_of_nothing(self, insurance: ServiceUnderTest) -> None:
        answer = await self.bind(insurance, rate_ppm=0)

        assert_refused(answer, 409, "premium-too-small")

    async def test_needs_a_qualification_in_force(self, insurance: ServiceUnderTest) -> None:
        qualification_id = await market.qualified(insurance, valid_from="2026-03-03")
        body = {**POLICY, "qualification_id": qualification_id}

        early = await send(insurance, "/v1/policies", body, org=LEAD)
        insurance.clock.advance(days=365)
        late = await send(insurance, "/v1/policies", body, org=LEAD)
        unknown = await send(insurance, "/v1/policies", BINDING, org=LEAD)

        assert_refused(early, 409, "qualification-not-in-force")
        assert_refused(late, 409, "qualification-not-in-force")
        assert_refused(unknown, 404, "not-found")


class TestPremium:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"amount_fen": 111_999_999}, "/amount_fen"),
            ({"amount_fen": 112_000_001}, "/amount_fen"),
            ({"paid_on": "2026-03-01"}, "/paid_on"),
            ({"paid_on": "2026-03-03"}, "/paid_on"),
        ],
        ids=["less", "more", "before binding", "tomorrow"],
    )
    async def test_is_paid_whole_between_binding_and_today(
        self, insurance: ServiceUnderTest, changes: dict[str, object], field: str
    ) -> None:
        path = f"/v1/policies/{await market.bound(insurance)}/premium-payments"

        answer = await send(insurance, path, {**PAYMENT, **changes}, org=LEAD, version=1)

        assert_refused(answer, 409, "premium-differs", field=field)

    async def test_is_paid_once(self, insurance: ServiceUnderTest) -> None:
        path = f"/v1/policies/{await market.paid(insurance)}/premium-payments"

        again = await send(insurance, path, PAYMENT, org=LEAD, version=2)

        assert_refused(again, 409, "policy-state")

    async def test_is_recorded_by_the_lead_alone(self, insurance: ServiceUnderTest) -> None:
        path = f"/v1/policies/{await market.bound(insurance)}/premium-payments"

        second = await send(insurance, path, PAYMENT, org=SECOND, version=1)
        stranger = await send(insurance, path, PAYMENT, org="insurer-elsewhere", version=1)

        assert_refused(second, 403, "not-the-lead-insurer")
        assert_refused(stranger, 404, "not-found")


class TestSubsidy:
    async def test_is_filed_once_for_a_paid_premium_under_a_pack_in_force(
        self, insurance: ServiceUnderTest
    ) -> None:
        policy_id = await market.bound(insurance)
        body = {"policy_id": policy_id, "rule_pack": PACK}
        early = await send(insurance, "/v1/subsidies", body, org="portal")
        path = f"/v1/policies/{policy_id}/premium-payments"
        taken(await send(insurance, path, PAYMENT, org=LEAD, version=1))
        other = await send(
            insurance, "/v1/subsidies", {**body, "rule_pack": "no-such"}, org="portal"
        )
        taken(await send(insurance, "/v1/subsidies", body, org="portal"))
        again = await send(insurance, "/v1/subsidies", body, org="portal")
        nobodys = await send(insurance, "/v1/subsidies", FILING, org="portal")

        assert_refused(early, 409, "premium-not-paid")
        assert_refused(other, 404, "rule-pack-not-found")
        assert_refused(again, 409, "subsidy-exists")
        assert_refused(nobodys, 404, "not-found")

    @pytest.mark.parametrize("pilot", ["first_batch", "first_version"])
    async def test_of_another_pilot_is_not_filed_under_the_first_set_pack(
        self, insurance: ServiceUnderTest, pilot: str
    ) -> None:
        body = {"policy_id": await market.paid(insurance, pilot=pilot), "rule_pack": PACK}

        answer = await send(insurance, "/v1/subsidies", body, org="portal")

        assert_refused(answer, 409, "rule-pack-not-for-pilot", field="/rule_pack")
        assert "insurance.subsidy.filed.v1" not in await insurance.published_types()

    async def test_is_decided_once_by_another_person_than_who_filed_it(
        self, insurance: ServiceUnderTest
    ) -> None:
        path = f"/v1/subsidies/{await market.filed(insurance)}/decision"

        same = await send(insurance, path, {}, org="dept-cz", sub="portal", version=1)
        taken(await send(insurance, path, {}, org="dept-cz", version=1))
        again = await send(insurance, path, {}, org="dept-cz", version=2)

        assert_refused(same, 409, "four-eyes")
        assert_refused(again, 409, "subsidy-state")

    @pytest.mark.parametrize("day", ["2026-03-01", "2026-03-03"])
    async def test_is_paid_between_its_filing_and_today(
        self, insurance: ServiceUnderTest, day: str
    ) -> None:
        path = f"/v1/subsidies/{await market.approved(insurance)}/payment"

        answer = await send(insurance, path, {"paid_on": day}, org="dept-cz", version=2)

        assert_refused(answer, 409, "subsidy-payment-date", field="/paid_on")

    async def test_is_paid_once_and_not_before_its_approval(
        self, insurance: ServiceUnderTest
    ) -> None:
        subsidy = f"/v1/subsidies/{await market.filed(insurance)}"
        early = await send(insurance, f"{subsidy}/payment", PAID_OUT, org="dept-cz", version=1)
        taken(await send(insurance, f"{subsidy}/decision", {}, org="dept-cz", version=1))
        taken(await send(insurance, f"{subsidy}/payment", PAID_OUT, org="dept-cz", version=2))
        again = await send(insurance, f"{subsidy}/payment", PAID_OUT, org="dept-cz", version=3)

        assert_refused(early, 409, "subsidy-state")
        assert_refused(again, 409, "subsidy-state")

    async def test_that_is_rejected_is_not_paid(self, insurance: ServiceUnderTest) -> None:
        subsidy = f"/v1/subsidies/{await market.filed(insurance, quota_fen=0)}"
        taken(await send(insurance, f"{subsidy}/decision", {}, org="dept-cz", version=1))

        answer = await send(insurance, f"{subsidy}/payment", PAID_OUT, org="dept-cz", version=2)

        assert_refused(answer, 409, "subsidy-state")


CHANGES = (PREMIUM, DECIDE, PAY)
CREATIONS = (QUALIFY, BIND, FILE)


class TestProtocol:
    @pytest.mark.parametrize(("path", "body", "org"), CHANGES)
    async def test_asks_for_the_version_and_for_a_resource(
        self, insurance: ServiceUnderTest, path: str, body: object, org: str
    ) -> None:
        without = await send(insurance, path, body, org=org)
        nowhere = await send(insurance, path, body, org=org, version=1)

        assert_refused(without, 428, "precondition-required")
        assert_refused(nowhere, 404, "not-found")

    async def test_refuses_a_version_that_has_passed(self, insurance: ServiceUnderTest) -> None:
        policy = f"/v1/policies/{await market.bound(insurance)}/premium-payments"
        subsidy_id = await market.approved(insurance)

        answers = [
            await send(insurance, policy, PAYMENT, org=LEAD, version=2),
            await send(
                insurance, f"/v1/subsidies/{subsidy_id}/decision", {}, org="dept-cz", version=1
            ),
            await send(
                insurance, f"/v1/subsidies/{subsidy_id}/payment", PAID_OUT, org="dept-cz", version=1
            ),
        ]

        for answer in answers:
            assert_refused(answer, 412, "stale-version")

    @pytest.mark.parametrize(("path", "body", "org"), [*CREATIONS, *CHANGES])
    async def test_refuses_a_caller_without_the_scope(
        self, insurance: ServiceUnderTest, path: str, body: object, org: str
    ) -> None:
        answer = await send(insurance, path, body, org=org, version=1, scopes=())

        assert_refused(answer, 403, "missing-scope")

    @pytest.mark.parametrize("kind", ["qualifications", "policies", "subsidies"])
    async def test_reads_need_the_scope_and_a_resource(
        self, insurance: ServiceUnderTest, kind: str
    ) -> None:
        scopes = (f"insurance.{kind}:read",)
        without = await read(insurance, f"/v1/{kind}/{NOBODY}", org=LEAD, scopes=())
        nowhere = await read(insurance, f"/v1/{kind}/{NOBODY}", org=LEAD, scopes=scopes)

        assert_refused(without, 403, "missing-scope")
        assert_refused(nowhere, 404, "not-found")

    async def test_repeats_the_first_answer_and_refuses_another_body_under_the_same_key(
        self, insurance: ServiceUnderTest
    ) -> None:
        path, other = "/v1/qualifications", {**PRODUCT, "quota_fen": 1}
        first = await send(insurance, path, PRODUCT, org="dept-gx", key="one")
        again = await send(insurance, path, PRODUCT, org="dept-gx", key="one")
        differs = await send(insurance, path, other, org="dept-gx", key="one")

        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"
        assert_refused(differs, 422, "idempotency-key-reused")
        assert await insurance.published_types() == ["insurance.qualification.confirmed.v1"]
