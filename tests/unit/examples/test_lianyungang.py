"""The example data is what its README claims, and nothing but its generator made it."""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from examples.lianyungang import generate
from shared import uscc

FOLDER = Path(generate.__file__).parent
CATEGORIES = {
    "little_giant",
    "specialised_sme",
    "national_project_sme",
    "hnte",
    "points_selected_tech_sme",
    "tech_sme",
    "innovative_sme",
    "ordinary_sme",
}

Row = Mapping[str, str]


def read(name: str) -> list[Row]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def mistakes(row: Row, *, earlier: Sequence[Row]) -> list[str]:
    """Name what is wrong with a row of the list, by rules written apart from the generator."""
    found = {
        "wrong check digit": any(v.code != "alphabet" for v in uscc.check(row["uscc"])),
        "letter O": "O" in row["uscc"],
        "duplicate code": row["uscc"] in {other["uscc"] for other in earlier},
        "unknown chain": row["chain"] not in generate.CHAINS,
        "unknown region": row["region"] not in generate.REGIONS,
        "period ends before it begins": date.fromisoformat(row["valid_to"])
        <= date.fromisoformat(row["valid_from"]),
        "missing name": not row["name"],
        "unknown category": not set(row["categories"].split(";")) <= CATEGORIES,
    }
    return [name for name, wrong in found.items() if wrong]


@pytest.mark.parametrize("name", sorted(generate.files()))
def test_stored_files_are_what_the_generator_makes(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == generate.files()[name]


class TestQualificationList:
    rows = read("qualification-list-2026.csv")

    def test_has_the_bad_rows_of_the_readme_and_no_other(self) -> None:
        readme = (FOLDER / "README.md").read_text(encoding="utf-8")
        promised = {
            int(line): mistake
            for line, mistake in re.findall(r"^\| (\d+) \| (.+) \|$", readme, re.MULTILINE)
        }

        seen = {
            index + 2: mistakes(row, earlier=self.rows[:index])
            for index, row in enumerate(self.rows)
        }

        assert {line: wrong for line, wrong in seen.items() if wrong} == {
            line: [mistake] for line, mistake in promised.items()
        }
        assert len(promised) == 8

    def test_spreads_over_all_regions_chains_and_categories(self) -> None:
        good = [row for row in self.rows if not mistakes(row, earlier=())]

        assert len(good) >= 320
        assert {row["region"] for row in good} == set(generate.REGIONS)
        assert {row["chain"] for row in good} == set(generate.CHAINS)
        assert {c for row in good for c in row["categories"].split(";")} == CATEGORIES
        assert min(Counter(row["chain"] for row in good).values()) >= 10

    def test_gives_every_firm_its_own_name_and_certificate(self) -> None:
        names = Counter(row["name"] for row in self.rows if row["name"])
        certificates = Counter(row["certificate_no"] for row in self.rows)

        assert names.most_common(1)[0][1] == 1
        assert certificates.most_common(1)[0][1] == 1

    def test_marks_every_name_as_an_example_that_gbk_can_write(self) -> None:
        for row in self.rows:
            assert row["name"].encode("gbk").decode("gbk") == row["name"]
            assert row["name"].startswith("示例") or not row["name"]

    def test_begins_with_one_firm_for_each_tier(self) -> None:
        assert [row["categories"] for row in self.rows[:4]] == [
            "hnte;tech_sme",
            "specialised_sme;hnte;tech_sme",
            "tech_sme",
            "little_giant;specialised_sme;hnte",
        ]
        assert self.rows[3]["chain"] == "high_end_equipment"


class TestPortfolio:
    rows = read("portfolio-sip.csv")

    def test_begins_with_the_loans_that_default(self) -> None:
        assert [row["amount_yuan"] for row in self.rows[:6]] == [
            "5000000.00",
            "5000000.00",
            "5000000.00",
            "3000000.00",
            "4000000.00",
            "2000000.00",
        ]
        borrowers = Counter(row["uscc"] for row in self.rows)
        assert [borrowers[row["uscc"]] for row in self.rows[:6]] == [1] * 6

    def test_has_one_row_over_the_limit_and_one_with_a_bad_code(self) -> None:
        over = [row["reference"] for row in self.rows if Fraction(row["amount_yuan"]) > 5_000_000]
        bad = [row["reference"] for row in self.rows if uscc.check(row["uscc"])]

        assert over == ["YKD-2025-9001"]
        assert bad == ["YKD-2025-9002"]

    def test_sums_to_the_balance_of_the_golden_row(self) -> None:
        good = [row for row in self.rows if not row["reference"].startswith("YKD-2025-9")]

        assert len(good) >= 520
        assert sum(Fraction(row["amount_yuan"]) for row in good) == 80_000_000
        assert {row["uscc"] for row in good} <= {row["uscc"] for row in TestQualificationList.rows}
        assert len({row["reference"] for row in self.rows}) == len(self.rows)

    def test_lends_mostly_small_amounts(self) -> None:
        amounts = [Fraction(row["amount_yuan"]) for row in self.rows]

        small = sum(100_000 <= amount <= 300_000 for amount in amounts)

        assert small * 10 >= len(amounts) * 8


class TestInstitutions:
    rows = read("institutions.csv")

    def test_has_a_valid_and_unique_code_for_each(self) -> None:
        assert [row["uscc"] for row in self.rows if uscc.check(row["uscc"])] == []
        assert len({row["uscc"] for row in self.rows}) == len(self.rows)
        assert len({row["code"] for row in self.rows}) == len(self.rows)

    def test_has_every_party_of_the_journeys(self) -> None:
        kinds = {row["code"]: row["kind"] for row in self.rows}

        assert kinds.items() >= {
            ("bank-haizhou", "bank"),
            ("bank-ganyu", "bank"),
            ("bank-donghai", "bank"),
            ("guarantor-ges", "guarantor"),
            ("reguarantor-js", "reguarantor"),
            ("fund-nfgf", "fund"),
            ("fund-lyg", "fund"),
            ("insurer-lead", "insurer"),
            ("insurer-co1", "insurer"),
            ("insurer-co2", "insurer"),
        }
        assert {code for code, kind in kinds.items() if kind == "department"} >= {
            "dept-kj",
            "dept-gx",
            "dept-cz",
            "dept-sw",
            "dept-rh",
            "dept-jg",
        }

    def test_lets_a_successor_begin_when_its_predecessor_ends(self) -> None:
        periods = {row["code"]: (row["valid_from"], row["valid_to"]) for row in self.rows}

        assert periods["dept-jr"][1] == periods["dept-jrb"][0] != ""
