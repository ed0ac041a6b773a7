"""Unified social credit codes: what the two check characters catch, stated precisely.

The last character (GB 32100) is a check modulo 31 over the whole code, and 31 is a prime: it
catches every substitution of one character by another of the alphabet, and every swap of two
neighbours that differ. The organisation code's own check (GB 11714) is modulo 11 over letters up
to 35, so alone it misses some substitutions; it only adds to what the first one catches.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Malformed
from shared.uscc import (
    ALPHABET,
    LENGTH,
    InvalidUscc,
    Uscc,
    check,
    code_check_character,
    organisation_check_character,
    with_checks,
)

VALID = ("91350100M000100Y43", "91320706MA1N00018N", "91320706MAD123457P")


@st.composite
def codes(draw: st.DrawFn) -> str:
    """Build a valid code around any organisation code whose own check is in the alphabet."""
    head = draw(st.text(ALPHABET, min_size=2, max_size=2))
    region = draw(st.text("0123456789", min_size=6, max_size=6))
    organisation = draw(st.text(ALPHABET, min_size=8, max_size=8))
    first17 = head + region + organisation + organisation_check_character(organisation)
    return first17 + code_check_character(first17)


def reasons(text: str) -> set[str]:
    return {violation.code for violation in check(text)}


class TestCheck:
    @pytest.mark.parametrize("code", VALID)
    def test_takes_the_published_and_the_synthetic_codes(self, code: str) -> None:
        assert check(code) == ()
        assert str(Uscc(code)) == code

    def test_computes_the_published_check_characters(self) -> None:
        assert organisation_check_character("M000100Y") == "4"
        assert code_check_character("91350100M000100Y4") == "3"

    def test_puts_the_published_code_together(self) -> None:
        assert with_checks("91350100", "M000100Y") == "91350100M000100Y43"

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("91320706MA1N00018M", {"code_check"}),
            ("91320706MA1N00019N", {"organisation_check", "code_check"}),
            ("9132070AMA1N00018N", {"region", "code_check"}),
            ("91320706ma1n00018n", {"alphabet"}),
            ("91320706MA1N0001\uff18N", {"alphabet"}),
            ("91320706MA1N00018", {"length"}),
            ("91320706MA1N00018NN", {"length"}),
            ("", {"length"}),
            (" " * LENGTH, {"alphabet"}),
        ],
    )
    def test_says_every_reason_of_an_invalid_code(self, text: str, found: set[str]) -> None:
        assert reasons(text) == found

    @pytest.mark.parametrize("letter", "IOZSV")
    @pytest.mark.parametrize("place", range(LENGTH))
    def test_refuses_the_letters_that_look_like_digits(self, letter: str, place: int) -> None:
        text = VALID[1][:place] + letter + VALID[1][place + 1 :]

        assert reasons(text) == {"alphabet"}

    @given(codes())
    def test_takes_every_code_with_both_checks(self, code: str) -> None:
        assert check(code) == ()

    @given(codes(), st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
    def test_catches_every_substitution_of_one_character(
        self, code: str, place: int, other: str
    ) -> None:
        changed = code[:place] + other + code[place + 1 :]

        assert ("code_check" in reasons(changed)) == (changed != code)

    @given(codes(), st.integers(0, LENGTH - 2))
    def test_catches_every_swap_of_two_neighbours_that_differ(self, code: str, place: int) -> None:
        left, right = code[place], code[place + 1]
        swapped = code[:place] + right + left + code[place + 2 :]

        assert ("code_check" in reasons(swapped)) == (left != right)

    @given(codes(), st.sampled_from(ALPHABET))
    def test_catches_every_wrong_check_of_the_organisation_code(
        self, code: str, other: str
    ) -> None:
        first17 = code[:16] + other
        resealed = first17 + code_check_character(first17)

        assert reasons(resealed) == ({"organisation_check"} if other != code[16] else set())

    @given(st.text(max_size=40))
    def test_answers_for_any_text(self, text: str) -> None:
        assert all(violation.zh and violation.en for violation in check(text))


class TestUscc:
    def test_refuses_an_invalid_code_with_its_reasons(self) -> None:
        with pytest.raises(InvalidUscc) as caught:
            Uscc("91320706MA1N00018M")

        assert isinstance(caught.value, Malformed)
        assert [violation.code for violation in caught.value.violations] == ["code_check"]

    def test_knows_its_region(self) -> None:
        assert Uscc(VALID[1]).region == "320706"
