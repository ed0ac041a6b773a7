"""Inputs of a decision, parsed once: facts by declaration, counters, metrics and benchmarks by
name.

What a section of a pack reads follows from its rows; a caller must give exactly the facts that the
pack declares and the section reads. A fact that another section of the same pack reads may come
too, so that one sheet of facts serves every question about a case.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from shared.errors import Violation
from shared.money import MAX_FEN
from shared.rulepack.errors import Path, UnknownInput
from shared.rulepack.fields import FactKind, parse_date
from shared.rulepack.pack import Condition, FactDeclaration, Pack, Quantity

FactValue = bool | int | str | tuple[str, ...] | date
Section = Literal["split", "terms", "fee", "subsidy", "payback", "capacity"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a row may look at, already parsed."""

    facts: Mapping[str, FactValue] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    benchmarks: Mapping[str, int] = field(default_factory=dict)

    def whole(self, name: str) -> int:
        """Return an integer fact. The pack's checks already said that it is one."""
        value = self.facts[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"fact {name} is not an integer")
        return value


def rows_of(pack: Pack) -> Iterator[tuple[Section, Path, Condition]]:
    """Yield every condition of the pack with the section that asks it and its place."""
    for i, tier in enumerate(pack.tiers):
        yield from _when("split", ("tiers", i), tier.when)
    for i, limit in enumerate(pack.limits):
        yield from _when("terms", ("limits", i), limit.when)
        yield "terms", ("limits", i, "require"), limit.require
    for i, fee in enumerate(pack.fees):
        yield from _when("fee", ("fees", i), fee.when)
    for i, subsidy in enumerate(pack.subsidies):
        for j, row in enumerate(subsidy.eligibility):
            yield "subsidy", ("subsidies", i, "eligibility", j), row
        for j, rate in enumerate(subsidy.rates):
            yield from _when("subsidy", ("subsidies", i, "rates", j), rate.when)
    for i, payback in enumerate(pack.paybacks):
        yield from _when("payback", ("paybacks", i), payback.when)
        for j, rate in enumerate(payback.rates):
            yield from _when("payback", ("paybacks", i, "rates", j), rate.when)
    for i, capacity in enumerate(pack.capacities):
        for j, bound in enumerate(capacity.limits):
            yield from _when("capacity", ("capacities", i, "limits", j), bound.when)


def _when(
    section: Section, place: Path, rows: Iterable[Condition]
) -> Iterator[tuple[Section, Path, Condition]]:
    return ((section, (*place, "when", j), row) for j, row in enumerate(rows))


def quantities_of(pack: Pack) -> Iterator[tuple[Section, Path, Quantity]]:
    """Yield every quantity of the pack with the section that asks it and its place."""
    for section, path, row in rows_of(pack):
        if isinstance(row.value, Quantity):
            yield section, (*path, "value"), row.value
    for i, cap in enumerate(pack.caps):
        yield "split", ("caps", i, "limit"), cap.limit
    for i, subsidy in enumerate(pack.subsidies):
        for j, quantity in enumerate(subsidy.amount_caps):
            yield "subsidy", ("subsidies", i, "amount_caps", j), quantity
        if subsidy.quota is not None:
            yield "subsidy", ("subsidies", i, "quota"), subsidy.quota
    for i, payback in enumerate(pack.paybacks):
        for j, bound in enumerate(payback.ceilings):
            yield "payback", ("paybacks", i, "ceilings", j, "limit"), bound.limit
    for i, capacity in enumerate(pack.capacities):
        for j, offered in enumerate(capacity.limits):
            yield "capacity", ("capacities", i, "limits", j, "limit"), offered.limit


def amounts_of(pack: Pack) -> Iterator[tuple[Section, Path, str]]:
    """Yield every fact that is named where a number stands: an amount, a portion, what is used."""
    for i, fee in enumerate(pack.fees):
        yield "fee", ("fees", i, "amount"), fee.amount
        if fee.portion is not None:
            yield "fee", ("fees", i, "portion"), fee.portion
    for i, subsidy in enumerate(pack.subsidies):
        yield "subsidy", ("subsidies", i, "amount"), subsidy.amount
        if subsidy.rate is not None:
            yield "subsidy", ("subsidies", i, "rate"), subsidy.rate
    for i, payback in enumerate(pack.paybacks):
        yield "payback", ("paybacks", i, "amount"), payback.amount
        for j, bound in enumerate(payback.ceilings):
            for k, name in enumerate(bound.used):
                yield "payback", ("paybacks", i, "ceilings", j, "used", k), name
    for i, capacity in enumerate(pack.capacities):
        yield "capacity", ("capacities", i, "carried"), capacity.carried
        yield "capacity", ("capacities", i, "asked"), capacity.asked


def facts_read(pack: Pack, section: Section) -> tuple[str, ...]:
    """Return the facts that a section reads, in the order of their declaration."""
    read = {name for of, _, row in rows_of(pack) if of == section for name in row.reads}
    read |= {q.fact for of, _, q in quantities_of(pack) if of == section and q.fact is not None}
    read |= {name for of, _, name in amounts_of(pack) if of == section}
    return tuple(name for name in pack.facts if name in read)


