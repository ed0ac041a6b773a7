"""Rules of the filings: the month, the fee, and what a re-guarantor pays under."""

from datetime import date

import pytest

from services.guarantee.filings import rules
from services.guarantee.filings.rules import NotFiled
from services.guarantee.guarantees.rules import Guarantee, PartyShare
from tests.support.cases import GUARANTEE, a_cover, a_guarantee
from tests.support.packs import shipped

PACK = shipped("nfgf-scitech-2024")
PLAIN = shipped("sip-yuankedai")
MONTH_END = date(2026, 3, 31)


def a_filed(**changes: object) -> Guarantee:
    """Build a guarantee of 4,000,000 yuan that the national fund re-guarantees to 35 %."""
    cover = a_cover(
        PLAIN,
        shares=(
            PartyShare("bank", "bank-haizhou", 200_000),
            PartyShare("province", "reguarantor-js", 200_000),
            PartyShare("nfgf", "fund-nfgf", 350_000),
        ),
        facts={"firm_categories": ["hnte"]},
    )
    return a_guarantee(PLAIN, cover=cover, effective_on=date(2026, 3, 2), **changes)


class TestMonth:
    @pytest.mark.parametrize(
        ("day", "last"),
        [
            (date(2026, 3, 2), date(2026, 3, 31)),
            (date(2026, 2, 28), date(2026, 2, 28)),
            (date(2024, 2, 1), date(2024, 2, 29)),
            (date(2026, 12, 31), date(2026, 12, 31)),
        ],
    )
    def test_ends_on_its_last_day(self, day: date, last: date) -> None:
        assert rules.last_of(day) == last
        assert rules.is_month_end(day) is (day == last)


class TestFiling:
    def test_is_made_with_re_guarantors_and_whom_the_pack_asks_a_fee_for(self) -> None:
        found = rules.filings_of(
            a_filed(), PACK, reguarantors=frozenset({"reguarantor-js"}), on=MONTH_END
        )

        assert [(f.party, f.org, f.fee_fen) for f in found] == [
            ("province", "reguarantor-js", None),
            ("nfgf", "fund-nfgf", 420_000),
        ]
        assert {(f.guarantee_id, f.guaranteed_fen, f.month, f.filed_on) for f in found} == {
            (GUARANTEE, 400_000_000, date(2026, 3, 1), MONTH_END)
        }
        assert [f.share_ppm for f in found] == [200_000, 350_000]

    def test_is_made_with_nobody_where_nobody_re_guarantees(self) -> None:
        assert rules.filings_of(a_filed(), PLAIN, reguarantors=frozenset(), on=MONTH_END) == []

    def test_of_a_guarantee_without_a_day_is_of_the_month_of_the_filing(self) -> None:
        [found] = rules.filings_of(
            a_guarantee(PLAIN, cover=a_filed().cover, effective_on=None),
            PLAIN,
            reguarantors=frozenset({"reguarantor-js"}),
            on=date(2026, 5, 31),
        )

        assert found.month == date(2026, 5, 1)

    @pytest.mark.parametrize(("filed_on", "late"), [(MONTH_END, False), (date(2026, 4, 1), True)])
    def test_is_late_after_its_month(self, filed_on: date, *, late: bool) -> None:
        [found, _] = rules.filings_of(
            a_filed(), PACK, reguarantors=frozenset({"reguarantor-js"}), on=filed_on
        )

        assert found.is_late is late


class TestRequirement:
    @pytest.mark.parametrize(
        ("filed", "effective_on", "today"),
        [
            (True, date(2026, 3, 2), date(2026, 9, 1)),
            (False, date(2026, 3, 2), MONTH_END),
            (False, None, date(2026, 9, 1)),
        ],
    )
    def test_is_met(self, *, filed: bool, effective_on: date | None, today: date) -> None:
        rules.require_filed(filed=filed, effective_on=effective_on, today=today)

    def test_is_missed_from_the_day_after_the_month_on(self) -> None:
        with pytest.raises(NotFiled, match="since 2026-03-02, to be filed by 2026-03-31"):
            rules.require_filed(filed=False, effective_on=date(2026, 3, 2), today=date(2026, 4, 1))
