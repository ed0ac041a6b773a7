"""Make the synthetic hand-over of a city office: institutions, a qualification list, a portfolio.

Run ``python -m examples.lianyungang.generate`` from the root of the checkout. The output depends on
nothing but this file: the generator is seeded, and a test compares the stored files with it.

Every name, code, certificate and figure is invented. Organisation codes begin with ``MAYL`` (firms)
or ``MAYX`` (institutions), a range that no registry has reached, so that a valid check digit does
not point at a real firm. Regions follow GB/T 2260; the chains are the ten of 连政办发〔2024〕13号.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from shared.uscc import ALPHABET, with_checks

HERE = Path(__file__).parent
SEED = 2024_13

CHAINS: Mapping[str, tuple[str, str]] = {
    "petrochemical": ("石化", "石化科技"),
    "biomedicine": ("生物医药", "生物医药"),
    "high_performance_fibre": ("高性能纤维", "纤维科技"),
    "new_chemical_materials": ("化工新材料", "新材料"),
    "steel_alloy": ("钢铁合金", "合金材料"),
    "new_energy": ("新能源", "新能源"),
    "high_end_equipment": ("高端装备", "智能装备"),
    "silicon_materials": ("硅材料", "硅材料"),
    "green_food": ("绿色食品", "食品科技"),
    "information_industry": ("信息产业", "信息技术"),
}
"""Code of each chain → its name in the policy, and the word that its firms carry in their names."""

REGIONS: Mapping[str, str] = {
    "320703": "连云区",
    "320706": "海州区",
    "320707": "赣榆区",
    "320722": "东海县",
    "320723": "灌云县",
    "320724": "灌南县",
}

FIRM_COUNT = 340
STORY_FIRMS = 10
"""The first firms of the list play the journeys one by one and take no part in the portfolio."""

LARGE_AMOUNTS_YUAN = (5_000_000, 5_000_000, 5_000_000, 3_000_000, 4_000_000, 2_000_000)
"""The loans that the journey of the cap lets default, in this order."""

PORTFOLIO_TOTAL_YUAN = 80_000_000
"""What the loans within the rules add up to; a tenth of it is the pool's cap, 8,000,000.00 yuan."""

PORTFOLIO_LOANS = 530


@dataclass(frozen=True, slots=True)
class Firm:
    """One row of the qualification list, as text, in the order of the columns."""

    uscc: str
    name: str
    region: str
    chain: str
    categories: str
    certificate_no: str
    valid_from: str
    valid_to: str
    tax_grade: str
    staff: str
    sales_yuan: str


@dataclass(frozen=True, slots=True)
class PortfolioLoan:
    """One row of the portfolio, as text, in the order of the columns."""

    reference: str
    uscc: str
    amount_yuan: str
    rate_percent: str
    tenor_months: str
    signed_on: str