def read_facts(pack: Pack, section: Section, raw: Mapping[str, object]) -> dict[str, FactValue]:
    """Parse the facts of a request.

    Raises ``UnknownInput`` with one violation per fact that is unknown, missing, of another kind or
    unit, or a word that the pack does not list; ``field`` is ``/facts/<name>``.
    """
    found: list[Violation] = [
        _violation("unknown_fact", f"/facts/{name}", "规则包未声明", "the pack knows no such fact")
        for name in raw
        if name not in pack.facts
    ]
    found += [
        _violation("missing_fact", f"/facts/{name}", "缺少该事实", "the fact is missing")
        for name in facts_read(pack, section)
        if name not in raw
    ]
    values: dict[str, FactValue] = {}
    for name, declared in pack.facts.items():
        if name in raw:
            value = parse_fact(declared, raw[name])
            if isinstance(value, Violation):
                found.append(replace(value, field=f"/facts/{name}"))
            else:
                values[name] = value
    if found:
        raise UnknownInput("; ".join(f"{v.field}: {v.en}" for v in found), violations=tuple(found))
    return values


def parse_fact(declared: FactDeclaration, value: object) -> FactValue | Violation:
    """Parse one value by its declaration, or say in a violation why it is not one."""
    return _PARSERS[declared.kind](declared, value)


def read_numbers(
    kind: Literal["counter", "metric", "benchmark"],
    *,
    declared: Iterable[str],
    raw: Mapping[str, object],
    required: Iterable[str] = (),
) -> dict[str, int]:
    """Parse named integers that are never negative: counters, metrics or benchmarks.

    Raises ``UnknownInput`` with one violation per name that is unknown, missing or not such a
    number; ``field`` is ``/counters/<name>``, ``/metrics/<name>`` or ``/benchmarks/<name>``.
    """
    known = tuple(declared)
    found = [
        _violation(
            f"unknown_{kind}", f"/{kind}s/{name}", "规则包未声明", "the pack knows no such name"
        )
        for name in raw
        if name not in known
    ]
    found += [
        _violation(f"missing_{kind}", f"/{kind}s/{name}", "缺少该数值", "the number is missing")
        for name in required
        if name not in raw
    ]
    values: dict[str, int] = {}
    for name in known:
        value = raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_FEN:
            values[name] = value
        elif name in raw:
            wrong = _kind("非负整数", "an integer that is not negative")
            found.append(_violation(wrong.code, f"/{kind}s/{name}", wrong.zh, wrong.en))
    if found:
        raise UnknownInput("; ".join(f"{v.field}: {v.en}" for v in found), violations=tuple(found))
    return values


def _whole(declared: FactDeclaration, value: object) -> FactValue | Violation:
    if isinstance(value, bool) or not isinstance(value, int):
        return _kind(f"整数（单位 {declared.unit}）", f"an integer (unit {declared.unit})")
    least, most = declared.least, declared.most
    if not least <= value <= most:
        return Violation(
            code="out_of_range",
            zh=f"应在 {least} 与 {most} 之间",
            en=f"must lie between {least} and {most}",
            limit=least if value < least else most,
            actual=value,
        )
    return value


def _yes_or_no(_declared: FactDeclaration, value: object) -> FactValue | Violation:
    return value if isinstance(value, bool) else _kind("true 或 false", "true or false")


def _day(_declared: FactDeclaration, value: object) -> FactValue | Violation:
    try:
        return parse_date(value)
    except ValueError:
        return _kind("YYYY-MM-DD 日期", "a date written YYYY-MM-DD")


def _word(declared: FactDeclaration, value: object) -> FactValue | Violation:
    if not isinstance(value, str):
        return _kind("一个词", "one word")
    return _unlisted(declared, (value,)) or value


def _several_words(declared: FactDeclaration, value: object) -> FactValue | Violation:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        return _kind("词的列表", "a list of words")
    return _unlisted(declared, tuple(value)) or tuple(value)


_PARSERS: Mapping[FactKind, Callable[[FactDeclaration, object], FactValue | Violation]] = {
    "int": _whole,
    "bool": _yes_or_no,
    "date": _day,
    "word": _word,
    "words": _several_words,
}


def _unlisted(declared: FactDeclaration, words: tuple[str, ...]) -> Violation | None:
    wrong = [word for word in words if word not in declared.allowed]
    if not wrong:
        return None
    listed = ", ".join(declared.allowed)
    return Violation(
        code="word_not_allowed",
        zh=f"“{wrong[0]}”不在可用词中：{listed}",
        en=f"{wrong[0]!r} is none of the words {listed}",
    )


def _kind(zh: str, en: str) -> Violation:
    return Violation(code="wrong_kind", zh=f"应为{zh}", en=f"must be {en}")


def _violation(code: str, where: str, zh: str, en: str) -> Violation:
    return Violation(code=code, zh=zh, en=en, field=where)
