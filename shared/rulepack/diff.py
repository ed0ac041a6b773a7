"""What differs between two versions of a pack, in words: for the person who is to approve it.

Rows of a section are told apart by their name, code or party, so that a row that moved is not
taken for two that changed; the order of first-match sections matters and is told by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.money import Money, Rate
from shared.rulepack.pack import Pack

_IDENTITY = ("name", "code", "party")
_ORDERED = frozenset({"parties", "tiers", "limits", "caps", "fees", "paybacks", "rates"})
"""Sections in which the order of the rows decides something."""

_LABELS: Mapping[str, tuple[str, str]] = {
    "title": ("名称", "title"),
    "document_number": ("文号", "document number"),
    "issuer": ("发文机关", "issuer"),
    "regions": ("适用地区", "regions"),
    "valid_from": ("生效日期", "first day"),
    "valid_to": ("失效日期", "first day after"),
    "source": ("依据", "source"),
    "illustrative": ("示例性", "illustrative"),
    "applies_to": ("适用业务", "applies to"),
    "readings": ("文本解读", "readings"),
    "facts": ("事实", "fact"),
    "counters": ("累计量", "counter"),
    "metrics": ("指标", "metric"),
    "benchmarks": ("基准利率", "benchmark"),
    "parties": ("分担方", "party"),
    "ledger_party": ("记账方", "party of the ledger"),
    "tiers": ("档次", "tier"),
    "shares": ("分担比例", "share"),
    "caps": ("封顶", "cap"),
    "overflow": ("超额再分担", "overflow"),
    "limits": ("准入条件", "limit"),
    "breakers": ("熔断", "breaker"),
    "deadlines": ("时限", "deadline"),
    "fees": ("费用", "fee"),
    "subsidies": ("补贴", "subsidy"),
    "paybacks": ("风险补偿", "payback"),
    "capacities": ("责任限额", "capacity"),
    "evidence": ("材料", "evidence"),
    "exclusivity": ("不得重复享受", "exclusivity"),
    "examples": ("示例", "example"),
    "when": ("条件", "condition"),
    "require": ("要求", "requirement"),
    "why": ("理由", "why"),
    "limit": ("上限", "limit"),
    "rate_ppm": ("费率", "rate"),
    "warning_ppm": ("预警线", "warning line"),
    "suspended_ppm": ("暂停线", "suspension line"),
    "count": ("天数", "count"),
    "value": ("数值", "value"),
    "share_ppm": ("比例", "portion"),
    "order": ("次序", "order"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: where (a JSON pointer by names), in words, and both values."""

    pointer: str
    zh: str
    en: str
    before: Any
    after: Any


def changes(before: Pack, after: Pack) -> tuple[Change, ...]:
    """List what differs, section by section in the order of the pack's declaration.

    The version number differs by nature and is left out.
    """
    old, new = (_plain(pack) for pack in (before, after))
    return tuple(_walk((), old, new))


def _plain(pack: Pack) -> dict[str, Any]:
    return pack.model_dump(mode="json", exclude_none=True, exclude={"id", "version"})


def _walk(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Change]:  # noqa: ANN401 - any JSON
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*old, *(key for key in new if key not in old)):
            yield from _walk((*path, key), old.get(key), new.get(key))
        return
    if _are_rows(old) and _are_rows(new) and (old or new):
        yield from _rows(path, old or [], new or [])
        return
    yield _change(path, old, new)


def _rows(
    path: tuple[str, ...], old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    yield from _walk(path, before, after)
    if path[-1] in _ORDERED and before.keys() == after.keys() and [*before] != [*after]:
        yield _change((*path, "order"), [*before], [*after])


def _named(rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for number, row in enumerate(rows, start=1):
        name = next((str(row[key]) for key in _IDENTITY if key in row), f"#{number}")
        found[name if name not in found else f"{name}#{number}"] = row
    return found


def _are_rows(value: object) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(row, Mapping) for row in value)
    )


def _change(path: tuple[str, ...], old: object, new: object) -> Change:
    zh_place = " · ".join(_LABELS.get(part, (part, part))[0] for part in path)
    en_place = ", ".join(_LABELS.get(part, (part, part))[1] for part in path)
    was, now = _shown(path, old), _shown(path, new)
    if old is None:
        zh, en = f"{zh_place}：新增 {now}", f"{en_place}: added {now}"
    elif new is None:
        zh, en = f"{zh_place}：删除 {was}", f"{en_place}: removed {was}"
    else:
        zh, en = f"{zh_place}：由 {was} 改为 {now}", f"{en_place}: {was} becomes {now}"
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    return Change(pointer, zh, en, old, new)


def _shown(path: tuple[str, ...], value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return _number(path, value)
        case {"zh": str(zh), "en": str(en)}:
            return f"{zh} ({en})"
        case dict():
            return ", ".join(f"{key}: {_shown((*path, key), item)}" for key, item in value.items())
        case list():
            return ", ".join(_shown(path, item) for item in value)
    return str(value)


def _number(path: tuple[str, ...], value: int) -> str:
    if path[-1].endswith("_ppm") or "shares" in path[:-1] or "overflow" in path[:-1]:
        return Rate(value).percent()
    return f"{Money(value).yuan()} yuan" if path[-1].endswith("_fen") else str(value)
