"""Unified social credit codes (统一社会信用代码): GB 32100-2015 with the inner GB 11714 digit.

Eighteen characters: 1 registering department, 1 entity type, 6 region (GB/T 2260), 9 organisation
code whose last is its own check character (GB 11714-1997), 1 check character over the first 17.
The alphabet leaves out I, O, Z, S and V. The first two places may be letters (N2… is well formed).

Example: ``91350100M000100Y43`` is valid (organisation check 4, code check 3).
"""

from dataclasses import dataclass
from functools import lru_cache

from shared.errors import Malformed, Violation

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
_VALUE = {char: value for value, char in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_VALUE = {char: value for value, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


class InvalidUscc(Malformed):
    """The text is not a unified social credit code."""

    code = "invalid-uscc"
    title_zh = "统一社会信用代码无效"
    title_en = "Invalid unified social credit code"


@dataclass(frozen=True, slots=True, order=True)
class Uscc:
    """A valid code. Construction checks it, so whoever holds one need not check again."""

    code: str

    def __post_init__(self) -> None:
        """Refuse an invalid code with every reason found."""
        reasons = check(self.code)
        if reasons:
            raise InvalidUscc(reasons[0].en, violations=reasons)

    def __str__(self) -> str:
        """Return the eighteen characters."""
        return self.code

    @property
    def region(self) -> str:
        """The six digits of GB/T 2260, for example 320706 海州区."""
        return self.code[2:8]


def code_check_character(first17: str) -> str:
    """Compute the last character: (31 - Σ value·3^place mod 31) mod 31."""
    total = sum(_VALUE[char] * weight for char, weight in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def organisation_check_character(first8: str) -> str:
    """Compute the ninth character of an organisation code: 11 - Σ mod 11; 10 is X, 11 is 0."""
    total = sum(_ORG_VALUE[c] * weight for c, weight in zip(first8, _ORG_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def with_checks(first8: str, organisation: str) -> str:
    """Return the code of two characters of kind, six of region and eight of organisation code."""
    first17 = f"{first8}{organisation}{organisation_check_character(organisation)}"
    return first17 + code_check_character(first17)


def check(text: str) -> tuple[Violation, ...]:
    """Return every reason why ``text`` is not a code; an empty tuple means that it is one."""
    if len(text) != LENGTH:
        return (
            Violation(
                code="length",
                zh=f"应为 {LENGTH} 位,实际 {len(text)} 位",
                en=f"must have {LENGTH} characters, has {len(text)}",
                limit=LENGTH,
                actual=len(text),
            ),
        )
    wrong = [(place, char) for place, char in enumerate(text, 1) if char not in _VALUE]
    if wrong:
        return tuple(
            Violation(
                code="alphabet",
                zh=f"第 {place} 位“{char}”不在字符集内(不含 I、O、Z、S、V,须大写)",
                en=f"character {place} ({char!r}) is outside the alphabet: upper case, no IOZSV",
                limit=ALPHABET,
                actual=char,
            )
            for place, char in wrong
        )
    return _structure(text) + _checks(text)


def _structure(text: str) -> tuple[Violation, ...]:
    if text[2:8].isdigit():
        return ()
    return (
        Violation(
            code="region",
            zh="第 3 至 8 位应为 6 位数字行政区划代码",
            en="characters 3 to 8 must be the six digits of a region (GB/T 2260)",
            actual=text[2:8],
        ),
    )


@lru_cache(maxsize=4096)  # a code is read by the request, the event and the answer
def _checks(text: str) -> tuple[Violation, ...]:
    found: list[Violation] = []
    organisation = organisation_check_character(text[8:16])
    if text[16] != organisation:
        found.append(
            Violation(
                code="organisation_check",
                zh="第 17 位(组织机构代码校验位,GB 11714)不符",
                en="character 17, the organisation code's own check (GB 11714), does not match",
                limit=organisation,
                actual=text[16],
            )
        )
    expected = code_check_character(text[:17])
    if text[17] != expected:
        found.append(
            Violation(
                code="code_check",
                zh="第 18 位(校验码,GB 32100)不符",
                en="character 18, the check over the whole code (GB 32100), does not match",
                limit=expected,
                actual=text[17],
            )
        )
    return tuple(found)
