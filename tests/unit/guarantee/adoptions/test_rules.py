"""Rules of the adoptions: which version a programme may go on under."""

from dataclasses import replace
from datetime import date

import pytest

from services.guarantee.adoptions.rules import ProgrammeNotActive, VersionNotLater, adopt
from services.guarantee.known.rules import KnownInstitution
from services.guarantee.programmes.rules import (
    PinnedPack,
    Programme,
    ProgrammeState,
    ProgrammeUnworkable,
)
from shared.rulepack.pack import Pack
from tests.support.packs import shipped

PACK = shipped("sip-yuankedai")
TODAY = date(2026, 3, 2)
POOL = {"fund-lyg": KnownInstitution("fund-lyg", "fund", date(2020, 1, 1), None)}
PROGRAMME = Programme(
    code="sip-yuankedai",
    title="示例",
    pack=PinnedPack.of(PACK),
    fund="fund-lyg",
    parties={"pool": "fund-lyg"},
    quota_fen=1_000,
    period_months=6,
    guarantee_type="joint_and_several",
    enrolment_days=30,
    due_days=10,
    effective_from=date(2026, 1, 1),
    created_by="maker",
    state=ProgrammeState.ACTIVE,
)


def version(number: int, *, begins: date = TODAY) -> Pack:
    return PACK.model_copy(update={"version": number, "valid_from": begins})


class TestAdoption:
    def test_pins_the_version_and_says_what_it_replaced(self) -> None:
        after, event = adopt(PROGRAMME, version(3), institutions=POOL, today=TODAY)

        assert after == replace(PROGRAMME, pack=PinnedPack.of(version(3)))
        assert (event.programme, event.rule_pack_id) == ("sip-yuankedai", "sip-yuankedai")
        assert (event.rule_pack_version, event.replaced_version) == (3, 1)
        assert event.rule_pack_digest == after.pack.digest_hex
        assert event.effective_from == TODAY

    @pytest.mark.parametrize("number", [1, 0])
    def test_is_of_a_later_version(self, number: int) -> None:
        with pytest.raises(VersionNotLater, match=r"^must be above 1$") as refused:
            adopt(PROGRAMME, version(number), institutions=POOL, today=TODAY)

        [violation] = refused.value.violations
        assert (violation.code, violation.zh, violation.field) == (
            "version",
            "须大于 1",
            "/version",
        )
        assert (violation.limit, violation.actual) == (2, number)

    def test_is_of_a_version_that_is_in_force(self) -> None:
        with pytest.raises(ProgrammeUnworkable, match="not in force"):
            adopt(PROGRAMME, version(2, begins=date(2026, 3, 3)), institutions=POOL, today=TODAY)

    def test_is_of_a_version_that_fits_the_parties(self) -> None:
        other = replace(PROGRAMME, parties={"other": "fund-lyg"})

        with pytest.raises(ProgrammeUnworkable, match="names no pool; other has no place"):
            adopt(other, version(2), institutions=POOL, today=TODAY)

    def test_is_of_a_programme_that_enrols(self) -> None:
        draft = replace(PROGRAMME, state=ProgrammeState.DRAFT)

        with pytest.raises(ProgrammeNotActive, match=r"^programme sip-yuankedai is draft$"):
            adopt(draft, version(2), institutions=POOL, today=TODAY)
