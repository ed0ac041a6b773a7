"""Whether the rows of a pack fit its declarations: facts, operators, values, quantities.

Names that are declared nowhere or read nowhere are refused: either is a slip of the pen, and a
rule that silently reads nothing is worse than none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from shared.errors import Violation
from shared.rulepack.errors import Path, Problem
from shared.rulepack.facts import amounts_of, parse_fact, quantities_of, rows_of
from shared.rulepack.pack import Condition, Pack, Quantity

Found = Iterator[Problem]
_ORDERED = {"lt", "le", "gt", "ge"}
_SUFFIXES = {"fen": "_fen", "ppm": "_ppm", "months": "_months", "years": "_years"}


def problem(place: Path, code: str, zh: str, en: str) -> Problem:
    """Write one problem; the loader adds file, line and column."""
    return Problem(place, code, zh, en)


def unknown(place: Path, kind: str, name: str) -> Problem:
    """Say that a name is declared nowhere."""
    return problem(
        place, f"unknown_{kind}", f"未声明的 {kind}：{name}", f"no {kind} is named {name!r}"
    )


def _facts(pack: Pack) -> Found:
    for name, declared in pack.facts.items():
        place: Path = ("facts", name)
        if (declared.kind in {"word", "words"}) != bool(declared.allowed):
            yield problem(
                place,
                "allowed_words",
                "word 与 words 须列出 allowed，其他类型不得列出",
                "a word or words fact lists its allowed words, and no other fact does",
            )
        if declared.least > declared.most:
            yield problem(
                (*place, "most"), "empty_range", "most 小于 least", "most is less than least"
            )
        suffix = _SUFFIXES.get(declared.unit, "")
        if declared.unit != "none" and (declared.kind != "int" or not name.endswith(suffix)):
            yield problem(
                place,
                "unit",
                f"单位 {declared.unit} 须为整数且名称以 {suffix or '任意'} 结尾",
                f"a fact in {declared.unit} is an int whose name ends in {suffix or 'anything'}",
            )


def _unread(pack: Pack) -> Found:
    quantities = [quantity for _, _, quantity in quantities_of(pack)]
    read: Mapping[str, Sequence[str | None]] = {
        "facts": [
            *(name for _, _, row in rows_of(pack) for name in row.reads),
            *(name for _, _, name in amounts_of(pack)),
            *(quantity.fact for quantity in quantities),
        ],
        "counters": [*(q.counter for q in quantities), *(cap.used for cap in pack.caps)],
        "benchmarks": [quantity.benchmark for quantity in quantities],
        "metrics": [n for breaker in pack.breakers for n in (breaker.numerator, breaker.base)],
    }
    declared: Mapping[str, Iterable[str]] = {
        "facts": pack.facts,
        "counters": pack.counters,
        "benchmarks": pack.benchmarks,
        "metrics": pack.metrics,
    }
    for section, names in declared.items():
        for name in names:
            if name not in read[section]:
                yield problem(
                    (section, name),
                    "unread",
                    f"“{name}”未被任何规则读取",
                    f"no rule reads {name!r}",
                )


def _rows(pack: Pack) -> Found:
    for _, place, row in rows_of(pack):
        if bool(row.sum) == (row.fact is not None):
            yield problem(
                place, "left_side", "须且只须有 fact 或 sum", "a row has either fact or sum"
            )
            continue
        missing = [name for name in row.reads if name not in pack.facts]
        yield from (unknown(place, "fact", name) for name in missing)
        if not missing:
            yield from _row_kinds(pack, place, row)


def _row_kinds(pack: Pack, place: Path, row: Condition) -> Found:
    kinds = {pack.facts[name].kind for name in row.reads}
    kind = kinds.pop() if len(kinds) == 1 else "mixed"
    fits = {
        "int": {"eq", "ne"} | _ORDERED,
        "date": {"eq", "ne"} | _ORDERED,
        "bool": {"eq", "ne"},
        "word": {"eq", "ne", "in", "not_in"},
        "words": {"any_of", "none_of"},
    }.get(kind if kind == "int" or not row.sum else "mixed", set())
    if row.op not in fits:
        yield problem(
            (*place, "op"), "operator", f"{row.op} 不适用于 {kind}", f"{row.op} on {kind}"
        )
        return
    if isinstance(row.value, Quantity):
        if kind != "int":
            yield problem(
                (*place, "value"), "value_kind", "只能与整数比较", "compare it with an int"
            )
        return
    listed = row.op in {"in", "not_in"}
    declared = pack.facts[row.reads[0]]
    wrong = parse_fact(
        declared.model_copy(update={"kind": "words"}) if listed else declared, row.value
    )
    if isinstance(wrong, Violation):
        yield problem((*place, "value"), "value_kind", wrong.zh, f"the value: {wrong.en}")
    elif wrong == ():
        yield problem((*place, "value"), "value_kind", "列表不得为空", "the list is empty")


def _quantities(pack: Pack) -> Found:
    for _, place, quantity in quantities_of(pack):
        sources = (quantity.fixed, quantity.fact, quantity.counter, quantity.benchmark)
        if sum(source is not None for source in sources) != 1:
            yield problem(
                place,
                "quantity_source",
                "须且只须有 fixed、fact、counter、benchmark 之一",
                "a quantity has exactly one of fixed, fact, counter, benchmark",
            )
        if quantity.fact is not None:
            yield from _whole_fact(pack, (*place, "fact"), quantity.fact)
        if quantity.counter is not None and quantity.counter not in pack.counters:
            yield unknown((*place, "counter"), "counter", quantity.counter)
        if quantity.benchmark is not None and quantity.benchmark not in pack.benchmarks:
            yield unknown((*place, "benchmark"), "benchmark", quantity.benchmark)
        if quantity.counter is not None and place[0] != "caps":
            yield problem(
                (*place, "counter"),
                "counter_outside_caps",
                "计数器只能用于上限",
                "a counter is known to caps alone",
            )


def _amounts(pack: Pack) -> Found:
    for _, place, name in amounts_of(pack):
        yield from _whole_fact(pack, place, name)


def _whole_fact(pack: Pack, place: Path, name: str) -> Found:
    if name not in pack.facts:
        yield unknown(place, "fact", name)
    elif pack.facts[name].kind != "int":
        yield problem(place, "not_whole", f"{name} 须为整数", f"{name} is not an int")
    elif pack.facts[name].least < 0:
        yield problem(place, "may_be_negative", f"{name} 不得为负", f"{name} may be negative here")


CHECKS: tuple[Callable[[Pack], Found], ...] = (_facts, _unread, _rows, _quantities, _amounts)
