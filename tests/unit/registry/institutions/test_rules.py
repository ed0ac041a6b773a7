"""The rules of the directory: how a row is read, and every reason why it is not."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.institutions.rules import (
    KINDS,
    GranteeRefused,
    Institution,
    InstitutionPeriodInvalid,
    check_grantee,
    parse_row,
    read_date,
)
from tests.support.city import FIRM

ROW = {
    "code": "bank-haizhou",
    "name_zh": "示例银行",
    "name_en": "Example Bank",
    "kind": "bank",
    "uscc": FIRM,
    "region": "320700",
    "valid_from": "2019-01-01",
    "valid_to": "2030-01-01",
}


class TestDate:
    @given(day=st.dates())
    def test_reads_back_every_day(self, day: date) -> None:
        assert read_date(day.isoformat()) == day

    @pytest.mark.parametrize(
        "text",
        [
            *("", "2026-3-2", "20260302", "2026-W09-1", "2026-061", "2026-02-30", "0000-01-01"),
            *("2026-03-02\n", " 2026-03-2", "2026/03/02", "2026-03-02T00", "x" * 10),
        ],
    )
    def test_reads_no_other_form(self, text: str) -> None:
        assert read_date(text) is None


class TestEntry:
    @pytest.mark.parametrize("valid_to", [date(2019, 1, 1), date(2018, 12, 31)])
    def test_cannot_end_before_it_begins(self, valid_to: date) -> None:
        entry = parse_row(ROW)
        assert isinstance(entry, Institution)

        with pytest.raises(InstitutionPeriodInvalid) as refused:
            replace(entry, valid_to=valid_to)

        (violation,) = refused.value.violations
        assert (violation.field, violation.actual) == ("/valid_to", str(valid_to))
        assert replace(entry, valid_to=date(2019, 1, 2)).valid_to == date(2019, 1, 2)


class TestGrantee:
    @pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "department"])
    @pytest.mark.parametrize("day", [date(2019, 1, 1), date(2029, 12, 31)])
    def test_is_any_institution_in_its_period(self, kind: str, day: date) -> None:
        entry = parse_row({**ROW, "kind": kind})
        assert isinstance(entry, Institution)

        check_grantee(entry.code, entry, today=day)
        check_grantee(entry.code, replace(entry, valid_to=None), today=date(2099, 1, 1))

    @pytest.mark.parametrize(
        ("kind", "day", "why"),
        [
            ("department", date(2026, 3, 2), "must be a bank"),
            ("bank", date(2018, 12, 31), "not in force"),
            ("bank", date(2030, 1, 1), "not in force"),
        ],
    )
    def test_is_no_department_and_nobody_outside_the_period(
        self, kind: str, day: date, why: str
    ) -> None:
        entry = parse_row({**ROW, "kind": kind})
        assert isinstance(entry, Institution)

        with pytest.raises(GranteeRefused) as refused:
            check_grantee(entry.code, entry, today=day)

        (violation,) = refused.value.violations
        assert (violation.field, violation.actual) == ("/grantee", entry.code)
        assert why in violation.en

    def test_is_nobody_unknown(self) -> None:
        with pytest.raises(GranteeRefused):
            check_grantee("bank-nobody", None, today=date(2026, 3, 2))


class TestRow:
    @pytest.mark.parametrize("kind", KINDS)
    def test_becomes_an_entry_and_its_event(self, kind: str) -> None:
        entry = parse_row({**ROW, "kind": kind})

        assert isinstance(entry, Institution)
        assert entry.registered().model_dump(mode="json") == {**ROW, "kind": kind}

    def test_may_be_open_and_without_a_code_of_entity(self) -> None:
        entry = parse_row({**ROW, "uscc": "", "valid_to": ""})

        assert isinstance(entry, Institution)
        assert (entry.uscc, entry.valid_to) == (None, None)

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            ("code", ""),
            ("code", "b"),
            ("code", "Bank"),
            ("code", "1bank"),
            ("code", "x" * 65),
            ("code", "bank\n"),
            ("kind", "pirate"),
            ("kind", ""),
            ("uscc", "91320706MA1N00018M"),
            ("region", "32070"),
            ("region", "3207000"),
            ("region", "32070x"),
            ("region", "320700\n"),
            ("name_zh", ""),
            ("name_en", "x" * 501),
            ("valid_from", ""),
            ("valid_from", "2019/01/01"),
            ("valid_to", "soon"),
            ("valid_to", "2019-01-01"),
            ("valid_to", "2018-12-31"),
        ],
    )
    def test_names_the_cell_that_is_wrong(self, column: str, text: str) -> None:
        reasons = parse_row({**ROW, column: text})

        assert isinstance(reasons, tuple)
        assert {reason.field for reason in reasons} == {column}
        assert all(reason.zh and reason.en for reason in reasons)

    def test_names_all_cells_at_once(self) -> None:
        reasons = parse_row(dict.fromkeys(ROW, "?" * 501))

        assert isinstance(reasons, tuple)
        assert {reason.field for reason in reasons} == set(ROW)
        assert all(len(str(reason.actual)) <= 80 for reason in reasons)
