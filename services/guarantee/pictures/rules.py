"""The split of one loss as a picture (SVG): what each party bears, and by which stage.

One block per party, read from above: its base share, what whole fen added to it or took from it,
what caps turned away, what overflowed to it, what it bears. The bars of the last rows, one beside
the other, fill the loss exactly. Every bar carries its amount as ``data-fen``, so that a reader's
program can add them up; lengths are whole pixels and are for the eye alone.

Example: 300,000,000 fen by ``sip-yuankedai`` with 50,000,000 fen left under the cap: the pool's
base of 150,000,000 is cut by 100,000,000, of which 60,000,000 go to the bank.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, tostring

from services.guarantee.losses.rules import Leg, Split
from shared.money import PPM, Money, Rate
from shared.rulepack.pack import Pack

MEDIA_TYPE = "image/svg+xml"

Stage = Literal["loss", "base", "rounding", "cap", "overflow", "bears"]

WORDS: Mapping[Stage, tuple[str, str]] = {
    "loss": ("可分担损失", "eligible loss"),
    "base": ("基础分担", "base share"),
    "rounding": ("取整", "rounding to whole fen"),
    "cap": ("超出上限", "turned away by caps"),
    "overflow": ("承接溢出", "overflow received"),
    "bears": ("实际承担", "bears"),
}
FILLS: Mapping[Stage, str] = {
    "loss": "#59636e",
    "base": "#9ec5e8",
    "rounding": "none",
    "cap": "#e8a09e",
    "overflow": "#e3c177",
    "bears": "#1f5f99",
}
WIDTH, LABELS, PLOT, ROW, BAR = 1000, 300, 440, 26, 16


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: the stage, and the amount from ``start_fen`` on that it adds, cuts or shows."""

    party: str
    stage: Stage
    start_fen: int
    amount_fen: int
    note: str = ""


def bars_of(split: Split, legs: Sequence[Leg]) -> tuple[Bar, ...]:
    """Return the rows of the picture, top to bottom; a stage that did nothing has none."""
    whole = Bar("", "loss", 0, split.eligible_loss_fen)
    return whole, *(bar for leg in legs for bar in _bars_of_leg(leg, split.eligible_loss_fen))


def waterfall(claim_id: UUID, split: Split, legs: Sequence[Leg], *, pack: Pack) -> bytes:
    """Draw a decided split; ``pack`` is the pinned one and names the parties."""
    bars = bars_of(split, legs)
    names = {party.name: f"{party.zh} {party.en}" for party in pack.parties}
    orgs = {leg.party: leg.org for leg in legs}
    lines = 4 + len(bars) + len(legs)
    svg = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {lines * ROW}",
        role="img",
    )
    svg.set("font-family", "sans-serif")
    svg.set("font-size", "13")
    SubElement(svg, "title").text = f"风险分担 Loss split {claim_id}"
    SubElement(svg, "rect", width="100%", height="100%", fill="white")
    _text(svg, 12, 1, f"风险分担 Loss split · {claim_id}", weight="bold")
    told = f"{pack.title.zh} {pack.title.en} · {split.pack.id} v{split.pack.version}"
    _text(svg, 12, 2, f"{told} · {split.tier} · {split.on}")
    line = 3
    for bar in bars:
        if bar.stage == "base":
            _text(svg, 12, line, f"{names[bar.party]} ({orgs[bar.party]})", weight="bold")
            line += 1
        _draw(svg, bar, line, whole_fen=split.eligible_loss_fen)
        line += 1
    _draw_together(svg, legs, line, whole_fen=split.eligible_loss_fen)
    drawn: bytes = tostring(svg, encoding="utf-8", xml_declaration=True)
    return drawn


def _bars_of_leg(leg: Leg, loss_fen: int) -> Iterator[Bar]:
    yield Bar(leg.party, "base", 0, leg.base_fen, Rate(leg.share_ppm).percent())
    rounding = leg.base_fen - Fraction(loss_fen * leg.share_ppm, PPM)
    if rounding:
        yield Bar(leg.party, "rounding", leg.base_fen, 0, f"{_signed(rounding)} 分 fen")
    if leg.capped_fen < leg.base_fen:
        yield Bar(leg.party, "cap", leg.capped_fen, leg.base_fen - leg.capped_fen)
    if leg.overflow_fen:
        yield Bar(leg.party, "overflow", leg.capped_fen, leg.overflow_fen)
    yield Bar(leg.party, "bears", 0, leg.amount_fen)


def _signed(exact: Fraction) -> str:
    """Write a part of a fen exactly: a share is in ppm, so six digits hold it."""
    digits = f"{abs(exact.numerator) * (PPM // exact.denominator):07d}"
    text = f"{digits[:-6]}.{digits[-6:]}".rstrip("0").rstrip(".")
    return f"{'-' if exact < 0 else '+'}{text}"


def _draw(svg: Element, bar: Bar, line: int, *, whole_fen: int) -> None:
    zh, en = WORDS[bar.stage]
    _text(svg, 28 if bar.party else 12, line, f"{zh} {en}")
    start, length = _pixels(bar.start_fen, whole_fen), _pixels(bar.amount_fen, whole_fen)
    _rect(svg, LABELS + start, line, length, FILLS[bar.stage], bar)
    sign = "-" if bar.stage == "cap" else "+" if bar.stage == "overflow" else ""
    amount = "" if bar.stage == "rounding" else f"{sign}{Money(bar.amount_fen).yuan()}"
    note = f" ({bar.note})" if amount and bar.note else bar.note
    _text(svg, LABELS + PLOT + 12, line, f"{amount}{note}")


def _draw_together(svg: Element, legs: Sequence[Leg], line: int, *, whole_fen: int) -> None:
    _text(svg, 12, line, "合计 together")
    start_fen = 0
    for number, leg in enumerate(legs):
        start, end = (_pixels(fen, whole_fen) for fen in (start_fen, start_fen + leg.amount_fen))
        fill = FILLS["bears"] if number % 2 == 0 else FILLS["loss"]
        bar = Bar(leg.party, "bears", start_fen, leg.amount_fen)
        _rect(svg, LABELS + start, line, end - start, fill, bar)
        start_fen += leg.amount_fen
    _text(svg, LABELS + PLOT + 12, line, Money(start_fen).yuan(), weight="bold")


def _pixels(fen: int, whole_fen: int) -> int:
    return fen * PLOT // whole_fen


def _rect(svg: Element, x: int, line: int, width: int, fill: str, bar: Bar) -> None:
    drawn = SubElement(
        svg,
        "rect",
        x=str(x),
        y=str(line * ROW - BAR + 4),
        width=str(width),
        height=str(BAR),
        fill=fill,
    )
    drawn.set("data-party", bar.party)
    drawn.set("data-stage", bar.stage)
    drawn.set("data-fen", str(bar.amount_fen))


def _text(svg: Element, x: int, line: int, words: str, *, weight: str = "normal") -> None:
    written = SubElement(svg, "text", x=str(x), y=str(line * ROW))
    written.set("font-weight", weight)
    written.text = words
