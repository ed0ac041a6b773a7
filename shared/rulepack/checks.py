"""Whether a well-formed pack makes sense: every refusal says where and why, in two languages.

Shapes are ``pack.py``'s business. Here: names that are declared nowhere or read nowhere, operators
that do not fit a fact's kind, shares that do not make one whole, overflow that goes nowhere or in
a circle, a tier that can never match, dates that end before they begin, illustrative numbers
without saying so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from shared.money import PPM
from shared.rulepack.errors import Path, Problem
from shared.rulepack.pack import Pack
from shared.rulepack.reach import TooTangled, unreachable_tiers
from shared.rulepack.row_checks import CHECKS as ROW_CHECKS
from shared.rulepack.row_checks import problem, unknown

Found = Iterator[Problem]
_YEARLY = {"per_subject", "per_partner_year", "year_share_of_base", "rate_cap"}


def check_pack(pack: Pack) -> tuple[Problem, ...]:
    """Return every problem of the pack; an empty tuple means that it may be used."""
    found = [wrong for check in (*_CHECKS, *ROW_CHECKS) for wrong in check(pack)]
    if not found:
        found = list(_reach(pack))
    return tuple(found)


def _head(pack: Pack) -> Found:
    if pack.valid_to is not None and pack.valid_to <= pack.valid_from:
        yield problem(
            ("valid_to",),
            "period_empty",
            "有效期止日须晚于起日（止日不含在内）",
            "valid_to must be later than valid_from: the period is half-open",
        )
    if pack.illustrative and not (
        "示例" in pack.title.zh and "illustrative" in pack.title.en.lower()
    ):
        yield problem(
            ("title",),
            "illustrative_unsaid",
            "含示例数字的规则包须在标题中写明“示例”与 illustrative",
            "illustrative numbers must be named in the title: 示例 and illustrative",
        )


def _unique(pack: Pack) -> Found:
    lists: Mapping[str, Iterable[str]] = {
        "parties": [party.name for party in pack.parties],
        "tiers": [tier.name for tier in pack.tiers],
        "caps": [cap.name for cap in pack.caps],
        "breakers": [breaker.name for breaker in pack.breakers],
        "deadlines": [deadline.name for deadline in pack.deadlines],
        "fees": [fee.name for fee in pack.fees],
        "subsidies": [subsidy.name for subsidy in pack.subsidies],
        "paybacks": [payback.name for payback in pack.paybacks],
        "capacities": [capacity.code for capacity in pack.capacities],
        "evidence": [evidence.code for evidence in pack.evidence],
        "examples": [example.name for example in pack.examples],
    }
    for section, names in lists.items():
        seen: Counter[str] = Counter()
        for i, name in enumerate(names):
            seen[name] += 1
            if seen[name] > 1:
                yield problem(
                    (section, i), "duplicate", f"“{name}”重复", f"{name!r} is named twice"
                )


def _parties(pack: Pack) -> Found:
    if bool(pack.tiers) != bool(pack.parties):
        missing = "tiers" if pack.parties else "parties"
        yield problem(
            (),
            f"{missing}_missing",
            f"缺少 {missing}",
            f"parties and tiers go together: no {missing}",
        )
    if pack.ledger_party is not None and pack.ledger_party not in pack.order:
        yield unknown(("ledger_party",), "party", pack.ledger_party)
    for i, tier in enumerate(pack.tiers):
        place: Path = ("tiers", i, "shares")
        yield from (
            unknown((*place, name), "party", name) for name in tier.shares if name not in pack.order
        )
        for name in pack.order:
            if name not in tier.shares:
                yield problem(
                    place,
                    "share_missing",
                    f"缺少 {name} 的份额（可为 0）",
                    f"{name} has no share; 0 is one",
                )
        total = sum(tier.shares.values())
        if total != PPM:
            yield problem(
                place,
                "shares_sum",
                f"份额合计 {total} ppm，应为 {PPM}",
                f"shares sum to {total} ppm, not to {PPM}",
            )


def _caps(pack: Pack) -> Found:
    for i, cap in enumerate(pack.caps):
        place: Path = ("caps", i)
        if cap.party not in pack.order:
            yield unknown((*place, "party"), "party", cap.party)
        if cap.used is not None and cap.used not in pack.counters:
            yield unknown((*place, "used"), "counter", cap.used)
        if cap.used is None and cap.kind in _YEARLY:
            yield problem(
                place,
                "cap_without_counter",
                f"{cap.kind} 上限须指明已用计数器 used",
                f"a {cap.kind} cap fills up over many cases, so it names its counter in used",
            )
        if cap.used is not None and cap.kind in {"per_case", "free_balance"}:
            yield problem(
                (*place, "used"),
                "cap_with_counter",
                f"{cap.kind} 上限不累计，不得有 used",
                f"a {cap.kind} cap does not fill up, so it has no used",
            )
        if cap.limit.fact is not None or cap.limit.benchmark is not None:
            yield problem(
                (*place, "limit"),
                "cap_source",
                "上限只能取固定值或计数器",
                "the ceiling of a cap is fixed or comes from a counter",
            )


def _overflow(pack: Pack) -> Found:
    capped = {cap.party: i for i, cap in reversed(list(enumerate(pack.caps)))}
    for party, i in capped.items():
        if not pack.overflow.get(party):
            yield problem(
                ("caps", i),
                "overflow_missing",
                f"{party} 有上限但没有溢出去向",
                f"{party} has a cap and no overflow row says who takes what it turns away",
            )
    for party, weights in pack.overflow.items():
        if weights and sum(weights.values()) != PPM:
            yield problem(
                ("overflow", party),
                "overflow_sum",
                f"溢出份额合计 {sum(weights.values())} ppm，应为 {PPM}",
                f"the shares of the overflow sum to {sum(weights.values())} ppm, not to {PPM}",
            )
        if party not in capped:
            yield problem(
                ("overflow", party),
                "overflow_unused",
                f"{party} 没有上限，溢出行无从适用",
                f"{party} has no cap, so its overflow row is never read",
            )
        for receiver, weight in weights.items():
            place: Path = ("overflow", party, receiver)
            if receiver not in pack.order:
                yield unknown(place, "party", receiver)
            if receiver == party:
                yield problem(
                    place, "overflow_to_self", "不得溢出给自己", "a party cannot overflow to itself"
                )
            if weight == 0:
                yield problem(place, "overflow_weight", "权重须大于 0", "a weight must be above 0")
    yield from _circles(pack, capped)


def _circles(pack: Pack, capped: Mapping[str, int]) -> Found:
    """Refuse overflow that can come back to where it started: it would end nowhere."""
    for start in capped:
        seen: set[str] = set()
        ahead = [name for name in pack.overflow.get(start, {}) if name != start]
        while ahead:
            party = ahead.pop()
            if party == start:
                yield problem(
                    ("overflow", start),
                    "overflow_circle",
                    f"{start} 的溢出经其他受限方又回到自身",
                    f"the overflow of {start} runs through other capped parties back to it",
                )
                break
            if party in capped and party not in seen:
                seen.add(party)
                ahead.extend(pack.overflow.get(party, {}))


def _breakers(pack: Pack) -> Found:
    for i, breaker in enumerate(pack.breakers):
        for side in ("numerator", "base"):
            name = getattr(breaker, side)
            if name not in pack.metrics:
                yield unknown(("breakers", i, side), "metric", name)
        if breaker.warning_ppm is not None and breaker.warning_ppm >= breaker.suspended_ppm:
            yield problem(
                ("breakers", i, "warning_ppm"),
                "warning_too_late",
                "预警阈值须低于暂停阈值",
                "the warning threshold must lie below the one that suspends",
            )


def _examples(pack: Pack) -> Found:
    sections: Mapping[str, tuple[object, ...]] = {
        "split": pack.tiers,
        "recovery": pack.parties,
        "terms": pack.limits,
        "breaker": pack.breakers,
        "fee": pack.fees,
        "subsidy": pack.subsidies,
        "payback": pack.paybacks,
        "capacity": pack.capacities,
    }
    shown = {example.kind for example in pack.examples}
    for i, example in enumerate(pack.examples):
        if not sections[example.kind]:
            yield problem(
                ("examples", i, "kind"),
                "example_without_rule",
                f"规则包没有 {example.kind} 规则",
                f"the pack has no rule for a {example.kind} example",
            )
    for kind, rules in sections.items():
        if rules and kind not in shown | {"recovery"}:
            yield problem(
                ("examples",),
                "rule_without_example",
                f"{kind} 规则没有示例",
                f"no example shows the {kind} rules",
            )


def _reach(pack: Pack) -> Found:
    try:
        positions = unreachable_tiers(pack)
    except TooTangled:
        yield problem(
            ("tiers",), "tiers_too_tangled", "档次条件过于复杂", "the tiers look at too many facts"
        )
        return
    for i in positions:
        yield problem(
            ("tiers", i),
            "tier_never_matches",
            f"档次 {pack.tiers[i].name} 永不适用（条件矛盾或被前档遮蔽）",
            f"tier {pack.tiers[i].name} can never match: contradictory, or hidden by earlier ones",
        )


_CHECKS: tuple[Callable[[Pack], Found], ...] = (
    _head,
    _unique,
    _parties,
    _caps,
    _overflow,
    _breakers,
    _examples,
)
