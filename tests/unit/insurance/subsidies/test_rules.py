"""The rules of the premium subsidies: every state and command, the pack's figures, four eyes."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from services.insurance.qualifications.rules import PILOTS
from services.insurance.subsidies.rules import (
    PackNotForPilot,
    PaymentDateInvalid,
    PremiumNotPaid,
    Subsidy,
    SubsidyState,
    SubsidyStateConflict,
    decide,
    facts_of,
    file,
    pay,
)
from shared.errors import FourEyes
from shared.events.insurance import SubsidyApproved, SubsidyRejected
from shared.rulepack.catalogue import PackCatalogue
from tests.support.packs import INSURANCE_PACKS, shipped
from tests.support.pilots import (
    PREMIUM_FEN,
    TODAY,
    a_paid_policy,
    a_policy,
    a_qualification,
    a_subsidy,
)

A_DAY = timedelta(days=1)
PACK = shipped("first-set-2025")
FACTS: dict[str, int | bool] = {
    "premium_paid_fen": 100_000_000,
    "quota_fen": 70_000_000,
    "qualified_before_application": True,
}
COMMANDS: dict[str, Callable[[Subsidy], object]] = {
    "decide": lambda subsidy: decide(subsidy, PACK, FACTS, by="approver"),
    "pay": lambda subsidy: pay(subsidy, paid_on=TODAY, today=TODAY),
}
TAKEN_IN = {"decide": SubsidyState.FILED, "pay": SubsidyState.APPROVED}


class TestStates:
    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.parametrize("state", SubsidyState)
    def test_take_only_their_own_command(self, state: SubsidyState, command: str) -> None:
        subsidy = a_subsidy(state=state, subsidy_fen=None if state is SubsidyState.FILED else 1)

        if TAKEN_IN[command] is state:
            COMMANDS[command](subsidy)
            return
        with pytest.raises(SubsidyStateConflict):
            COMMANDS[command](subsidy)


class TestFiling:
    def test_needs_a_paid_premium(self) -> None:
        subsidy, event = file(a_subsidy(), a_paid_policy(), a_qualification(), PACK)

        assert (subsidy, event.filed_on) == (a_subsidy(), TODAY)
        with pytest.raises(PremiumNotPaid):
            file(a_subsidy(), a_policy(), a_qualification(), PACK)

    @pytest.mark.parametrize("pilot", sorted({*PILOTS} - {"first_set"}))
    def test_needs_a_pack_of_the_products_own_pilot(self, pilot: str) -> None:
        with pytest.raises(PackNotForPilot) as refused:
            file(a_subsidy(), a_paid_policy(), a_qualification(pilot=pilot), PACK)

        [violation] = refused.value.violations
        assert (violation.field, violation.limit) == ("/rule_pack", "first_set")
        assert violation.actual == pilot

    @pytest.mark.parametrize("pilot", PILOTS)
    def test_takes_no_pack_that_names_no_pilot(self, pilot: str) -> None:
        unnamed = PACK.model_copy(update={"applies_to": ()})

        with pytest.raises(PackNotForPilot):
            file(a_subsidy(), a_paid_policy(), a_qualification(pilot=pilot), unnamed)


class TestShippedPacks:
    def test_each_name_pilots_that_there_are(self) -> None:
        packs = PackCatalogue.from_directory(INSURANCE_PACKS).list()

        assert packs
        for pack in packs:
            assert pack.applies_to
            assert {*pack.applies_to} <= {*PILOTS}


class TestFacts:
    @pytest.mark.parametrize(
        ("confirmed_on", "before"),
        [(TODAY - A_DAY, True), (TODAY, True), (TODAY + A_DAY, False)],
    )
    def test_tell_whether_the_product_was_recognised_before_the_premium_was_paid(
        self, confirmed_on: date, *, before: bool
    ) -> None:
        facts = facts_of(a_paid_policy(), a_qualification(), confirmed_on=confirmed_on)

        assert facts == {
            "premium_paid_fen": PREMIUM_FEN,
            "quota_fen": 70_000_000,
            "qualified_before_application": before,
        }

    def test_hold_only_what_other_applications_left_of_the_quota(self) -> None:
        product = a_qualification(quota_fen=70_000_000, subsidised_fen=69_999_999)

        assert facts_of(a_paid_policy(), product, confirmed_on=TODAY)["quota_fen"] == 1

    def test_of_an_unpaid_premium_never_say_so(self) -> None:
        facts = facts_of(a_policy(), a_qualification(), confirmed_on=TODAY)

        assert facts["qualified_before_application"] is False


class TestDecision:
    @pytest.mark.parametrize(
        ("changes", "subsidy_fen"),
        [
            ({}, 70_000_000),
            ({"quota_fen": 90_000_000}, 80_000_000),
            ({"premium_paid_fen": 3, "quota_fen": 9}, 2),
        ],
    )
    def test_approves_what_the_pack_gives(
        self, changes: dict[str, int | bool], subsidy_fen: int
    ) -> None:
        facts = {**FACTS, **changes}

        decided, event = decide(a_subsidy(), PACK, facts, by="approver")

        assert isinstance(event, SubsidyApproved)
        assert decided.state is SubsidyState.APPROVED
        assert decided.decided_by == event.approved_by == "approver"
        assert decided.subsidy_fen == event.subsidy_fen == subsidy_fen
        assert event.premium_fen == facts["premium_paid_fen"]
        assert f"sha256:{event.rule_pack_digest}" == PACK.digest
        assert decided.decision is not None
        assert decided.decision["facts"] == facts
        assert decided.decision["subsidy_fen"] == subsidy_fen
        assert decided.decision["rule_pack"] == {
            "id": PACK.id,
            "version": PACK.version,
            "digest": PACK.digest,
        }
        assert decided.decision["trace"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"quota_fen": 0},
            {"qualified_before_application": False},
            {"premium_paid_fen": 1},
        ],
    )
    def test_rejects_where_the_pack_gives_nothing(self, changes: dict[str, int | bool]) -> None:
        decided, event = decide(a_subsidy(), PACK, {**FACTS, **changes}, by="approver")

        assert isinstance(event, SubsidyRejected)
        assert (decided.state, decided.subsidy_fen) == (SubsidyState.REJECTED, 0)
        assert decided.decision is not None
        last = decided.decision["trace"][-1]
        assert event.reason == f"{last['zh']} {last['en']}"

    def test_is_another_persons_than_who_filed(self) -> None:
        with pytest.raises(FourEyes):
            decide(a_subsidy(), PACK, FACTS, by="applicant")


class TestPayment:
    @pytest.mark.parametrize("days", [0, 1, 2])
    def test_is_dated_between_filing_and_today(self, days: int) -> None:
        approved = a_subsidy(state=SubsidyState.APPROVED, subsidy_fen=70_000_000)
        day = TODAY + days * A_DAY

        paid, event = pay(approved, paid_on=day, today=TODAY + 2 * A_DAY)

        assert (paid.state, paid.paid_on) == (SubsidyState.PAID, day)
        assert (event.subsidy_fen, event.paid_on) == (70_000_000, day)

    @pytest.mark.parametrize("days", [-1, 3])
    def test_is_not_dated_before_filing_or_after_today(self, days: int) -> None:
        approved = a_subsidy(state=SubsidyState.APPROVED, subsidy_fen=1)

        with pytest.raises(PaymentDateInvalid) as refused:
            pay(approved, paid_on=TODAY + days * A_DAY, today=TODAY + 2 * A_DAY)

        assert [v.field for v in refused.value.violations] == ["/paid_on"]
