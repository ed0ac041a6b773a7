"""The picture of a split: its bars are the legs' figures, and together they fill the loss."""

from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.guarantee.losses import rules
from services.guarantee.pictures import rules as picture
from services.guarantee.pictures.rules import Bar
from shared.rulepack.splitting import split_loss
from tests.support.cases import CLAIM, TODAY, a_cover
from tests.support.golden import assert_golden
from tests.support.packs import shipped

PACK = shipped("sip-yuankedai")
GOLDEN = Path(__file__).parents[1] / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def decide(fen: int, *, paid_fen: int) -> tuple[rules.Split, tuple[rules.Leg, ...]]:
    """Split a loss under a yearly cap of 8,000,000 yuan."""
    counters = {"prior_year_end_balance_fen": 8_000_000_000, "pool_paid_this_year_fen": paid_fen}
    result = split_loss(PACK, on=TODAY, loss_fen=fen, facts={}, counters=counters)
    return rules.split_of(
        result,
        cover=a_cover(PACK, issued_on=date(2026, 3, 1)),
        loss_fen=fen,
        recovered_fen=0,
        counters=counters,
        today=TODAY,
    )


class TestBars:
    def test_show_every_stage_that_did_something(self) -> None:
        split, legs = decide(300_000_000, paid_fen=750_000_000)

        assert picture.bars_of(split, legs) == (
            Bar("", "loss", 0, 300_000_000),
            Bar("bank", "base", 0, 30_000_000, "10 %"),
            Bar("bank", "overflow", 30_000_000, 60_000_000),
            Bar("bank", "bears", 0, 90_000_000),
            Bar("guarantor", "base", 0, 120_000_000, "40 %"),
            Bar("guarantor", "overflow", 120_000_000, 40_000_000),
            Bar("guarantor", "bears", 0, 160_000_000),
            Bar("pool", "base", 0, 150_000_000, "50 %"),
            Bar("pool", "cap", 50_000_000, 100_000_000),
            Bar("pool", "bears", 0, 50_000_000),
        )

    def test_tell_the_rounding_exactly(self) -> None:
        split, legs = decide(11, paid_fen=0)

        told = {
            bar.party: bar.note for bar in picture.bars_of(split, legs) if bar.stage == "rounding"
        }

        assert told == {"bank": "-0.1 分 fen", "guarantor": "-0.4 分 fen", "pool": "+0.5 分 fen"}


class TestWaterfall:
    @given(
        fen=st.integers(min_value=1, max_value=10**13),
        paid_fen=st.integers(min_value=0, max_value=900_000_000),
    )
    def test_is_a_picture_whose_last_row_fills_the_loss(self, fen: int, paid_fen: int) -> None:
        split, legs = decide(fen, paid_fen=paid_fen)

        drawn = picture.waterfall(CLAIM, split, legs, pack=PACK)
        root = ElementTree.fromstring(drawn)  # noqa: S314 -- drawn by us

        bars = [each for each in root.iter(f"{SVG}rect") if each.get("data-stage")]
        together = bars[-len(legs) :]
        assert sum(int(each.get("data-fen", "")) for each in together) == fen
        assert sum(int(each.get("width", "")) for each in together) == picture.PLOT
        assert all(int(each.get("width", "")) >= 0 for each in bars)

    @pytest.mark.parametrize(
        ("name", "fen", "paid_fen"),
        [("overflow", 300_000_000, 750_000_000), ("rounding", 11, 0)],
    )
    def test_is_drawn_as_it_was_agreed(self, name: str, fen: int, paid_fen: int) -> None:
        split, legs = decide(fen, paid_fen=paid_fen)

        drawn = picture.waterfall(CLAIM, split, legs, pack=PACK).decode()

        assert_golden(GOLDEN / f"split-{name}.svg", drawn.replace("><", ">\n<") + "\n")

    def test_names_pack_parties_and_organisations(self) -> None:
        split, legs = decide(300_000_000, paid_fen=0)

        drawn = picture.waterfall(CLAIM, split, legs, pack=PACK).decode()

        for words in (
            str(CLAIM),
            "风险补偿资金池 the risk pool (fund-lyg)",
            "sip-yuankedai v1",
            "1,500,000.00",
        ):
            assert words in drawn
