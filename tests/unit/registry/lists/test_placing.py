"""The rules of the lists: what an entry changes, and whose word stands."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from uuid import UUID

import pytest

from services.registry.enterprises.rules import Enterprise, Profile
from services.registry.lists.rules import (
    Entry,
    NotTheListsPublisher,
    Placement,
    Version,
    check_publisher,
    place,
)
from services.registry.qualifications.rules import Qualification, QualificationId
from shared.errors import Violation
from shared.uscc import Uscc
from tests.support.city import FIRM

VERSION = Version("science-finance-2026", 2, "dept-kj")
STATED = Enterprise(
    uscc=Uscc(FIRM),
    name="示例企业",
    region="320706",
    chain="new_energy",
    registered_by="dept-kj",
)
FIGURES = Profile(staff=51, sales_fen=2_010_000_000, tax_grade="A", recorded_by="dept-kj")
KNOWN = replace(STATED, profile=FIGURES)
ENTRY = Entry(
    enterprise=STATED,
    profile=FIGURES,
    categories=("hnte",),
    certificate_no="GR202532000001",
    valid_from=date(2025, 9, 8),
    valid_to=date(2028, 9, 8),
)
HELD = Qualification(
    id=QualificationId(UUID(int=99)),
    uscc=Uscc(FIRM),
    category="hnte",
    certificate_no="GR202532000001",
    granted_by="dept-kj",
    valid_from=date(2025, 9, 8),
    valid_to=date(2028, 9, 8),
)
LATER = date(2029, 9, 8)


def placed(
    entry: Entry, known: Enterprise | None, held: Sequence[Qualification] = ()
) -> Placement | tuple[Violation, ...]:
    """Put an entry on version 2 of the list of dept-kj."""
    ids = count(1)
    return place(entry, known=known, held=held, version=VERSION, new_id=lambda: UUID(int=next(ids)))


def types_of(placement: Placement | tuple[Violation, ...]) -> list[str]:
    """Return the last words of the types of what a placement tells."""
    assert isinstance(placement, Placement), placement
    return [event.TYPE.split(".")[2] for event in placement.events]


class TestPublisher:
    def test_is_who_published_the_version_before(self) -> None:
        check_publisher(None, by="dept-gx")
        check_publisher(VERSION, by="dept-kj")

        with pytest.raises(NotTheListsPublisher):
            check_publisher(VERSION, by="dept-gx")


class TestFirm:
    def test_that_is_new_is_told_whole(self) -> None:
        found = placed(ENTRY, None)

        assert types_of(found) == [
            "registered",
            "profile_recorded",
            "qualification_granted",
            "list_member_added",
        ]
        assert isinstance(found, Placement)
        assert (found.enterprise, found.amended, found.notes) == (KNOWN, (), ())
        assert found.granted == (replace(HELD, id=QualificationId(UUID(int=1))),)

    def test_that_is_known_is_told_to_be_on_the_list(self) -> None:
        assert types_of(placed(ENTRY, KNOWN, [HELD])) == ["list_member_added"]

    def test_is_corrected_by_who_registered_it(self) -> None:
        renamed = replace(ENTRY, enterprise=replace(STATED, name="新名"))

        found = placed(renamed, KNOWN, [HELD])

        assert types_of(found) == ["registered", "list_member_added"]
        assert isinstance(found, Placement)
        assert found.enterprise == replace(KNOWN, name="新名")

    def test_keeps_the_name_of_another_registrar_and_the_row_says_so(self) -> None:
        known = replace(KNOWN, name="原名", chain="steel_alloy", registered_by="dept-gx")

        found = placed(ENTRY, known, [HELD])

        assert types_of(found) == ["list_member_added"]
        assert isinstance(found, Placement)
        assert found.enterprise == known
        assert [(note.field, note.limit, note.actual) for note in found.notes] == [
            ("name", "原名", "示例企业"),
            ("chain", "steel_alloy", "new_energy"),
        ]

    @pytest.mark.parametrize("grade", ["A", "D"])
    def test_keeps_figures_of_another_department_and_tells_nothing_of_them(
        self, grade: str
    ) -> None:
        theirs = replace(FIGURES, tax_grade=grade, recorded_by="dept-sw")  # type: ignore[arg-type]  # a grade

        found = placed(ENTRY, replace(KNOWN, profile=theirs), [HELD])

        assert types_of(found) == ["list_member_added"]
        assert isinstance(found, Placement)
        assert found.enterprise.profile == theirs
        assert [note.field for note in found.notes] == ["tax_grade", "staff", "sales_yuan"]
        assert {(note.limit, note.actual) for note in found.notes} == {(None, None)}

    def test_gets_figures_where_there_are_none(self) -> None:
        known = replace(STATED, registered_by="dept-gx")

        found = placed(ENTRY, known, [HELD])

        assert types_of(found) == ["profile_recorded", "list_member_added"]
        assert isinstance(found, Placement)
        assert found.notes == ()


class TestCertificate:
    def test_follows_the_list_of_who_granted_it(self) -> None:
        found = placed(replace(ENTRY, valid_to=LATER), KNOWN, [HELD])

        assert types_of(found) == ["qualification_amended", "list_member_added"]
        assert isinstance(found, Placement)
        assert found.amended == (replace(HELD, valid_to=LATER),)
        assert "science-finance-2026" in found.events[0].model_dump()["reason"]

    def test_of_another_department_is_left_when_it_says_the_same(self) -> None:
        theirs = replace(HELD, granted_by="dept-gx")

        assert types_of(placed(ENTRY, KNOWN, [theirs])) == ["list_member_added"]

    @pytest.mark.parametrize(
        ("held", "code"),
        [
            (replace(HELD, granted_by="dept-gx", valid_to=LATER), "certificate_differs"),
            (
                replace(HELD, granted_by="dept-gx", valid_from=date(2025, 9, 9)),
                "certificate_differs",
            ),
            (replace(HELD, revoked_on=date(2026, 3, 2)), "certificate_revoked"),
        ],
    )
    def test_refuses_the_row_when_it_stands_otherwise(self, held: Qualification, code: str) -> None:
        entry = replace(ENTRY, categories=("tech_sme", "hnte"))

        reasons = placed(entry, KNOWN, [held])

        assert isinstance(reasons, tuple)
        assert [(reason.code, reason.field) for reason in reasons] == [(code, "certificate_no")]

    def test_is_granted_for_each_category_that_is_new(self) -> None:
        entry = replace(ENTRY, categories=("tech_sme", "hnte", "little_giant"))

        found = placed(entry, KNOWN, [HELD])

        assert isinstance(found, Placement)
        assert [new.category for new in found.granted] == ["tech_sme", "little_giant"]
