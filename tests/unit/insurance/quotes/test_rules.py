"""The rules of the co-insurance quote: a claim split by share, and what reinsurers take over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insurance.policies.rules import SharesRefused
from services.insurance.quotes.rules import CededLeg, split_claim
from shared.money import PPM

SHARES = [("lead", 400_000), ("one", 300_000), ("two", 200_000), ("three", 100_000)]


class TestSplit:
    def test_gives_the_odd_fen_to_the_largest_remainder(self) -> None:
        assert split_claim(100_000_001, SHARES, {"lead": 300_000}) == [
            CededLeg("lead", 40_000_001, 12_000_000),
            CededLeg("one", 30_000_000, 0),
            CededLeg("two", 20_000_000, 0),
            CededLeg("three", 10_000_000, 0),
        ]

    @pytest.mark.parametrize(
        ("claim_fen", "cession_ppm", "ceded_fen"),
        [(1, 500_000, 1), (1, 499_999, 0), (3, 500_000, 2), (7, PPM, 7), (7, 0, 0)],
    )
    def test_cedes_half_up(self, claim_fen: int, cession_ppm: int, ceded_fen: int) -> None:
        (leg,) = split_claim(claim_fen, [("lead", PPM)], {"lead": cession_ppm})

        assert leg.ceded_fen == ceded_fen

    @given(
        claim_fen=st.integers(0, 2**63 - 1),
        cessions=st.dictionaries(
            st.sampled_from([name for name, _ in SHARES]), st.integers(0, PPM)
        ),
    )
    def test_conserves_the_claim_and_cedes_no_more_than_a_part(
        self, claim_fen: int, cessions: dict[str, int]
    ) -> None:
        legs = split_claim(claim_fen, SHARES, cessions)

        assert [leg.insurer for leg in legs] == [name for name, _ in SHARES]
        assert sum(leg.gross_fen for leg in legs) == claim_fen
        for leg in legs:
            exact = leg.gross_fen * cessions.get(leg.insurer, 0)
            assert 0 <= leg.ceded_fen <= leg.gross_fen
            assert abs(leg.ceded_fen * PPM - exact) * 2 <= PPM

    def test_names_every_cession_of_nobodys_part(self) -> None:
        with pytest.raises(SharesRefused) as refused:
            split_claim(1, SHARES, {"lead": 1, "stranger": 1, "other": 1})

        assert [v.field for v in refused.value.violations] == [
            "/cessions/stranger",
            "/cessions/other",
        ]

    def test_points_at_the_shares_that_make_no_whole(self) -> None:
        with pytest.raises(SharesRefused) as refused:
            split_claim(1, SHARES[:3], {})

        assert [v.field for v in refused.value.violations] == ["/shares"]
