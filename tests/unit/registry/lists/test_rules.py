"""The rules of the lists: how a row is read, and every reason why it is not."""

from datetime import date

import pytest

from services.registry.enterprises.rules import TAX_GRADES
from services.registry.lists.rules import CATEGORIES, COLUMNS, Entry, parse_row
from shared.uscc import Uscc
from tests.support.city import FIRM

BUREAU = "dept-kj"
ROW = {
    "uscc": FIRM,
    "name": "示例企业",
    "region": "320706",
    "chain": "new_energy",
    "categories": "hnte;tech_sme",
    "certificate_no": "GR202532000001",
    "valid_from": "2025-09-08",
    "valid_to": "2028-09-08",
    "tax_grade": "A",
    "staff": "51",
    "sales_yuan": "20100000",
}


class TestRow:
    def test_becomes_an_entry_with_sales_in_fen(self) -> None:
        entry = parse_row(ROW, by=BUREAU)

        assert isinstance(entry, Entry)
        assert set(ROW) == set(COLUMNS)
        assert (entry.enterprise.uscc, entry.enterprise.name) == (Uscc(FIRM), "示例企业")
        assert (entry.enterprise.region, entry.enterprise.chain) == ("320706", "new_energy")
        assert (entry.profile.staff, entry.profile.sales_fen) == (51, 2_010_000_000)
        assert (entry.profile.tax_grade, entry.profile.recorded_by) == ("A", BUREAU)
        assert entry.categories == ("hnte", "tech_sme")
        assert (entry.valid_from, entry.valid_to) == (date(2025, 9, 8), date(2028, 9, 8))

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            *(("categories", word) for word in CATEGORIES),
            *(("tax_grade", grade) for grade in TAX_GRADES),
            ("categories", " hnte ; ;tech_sme; "),
            ("name", "x" * 200),
            ("staff", "0"),
            ("staff", "10000000"),
            ("staff", "0000051"),
            ("sales_yuan", "10000000000000"),
            ("valid_to", "2025-09-09"),
        ],
    )
    def test_is_taken_at_each_limit(self, column: str, text: str) -> None:
        assert isinstance(parse_row({**ROW, column: text}, by=BUREAU), Entry)

    def test_counts_a_category_once(self) -> None:
        entry = parse_row({**ROW, "categories": "hnte;tech_sme; hnte"}, by=BUREAU)

        assert isinstance(entry, Entry)
        assert entry.categories == ("hnte", "tech_sme")

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            ("uscc", ""),
            ("uscc", "91320706MA1N00018M"),
            ("name", ""),
            ("name", "x" * 201),
            ("region", "320700"),
            ("chain", "coal"),
            ("categories", ""),
            ("categories", " ; "),
            ("categories", "hnte;giant"),
            ("categories", "hnte,tech_sme"),
            ("certificate_no", ""),
            ("certificate_no", "x" * 201),
            ("valid_from", "2025/09/08"),
            ("valid_from", "2025-W36-1"),
            ("valid_to", ""),
            ("valid_to", "2025-09-08"),
            ("tax_grade", "E"),
            ("staff", ""),
            ("staff", "-1"),
            ("staff", "5.0"),
            ("staff", "\uff15"),
            ("staff", "10000001"),
            ("staff", "0" * 20 + "99999999"),
            ("staff", "9" * 5000),
            ("sales_yuan", "1e9"),
            ("sales_yuan", "1,000"),
            ("sales_yuan", "10000000000001"),
            ("sales_yuan", "0" * 20 + "9" * 20),
        ],
    )
    def test_names_the_cell_that_is_wrong(self, column: str, text: str) -> None:
        reasons = parse_row({**ROW, column: text}, by=BUREAU)

        assert isinstance(reasons, tuple)
        assert {reason.field for reason in reasons} == {column}
        assert all(reason.zh and reason.en for reason in reasons)
        assert all(len(str(reason.actual)) <= 80 for reason in reasons)

    def test_names_all_cells_at_once(self) -> None:
        reasons = parse_row(dict.fromkeys(ROW, ""), by=BUREAU)

        assert isinstance(reasons, tuple)
        assert {reason.field for reason in reasons} == set(ROW)
