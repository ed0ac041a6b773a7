"""Statements: which record counts in which figure, and that every figure is its records."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.guarantee.figures.rules import Figure, Report, Source, Unit
from services.guarantee.statements import rules
from services.guarantee.statements.rules import Claimed, Covered, Facts, Moved, Paid, Recovered

SINCE, ON = date(2026, 1, 1), date(2026, 3, 31)
BEFORE, WITHIN, AFTER = date(2025, 12, 31), date(2026, 2, 1), date(2026, 4, 1)
DAYS = (BEFORE, SINCE, WITHIN, ON, AFTER)
IN_PERIOD = (False, True, True, True, False)


def covered(number: int = 1, **changes: Any) -> Covered:  # noqa: ANN401 - any of its fields
    given: dict[str, object] = {
        "id": UUID(int=number),
        "programme": "p",
        "uscc": f"firm-{number}",
        "bank": "bank",
        "amount_fen": 100,
        "covered_fen": 90,
        "outstanding_fen": 80,
        "issued_on": WITHIN,
        "effective_on": WITHIN,
        "ended_on": None,
    }
    return Covered(**(given | changes))  # type: ignore[arg-type]  # names are checked at run time


def paid(fen: int = 10, **changes: object) -> Paid:
    given: dict[str, object] = {
        "claim_id": UUID(int=7),
        "programme": "p",
        "party": "pool",
        "is_the_banks": False,
        "amount_fen": fen,
        "paid_on": WITHIN,
    }
    return Paid(**(given | changes))  # type: ignore[arg-type]  # names are checked at run time


def recovered(on: date = WITHIN, **changes: object) -> Recovered:
    given: dict[str, object] = {
        "id": UUID(int=8),
        "claim_id": UUID(int=7),
        "programme": "p",
        "received_on": on,
        "by_party": (("bank", 1), ("pool", 4)),
        "bank_party": "bank",
    }
    return Recovered(**(given | changes))  # type: ignore[arg-type]  # names are checked at run time


def claimed(filed_on: date = WITHIN, approved_on: date | None = None) -> Claimed:
    return Claimed(
        id=UUID(int=7),
        programme="p",
        filed_on=filed_on,
        approved_on=approved_on,
        eligible_loss_fen=50,
    )


def facts(**parts: object) -> Facts:
    given: dict[str, object] = {"covered": [], "claimed": [], "paid": [], "recovered": []}
    return Facts(**(given | parts))  # type: ignore[arg-type]  # names are checked at run time


def figures(report: Report) -> dict[str, Figure]:
    for figure in report.figures:
        if figure.unit is not Unit.PPM:
            assert figure.value == sum(s.value for s in figure.sources) or not figure.sources
    return {figure.item: figure for figure in report.figures}


def of_programme(**parts: object) -> dict[str, Figure]:
    report = rules.programme(facts(**parts), code="p", quota_fen=1_000, since=SINCE, on=ON)
    assert (report.kind, report.subject, report.since, report.on) == ("programme", "p", SINCE, ON)
    return figures(report)


class TestProgramme:
    @pytest.mark.parametrize(("day", "within"), list(zip(DAYS, IN_PERIOD, strict=True)))
    def test_counts_what_happened_in_the_period(self, day: date, *, within: bool) -> None:
        issued = of_programme(covered=[covered(issued_on=day)])
        begun = of_programme(covered=[covered(effective_on=day)])
        ended = of_programme(covered=[covered(ended_on=day)])
        claims = of_programme(claimed=[claimed(filed_on=day), claimed(approved_on=day)])
        money = of_programme(paid=[paid(paid_on=day)], recovered=[recovered(on=day)])

        assert (issued["1"].value, issued["1.1"].value) == ((1, 100) if within else (0, 0))
        assert begun["2"].value == (90 if within else 0)
        assert ended["3"].value == (90 if within else 0)
        assert claims["5"].value == 1
        assert claims["5.1"].value == (50 if within else 0)
        assert money["6"].value == (10 if within else 0)
        assert money["7"].value == (4 if within else 0)

    def test_claims_filed_outside_of_it_are_not_counted(self) -> None:
        for day in (BEFORE, AFTER):
            assert of_programme(claimed=[claimed(filed_on=day)])["5"].value == 0

    @pytest.mark.parametrize(
        ("changes", "in_force"),
        [
            ({}, True),
            ({"effective_on": None}, False),
            ({"effective_on": ON}, True),
            ({"effective_on": AFTER}, False),
            ({"ended_on": ON}, False),
            ({"ended_on": AFTER}, True),
        ],
    )
    def test_balance_is_what_is_in_force_at_its_end(
        self, changes: dict[str, Any], *, in_force: bool
    ) -> None:
        found = of_programme(covered=[covered(**changes)])

        assert (found["4"].value, found["4.1"].value) == ((80, 1) if in_force else (0, 0))

    def test_counts_a_firm_once(self) -> None:
        found = of_programme(covered=[covered(1, uscc="x"), covered(2, uscc="x")])

        assert (found["4.1"].value, found["4"].value) == (1, 160)

    @pytest.mark.parametrize(
        ("changes", "used"),
        [
            ({}, 100),
            ({"issued_on": ON}, 100),
            ({"issued_on": AFTER}, 0),
            ({"ended_on": ON}, 0),
            ({"effective_on": None}, 100),
        ],
    )
    def test_quota_is_used_by_what_is_enrolled_and_has_not_ended(
        self, changes: dict[str, Any], used: int
    ) -> None:
        found = of_programme(covered=[covered(**changes)])

        assert (found["9"].value, found["9.1"].value) == (1_000, used)
        assert found["9"].sources == (Source("programme", "p", 1_000),)
        assert found["9.2"].value == used * 1_000

    def test_leaves_the_banks_own_share_out_of_compensation(self) -> None:
        found = of_programme(
            paid=[paid(10), paid(30, party="bank", is_the_banks=True), paid(5, party="guarantor")]
        )

        assert found["6"].value == 15
        assert {found[item].en: found[item].value for item in ("6.1", "6.2", "6.3")} == {
            "of which bank": 30,
            "of which guarantor": 5,
            "of which pool": 10,
        }
        assert found["6"].sources[0] == Source("leg", f"{UUID(int=7)}/pool", 10)

    def test_rates_are_of_the_figures_that_they_name(self) -> None:
        found = of_programme(
            covered=[covered(1, ended_on=ON), covered(2)],
            paid=[paid(9), paid(1, paid_on=BEFORE)],
            recovered=[recovered(), recovered(BEFORE)],
        )

        assert found["8"].value == 9 * 1_000_000 // 90
        assert found["8.1"].value == 9 * 1_000_000 // 80
        assert [s.id for s in found["8"].sources] == ["6", "3"]
        assert [s.id for s in found["8.1"].sources] == ["6", "4"]
        assert (found["7"].value, found["7.1"].value, found["7.2"].value) == (4, 8, 10)
        assert found["7.3"].value == 800_000

    def test_knows_nothing_of_what_came_later(self) -> None:
        found = of_programme(paid=[paid(paid_on=AFTER)], recovered=[recovered(AFTER)])

        assert [found[item].value for item in ("7.1", "7.2")] == [0, 0]
        assert found["7.3"].value is None


class TestEnterprise:
    def test_adds_up_over_every_programme_and_each(self) -> None:
        report = rules.enterprise(
            facts(
                covered=[covered(1), covered(2, programme="q", amount_fen=7, outstanding_fen=6)],
                paid=[paid(10), paid(3, programme="q"), paid(9, paid_on=AFTER)],
                recovered=[recovered(), recovered(AFTER)],
            ),
            uscc="firm",
            on=ON,
        )

        found = {item: figure.value for item, figure in figures(report).items()}
        assert (report.kind, report.subject, report.since, report.on) == (
            "enterprise",
            "firm",
            None,
            ON,
        )
        assert [found[f"0.{n}"] for n in (1, 2, 3, 4)] == [107, 86, 13, 4]
        assert [found[f"1.{n}"] for n in (1, 2, 3, 4)] == [100, 80, 10, 4]
        assert [found[f"2.{n}"] for n in (1, 2, 3, 4)] == [7, 6, 3, 0]
        names = {figure.item: (figure.zh, figure.en) for figure in report.figures}
        assert names["0.1"] == ("累计担保额", "guaranteed")
        assert names["2.2"] == ("方案 q:在保余额", "programme q: balance in force")

    @pytest.mark.parametrize(("day", "fen"), [(ON, 100), (AFTER, 0)])
    def test_counts_what_was_issued_by_the_day(self, day: date, fen: int) -> None:
        report = rules.enterprise(facts(covered=[covered(issued_on=day)]), uscc="firm", on=ON)

        assert figures(report)["0.1"].value == fen


class TestFund:
    def test_goes_from_opening_to_closing_by_kind_and_states_its_leverage(self) -> None:
        moved = [
            Moved(posting_id=UUID(int=n), kind=kind, account=account, net_fen=fen)
            for n, (kind, account, fen) in enumerate(
                [("paid_in", "cash", 50), ("leg_paid", "cash", -20), ("leg_paid", "cash", -1)]
            )
        ]

        report = rules.fund(
            facts(covered=[covered()]),
            moved,
            code="f",
            opening={"cash": 100, "capital": -100},
            capital_fen=40,
            since=SINCE,
            on=ON,
        )

        found = {figure.item: figure for figure in report.figures}
        assert (report.kind, report.subject, report.since, report.on) == ("fund", "f", SINCE, ON)
        assert [(f.item, f.en, f.value) for f in report.figures if f.item[0] in "12"] == [
            ("1.0", "capital, opening", -100),
            ("1.9", "capital, closing", -100),
            ("2.0", "cash, opening", 100),
            ("2.1", "cash, leg_paid", -21),
            ("2.2", "cash, paid_in", 50),
            ("2.9", "cash, closing", 129),
        ]
        assert found["2.1"].sources == (
            Source("posting", str(UUID(int=1)), -20),
            Source("posting", str(UUID(int=2)), -1),
        )
        assert found["2.0"].zh == "cash 期初"
        assert (found["90"].value, found["90"].sources) == (40, (Source("fund", "f", 40),))
        assert (found["91"].value, found["92"].value) == (80, 2_000_000)

    def test_opens_an_account_that_was_empty_with_nothing(self) -> None:
        moved = [Moved(posting_id=UUID(int=1), kind="k", account="cash", net_fen=5)]

        report = rules.fund(facts(), moved, code="f", opening={}, capital_fen=0, since=SINCE, on=ON)

        assert [f.value for f in report.figures[:3]] == [0, 5, 5]
        assert report.figures[-1].value is None
