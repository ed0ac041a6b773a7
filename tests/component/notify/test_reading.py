"""Who reads what of a feed, on a real database: grants, consents, fields, corrections."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from shared.events.guarantee import ProgrammeActivated
from shared.events.registry import (
    ListMemberAdded,
    ListMemberRemoved,
    QualificationAmended,
    QualificationRevoked,
)
from shared.ids import new_id
from tests.component.notify.subscribing import (
    FEED,
    FIELDS,
    approve,
    ask,
    grant,
    next_cursor,
    read,
    shown,
)
from tests.support.bad_input import assert_refused
from tests.support.city import (
    CONSENT,
    FIRM,
    OTHER_FIRM,
    a_consent,
    a_profile,
    a_qualification,
    a_revocation,
    a_withdrawal,
    an_amendment,
    an_institution,
)
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component


def listed_and_removed() -> tuple[ListMemberAdded, ListMemberRemoved]:
    """The firm is on the first version of a list and not on the second."""
    return (
        ListMemberAdded(uscc=FIRM, list_code="tech-sme", list_version=1),
        ListMemberRemoved(uscc=FIRM, list_code="tech-sme", list_version=2),
    )


class TestOnConsent:
    async def test_shows_the_granted_fields_of_an_enterprise_that_consented(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())

        answer = await read(notify, "bank-haizhou")

        assert shown(answer) == [{"uscc": FIRM, "category": "hnte", "valid_to": "2028-01-01"}]
        [event] = answer.json()
        assert event["specversion"] == "1.0"
        assert event["type"] == "registry.enterprise.qualification_granted.v1"
        assert event["source"] == "/tongzhou/registry"
        assert event["subject"] == FIRM
        assert event["consentid"] == str(CONSENT)
        assert event["dataclass"] == "internal"

    async def test_shows_nothing_to_a_bank_without_consent(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-ganyu")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())

        assert shown(await read(notify, "bank-ganyu")) == []

    @pytest.mark.parametrize(
        "other",
        [
            {"purpose": "monitoring"},
            {"feeds": ("enterprise-profiles",)},
            {"uscc": OTHER_FIRM},
        ],
    )
    async def test_takes_no_consent_for_another_purpose_feed_or_firm(
        self, notify: ServiceUnderTest, other: dict[str, Any]
    ) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou", **other), a_qualification())

        assert shown(await read(notify, "bank-haizhou")) == []

    async def test_has_nothing_on_the_very_next_read_after_a_revocation(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())
        before = await read(notify, "bank-haizhou")

        await notify.deliver(a_revocation("bank-haizhou"), an_amendment())

        assert len(shown(before)) == 1
        assert shown(await read(notify, "bank-haizhou")) == []

    async def test_ends_with_the_consent(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")
        short = a_consent("bank-haizhou", valid_to=date(2026, 3, 10))
        await notify.deliver(short, a_qualification())

        notify.clock.advance(days=7)  # 2026-03-09, the last day
        last = shown(await read(notify, "bank-haizhou"))
        notify.clock.advance(days=1)
        after = shown(await read(notify, "bank-haizhou"))

        assert (len(last), after) == (1, [])

    async def test_reaches_an_earlier_recipient_with_the_correction(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())
        first = await read(notify, "bank-haizhou")

        await notify.deliver(an_amendment())
        second = await read(notify, "bank-haizhou", after=first.headers["tongzhou-next-cursor"])

        assert shown(second) == [{"uscc": FIRM, "category": "hnte", "valid_to": "2029-01-01"}]

    @pytest.mark.parametrize(
        ("correction", "kind", "data"),
        [
            (a_withdrawal(), "qualification_revoked", {"uscc": FIRM}),
            (
                an_amendment(),
                "qualification_amended",
                {"uscc": FIRM, "certificate_no": "GR202532000001"},
            ),
        ],
    )
    async def test_reaches_a_recipient_who_was_granted_no_field_that_the_correction_carries(
        self,
        notify: ServiceUnderTest,
        correction: QualificationRevoked | QualificationAmended,
        kind: str,
        data: dict[str, str],
    ) -> None:
        await grant(notify, "bank-haizhou", fields=["uscc", "certificate_no", "granted_by"])
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())
        first = await read(notify, "bank-haizhou")

        await notify.deliver(correction)
        second = await read(notify, "bank-haizhou", after=next_cursor(first))

        assert shown(first) == [
            {"uscc": FIRM, "certificate_no": "GR202532000001", "granted_by": "dept-kj"}
        ]
        assert shown(second) == [data]
        assert second.json()[0]["type"] == f"registry.enterprise.{kind}.v1"
        assert second.json()[0]["subject"] == FIRM

    async def test_tells_of_a_removal_from_a_list(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou", fields=["uscc", "list_code"])
        await notify.deliver(a_consent("bank-haizhou"), *listed_and_removed())

        answer = await read(notify, "bank-haizhou")

        assert shown(answer) == [{"uscc": FIRM, "list_code": "tech-sme"}] * 2
        assert [event["type"].split(".")[2] for event in answer.json()] == [
            "list_member_added",
            "list_member_removed",
        ]

    async def test_tells_nobody_else_of_a_withdrawal(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou", fields=["uscc", "list_code"])
        await grant(notify, "bank-ganyu")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification(), a_withdrawal())

        assert shown(await read(notify, "bank-haizhou")) == []
        assert shown(await read(notify, "bank-ganyu")) == []

    async def test_logs_the_bare_type_of_a_withdrawal_too(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou", fields=["certificate_no"])
        await notify.deliver(a_consent("bank-haizhou"), a_withdrawal())

        answer = await read(notify, "bank-haizhou")

        assert shown(answer) == [{}]
        assert "subject" not in answer.json()[0]
        headers = notify.headers("bank-haizhou", "notify.disclosures:read")
        log = await notify.client.get("/v1/disclosures", headers=headers)
        assert [row["fields"] for row in log.json()["items"]] == [[]]

    async def test_never_shows_an_entry_that_is_no_enterprises(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(
            notify, "bank-haizhou", feed="guarantee-programmes", fields=["programme", "bank"]
        )
        await notify.deliver(ProgrammeActivated.example())

        assert shown(await read(notify, "bank-haizhou", feed="guarantee-programmes")) == []


class TestByDuty:
    async def test_shows_a_department_its_own_fields_only(self, notify: ServiceUnderTest) -> None:
        await grant(
            notify,
            "dept-sw",
            feed="enterprise-profiles",
            legal_basis="duty",
            purpose="税收征管",
            fields=["uscc", "tax_grade"],
        )
        await notify.deliver(a_profile(), a_qualification())

        answer = await read(notify, "dept-sw", feed="enterprise-profiles")

        assert shown(answer) == [{"uscc": FIRM, "tax_grade": "A"}]
        assert answer.json()[0]["dataclass"] == "sensitive"
        assert "consentid" not in answer.json()[0]

    async def test_leaves_out_types_of_which_no_field_is_granted(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(
            notify, "dept-rh", legal_basis="duty", purpose="名单核对", fields=["uscc", "list_code"]
        )
        await notify.deliver(a_qualification())

        assert shown(await read(notify, "dept-rh")) == []

    async def test_ends_with_the_institution(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "dept-rh", legal_basis="duty", purpose="统计")
        await notify.deliver(
            a_qualification(), an_institution("dept-rh", "department", valid_to=date(2026, 3, 2))
        )

        assert_refused(await read(notify, "dept-rh"), 403, "no-grant")


class TestScopeOfEnterprises:
    async def test_shows_the_named_enterprises_alone_and_all_without_one(
        self, notify: ServiceUnderTest
    ) -> None:
        asking: dict[str, Any] = {"legal_basis": "duty", "purpose": "名单核对"}
        asked = await ask(notify, "dept-rh", **asking)
        scoped = await approve(notify, asked.json()["subscription_id"], enterprises=[FIRM, FIRM])
        await grant(notify, "dept-sw", **asking)
        await notify.deliver(
            a_qualification(), a_qualification(uscc=OTHER_FIRM, qualification_id=new_id())
        )

        answers = [await read(notify, org) for org in ("dept-rh", "dept-sw")]

        assert scoped.json()["grant"]["enterprises"] == [FIRM]
        firms = [[data["uscc"] for data in shown(answer)] for answer in answers]
        assert firms == [[FIRM], [FIRM, OTHER_FIRM]]

    async def test_hides_a_correction_of_another_enterprise(self, notify: ServiceUnderTest) -> None:
        asked = await ask(notify, "dept-rh", legal_basis="duty", purpose="名单核对")
        await approve(notify, asked.json()["subscription_id"], enterprises=[OTHER_FIRM])
        await notify.deliver(a_qualification(), a_withdrawal())

        assert shown(await read(notify, "dept-rh")) == []

    async def test_narrows_what_was_consented_to(self, notify: ServiceUnderTest) -> None:
        asked = await ask(notify, "bank-haizhou")
        await approve(notify, asked.json()["subscription_id"], enterprises=[OTHER_FIRM])
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())

        assert shown(await read(notify, "bank-haizhou")) == []


class TestDisclosures:
    async def test_say_who_saw_what_when_and_why(self, notify: ServiceUnderTest) -> None:
        granted = await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())
        await read(notify, "bank-haizhou")

        headers = notify.headers(
            "auditor", "notify.disclosures:read", "notify.disclosures:read-all"
        )
        answer = await notify.client.get(f"/v1/disclosures?uscc={FIRM}", headers=headers)

        [row] = answer.json()["items"]
        ids = {UUID(row.pop("read_id")), UUID(row.pop("event_id"))}
        assert len(ids) == 2
        assert row == {
            "position": 1,
            "subscriber": "bank-haizhou",
            "person": "bank-haizhou-clerk",
            "feed": FEED,
            "uscc": FIRM,
            "fields": FIELDS,
            "purpose": "credit_assessment",
            "legal_basis": "consent",
            "subscription_id": granted["subscription_id"],
            "consent_id": str(CONSENT),
            "disclosed_at": "2026-03-02T01:00:00Z",
        }
        assert (await notify.published_types())[-1] == "notify.delivery.disclosed.v1"

    async def test_have_no_row_for_a_read_that_showed_nothing(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-ganyu")
        await notify.deliver(a_qualification())
        await read(notify, "bank-ganyu")

        headers = notify.headers("bank-ganyu", "notify.disclosures:read")
        answer = await notify.client.get("/v1/disclosures", headers=headers)

        assert answer.json()["items"] == []
        assert "notify.delivery.disclosed.v1" not in await notify.published_types()

    async def test_are_an_organisations_own_without_the_scope_for_all(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())
        await read(notify, "bank-haizhou")
        headers = notify.headers("bank-ganyu", "notify.disclosures:read")

        own = await notify.client.get("/v1/disclosures", headers=headers)
        others = await notify.client.get("/v1/disclosures?subscriber=bank-haizhou", headers=headers)

        assert own.json()["items"] == []
        assert_refused(others, 404, "not-found")

    async def test_come_in_pages(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification(), an_amendment())
        await read(notify, "bank-haizhou")
        headers = notify.headers("bank-haizhou", "notify.disclosures:read")

        first = await notify.client.get("/v1/disclosures?limit=1", headers=headers)
        rest = await notify.client.get(
            f"/v1/disclosures?limit=1&after={first.json()['next']}", headers=headers
        )

        positions = [page.json()["items"][0]["position"] for page in (first, rest)]
        assert positions == [1, 2]
        assert rest.json()["next"] is None

    async def test_cannot_be_changed(self, notify: ServiceUnderTest) -> None:
        async with notify.database.transaction() as work:
            for statement in (
                "UPDATE disclosure SET person = 'x'",
                "DELETE FROM disclosure",
                "TRUNCATE disclosure",
            ):
                with pytest.raises(Exception, match=r"append-only|permission denied"):
                    async with work.savepoint():
                        await work.execute(statement)


class TestKnownConsent:
    async def test_tells_when_a_revocation_has_arrived(self, notify: ServiceUnderTest) -> None:
        path = f"/v1/consents/{CONSENT}"
        headers = notify.headers("bank-haizhou", "notify.subscriptions:read")
        unknown = await notify.client.get(path, headers=headers)
        await notify.deliver(a_consent("bank-haizhou"))
        granted = await notify.client.get(path, headers=headers)
        await notify.deliver(a_revocation("bank-haizhou"))
        revoked = await notify.client.get(path, headers=headers)

        assert_refused(unknown, 404, "not-found")
        assert granted.json()["state"] == "granted"
        assert (revoked.json()["state"], revoked.json()["revoked_on"]) == ("revoked", "2026-03-02")

    async def test_is_hidden_from_other_organisations(self, notify: ServiceUnderTest) -> None:
        await notify.deliver(a_consent("bank-haizhou"))
        headers = notify.headers("bank-ganyu", "notify.subscriptions:read")
        everything = notify.headers(
            "operator", "notify.subscriptions:read", "notify.subscriptions:read-all"
        )

        others = await notify.client.get(f"/v1/consents/{CONSENT}", headers=headers)
        operators = await notify.client.get(f"/v1/consents/{CONSENT}", headers=everything)

        assert_refused(others, 404, "not-found")
        assert operators.status_code == 200