@dataclass(frozen=True, slots=True)
class Institution:
    """One row of the institution list, as text; an empty ``valid_to`` is an open period."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    uscc: str
    region: str
    valid_from: str
    valid_to: str


def synthetic_uscc(*, kind: str, region: str, series: str, number: int) -> str:
    """Build a valid code: two characters of kind, six of region, then the organisation code.

    ``series`` is four characters of the organisation code, ``number`` the next four digits.
    """
    return with_checks(f"{kind}{region}", f"{series}{number:04d}")


def _plus_years(day: date, years: int) -> date:
    return day.replace(year=day.year + years)


_DEPARTMENTS = (
    ("dept-kj", "市科技局", "Science and Technology Bureau"),
    ("dept-gx", "市工信局", "Industry and Information Technology Bureau"),
    ("dept-cz", "市财政局", "Finance Bureau"),
    ("dept-sw", "市税务局", "Tax Bureau"),
    ("dept-rh", "人民银行市分行", "People's Bank, city branch"),
    ("dept-jg", "金融监管分局", "Financial Regulatory Administration, city office"),
    ("dept-sc", "市市场监管局", "Market Supervision Bureau"),
    ("dept-fg", "市发改委", "Development and Reform Commission"),
    ("dept-rs", "市人社局", "Human Resources and Social Security Bureau"),
    ("dept-rc", "市委人才办", "Talent Office"),
    ("dept-tj", "市统计局", "Statistics Bureau"),
    ("dept-fy", "市中级人民法院", "Intermediate People's Court"),
    ("dept-ga", "市公安局", "Public Security Bureau"),
)

_FINANCIAL = (
    ("bank-haizhou", "海州银行科技支行", "Haizhou Bank, tech branch", "bank", "320706"),
    ("bank-ganyu", "赣榆银行科技支行", "Ganyu Bank, tech branch", "bank", "320707"),
    ("bank-donghai", "东海银行科技支行", "Donghai Bank, tech branch", "bank", "320722"),
    ("guarantor-ges", "科创融资担保", "Sci-Tech Guarantee", "guarantor", "320700"),
    ("reguarantor-js", "省级再担保", "Provincial Re-Guarantee", "reguarantor", "320000"),
    ("fund-nfgf", "国家融资担保基金", "National Guarantee Fund", "fund", "100000"),
    ("fund-lyg", "市信用保证基金", "City Credit Guarantee Fund", "fund", "320700"),
    ("insurer-lead", "首席财产保险", "Lead Property Insurance", "insurer", "320700"),
    ("insurer-co1", "共保财产保险一部", "First Co-Insurer", "insurer", "320700"),
    ("insurer-co2", "共保财产保险二部", "Second Co-Insurer", "insurer", "320700"),
)


def institutions() -> list[Institution]:
    """List the departments and institutions; the financial office succeeds its predecessor."""
    periods = {"dept-jr": ("2019-03-01", "2024-07-01"), "dept-jrb": ("2024-07-01", "")}
    departments = (
        *_DEPARTMENTS,
        ("dept-jr", "市地方金融监管局", "Local Financial Supervision Bureau"),
        ("dept-jrb", "市委金融办", "Party Committee Financial Office"),
    )
    rows = [(code, zh, en, "department", "320700") for code, zh, en in departments]
    found = []
    for number, (code, zh, en, kind, region) in enumerate([*rows, *_FINANCIAL], start=1):
        valid_from, valid_to = periods.get(code, ("2019-01-01", ""))
        legal_kind = "11" if kind == "department" else "91"
        uscc = synthetic_uscc(kind=legal_kind, region=region, series="MAYX", number=number)
        found.append(
            Institution(
                code, f"示例{zh}", f"Example {en}", kind, uscc, region, valid_from, valid_to
            )
        )
    return found


_CATEGORY_MIX: Sequence[tuple[str, int]] = (
    ("hnte;tech_sme", 70),
    ("hnte", 45),
    ("tech_sme", 80),
    ("innovative_sme;tech_sme", 45),
    ("innovative_sme", 25),
    ("points_selected_tech_sme;tech_sme", 20),
    ("specialised_sme;hnte;tech_sme", 25),
    ("specialised_sme;innovative_sme", 10),
    ("little_giant;specialised_sme;hnte", 6),
    ("national_project_sme;hnte", 4),
    ("ordinary_sme", 10),
)
"""Categories of a firm and how many of 340 carry them; most firms of a real list are tech SMEs."""

_STORY_CATEGORIES = (
    "hnte;tech_sme",
    "specialised_sme;hnte;tech_sme",
    "tech_sme",
    "little_giant;specialised_sme;hnte",
)
"""One firm for each tier of the national plan, so that a reader can look up what it changes."""

_STORY_CHAINS = ("silicon_materials", "biomedicine", "information_industry", "high_end_equipment")
_FIRST_SYLLABLES = "云海港连花苍朐郁锦瀛嘉博恒瑞启创晟泰宏远"
_SECOND_SYLLABLES = "芯源科达远航辰光安泽越峰润通宇腾立成"


def _brands(random: Random) -> list[str]:
    names = [first + second for first in _FIRST_SYLLABLES for second in _SECOND_SYLLABLES]
    names = [name for name in names if name[0] != name[1]]
    random.shuffle(names)
    return names


def firms() -> list[Firm]:
    """Draw the firms of the list, all of them valid, the four story firms first."""
    random = Random(SEED)
    brands = _brands(random)
    mix = [categories for categories, count in _CATEGORY_MIX for _ in range(count)]
    random.shuffle(mix)
    found = []
    for index in range(FIRM_COUNT):
        story = index < len(_STORY_CATEGORIES)
        categories = _STORY_CATEGORIES[index] if story else mix[index]
        chain = _STORY_CHAINS[index] if story else random.choice(list(CHAINS))
        region = "320706" if story else random.choice(list(REGIONS))
        granted = date(2025, 1, 6) + timedelta(days=7 * random.randrange(74))
        sales = random.randint(30, 1_800) * 100_000
        found.append(
            Firm(
                uscc=synthetic_uscc(kind="91", region=region, series="MAYL", number=index + 1),
                name=f"示例{brands[index]}{CHAINS[chain][1]}有限公司",
                region=region,
                chain=chain,
                categories=categories,
                certificate_no=f"SL{granted.year}{index + 1:06d}",
                valid_from=granted.isoformat(),
                valid_to=_plus_years(granted, 3).isoformat(),
                tax_grade=random.choices("ABMC", weights=(40, 40, 15, 5))[0],
                staff=str(5 + sales // 1_000_000 + random.randrange(40)),
                sales_yuan=str(sales),
            )
        )
    return found


def _other(char: str) -> str:
    return ALPHABET[(ALPHABET.index(char) + 1) % len(ALPHABET)]


def bad_rows(good: Sequence[Firm]) -> dict[str, Firm]:
    """Make one row for each mistake that lists really contain; each has exactly that mistake."""

    def spare(number: int, **changes: str) -> Firm:
        region = good[number].region
        uscc = synthetic_uscc(kind="91", region=region, series="MAYL", number=9000 + number)
        base = replace(good[number], uscc=uscc, name=f"示例错行{number:02d}科技有限公司")
        return replace(base, certificate_no=f"SL2026{900_000 + number}", **changes)

    wrong_digit = spare(1).uscc
    with_letter = spare(2).uscc
    return {
        "wrong check digit": spare(1, uscc=wrong_digit[:-1] + _other(wrong_digit[-1])),
        "letter O": spare(2, uscc=with_letter[:12] + "O" + with_letter[13:]),
        "duplicate code": spare(3, uscc=good[20].uscc, region=good[20].region),
        "unknown chain": spare(4, chain="aerospace"),
        "unknown region": spare(5, region="320799"),
        "period ends before it begins": spare(6, valid_from="2026-06-01", valid_to="2025-06-01"),
        "missing name": spare(7, name=""),
        "unknown category": spare(8, categories="hnte;unicorn"),
    }


def qualification_list() -> list[Firm]:
    """Put one bad row after every forty good ones: lines 42, 83, 124, … of the file."""
    rows = firms()
    for order, row in enumerate(bad_rows(tuple(rows)).values(), start=1):
        rows.insert(order * 41 - 1, row)
    return rows


def _small_amounts(random: Random, *, count: int, total: int) -> list[int]:
    """Draw amounts of 50,000 to 300,000 yuan in steps of 10,000 that add up to ``total``."""
    step, least, most = 10_000, 50_000, 300_000
    drawn = random.choices(
        (60_000, 80_000, 100_000, 120_000, 150_000, 200_000, 300_000),
        weights=(3, 4, 74, 12, 4, 2, 1),
        k=count,
    )
    while (gap := total - sum(drawn)) != 0:
        place = random.randrange(count)
        moved = drawn[place] + (step if gap > 0 else -step)
        if least <= moved <= most:
            drawn[place] = moved
    return drawn


def portfolio() -> list[PortfolioLoan]:
    """Draw the portfolio of 园科贷: six large loans, then small ones, and two rows to refuse."""
    random = Random(SEED + 1)
    listed = [firm.uscc for firm in firms()][STORY_FIRMS:]
    large, borrowers = listed[: len(LARGE_AMOUNTS_YUAN)], listed[len(LARGE_AMOUNTS_YUAN) :]
    small_count = PORTFOLIO_LOANS - len(large)
    small_total = PORTFOLIO_TOTAL_YUAN - sum(LARGE_AMOUNTS_YUAN)
    amounts = _small_amounts(random, count=small_count, total=small_total)
    drawn = [*large, *(borrowers[place % len(borrowers)] for place in range(small_count))]
    first_day = date(2025, 12, 1)  # so that the whole balance stands at the end of 2025
    loans = [
        PortfolioLoan(
            reference=f"YKD-2025-{number:04d}",
            uscc=uscc,
            amount_yuan=f"{amount}.00",
            rate_percent=f"3.{random.randrange(0, 65, 5):02d}",
            tenor_months=str(12 if number <= len(large) else random.choice((6, 9, 12, 12, 12))),
            signed_on=(first_day + timedelta(days=random.randrange(20))).isoformat(),
        )
        for number, (uscc, amount) in enumerate(
            zip(drawn, [*LARGE_AMOUNTS_YUAN, *amounts], strict=True), start=1
        )
    ]
    too_large = replace(loans[99], reference="YKD-2025-9001", amount_yuan="5000000.01")
    code = loans[199].uscc
    bad_code = replace(loans[199], reference="YKD-2025-9002", uscc=code[:-1] + _other(code[-1]))
    return [*loans[:100], too_large, *loans[100:200], bad_code, *loans[200:]]


def _csv(columns: Sequence[str], rows: Iterable[object]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([getattr(row, column) for column in columns] for row in rows)
    return text.getvalue()


def files() -> dict[str, str]:
    """Return the name and the text of each file that the generator owns."""
    return {
        "institutions.csv": _csv(Institution.__slots__, institutions()),
        "qualification-list-2026.csv": _csv(Firm.__slots__, qualification_list()),
        "portfolio-sip.csv": _csv(PortfolioLoan.__slots__, portfolio()),
    }


def main() -> None:
    """Write the files beside this module, as UTF-8 without a byte-order mark."""
    for name, text in files().items():
        (HERE / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
