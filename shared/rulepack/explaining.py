"""The words for a split: one step per decision, cap, overflow and rounding, in both languages."""

from collections.abc import Iterator, Mapping
from datetime import date

from shared.money import Money, Rate, SplitStep
from shared.rulepack.conditions import RowResult, row_steps
from shared.rulepack.pack import Cap, Pack, Tier
from shared.rulepack.stages import CapStage, Division, OverflowStage
from shared.rulepack.trace import Trace, TraceStep, step


def pack_step(pack: Pack, on: date) -> TraceStep:
    """Say which pack decides, and whether the day lies in its period."""
    in_force = pack.in_force(on)
    return step(
        "rule_pack",
        zh=f"适用《{pack.title.zh}》第 {pack.version} 版"
        + ("" if in_force else f"（{on} 不在其有效期内，按测算处理）"),
        en=f"decided by {pack.title.en}, version {pack.version}"
        + ("" if in_force else f" (what-if: {on} lies outside its period)"),
        rule_pack=pack.id,
        version=pack.version,
        on=on.isoformat(),
        in_force=in_force,
    )


def eligible_step(loss: Money, recovered: Money) -> TraceStep:
    """Say what is split: the loss less what already came back."""
    eligible = loss - recovered
    return step(
        "eligible_loss",
        zh=f"可分担损失 {eligible.yuan()} 元 = 损失 {loss.yuan()} − 已收回 {recovered.yuan()}",
        en=f"eligible loss {eligible.yuan()} = loss {loss.yuan()} - recovered {recovered.yuan()}",
        loss_fen=loss.fen,
        recovered_fen=recovered.fen,
        eligible_loss_fen=eligible.fen,
    )


def tier_steps(tier: Tier, rows: tuple[RowResult, ...]) -> Trace:
    """Say for one tier which of its rows passed and whether it is the one taken."""
    taken = all(row.passed for row in rows)
    return (
        *row_steps("condition", rows, tier=tier.name),
        step(
            "tier",
            zh=f"{'适用' if taken else '不适用'}档次：{tier.title.zh}",
            en=f"tier {'taken' if taken else 'passed over'}: {tier.title.en}",
            tier=tier.name,
            taken=taken,
        ),
    )


def explain_division(pack: Pack, tier: Tier, division: Division) -> Iterator[TraceStep]:
    """Tell the stages of a division in the order in which they were computed."""
    zh, en = _names(pack)
    for leg in division.legs:
        share = Rate(leg.share_ppm).percent()
        base = Money(leg.base_fen).yuan()
        yield step(
            "base",
            zh=f"{zh[leg.party]}基础分担 {share} = {base} 元",
            en=f"{en[leg.party]} bears a base of {share} = {base}",
            party=leg.party,
            tier=tier.name,
            share_ppm=leg.share_ppm,
            base_fen=leg.base_fen,
        )
    yield from _roundings("base", pack, division.base)
    for cap in division.caps:
        yield _cap_step(pack, cap)
    for overflow in division.overflows:
        yield from _overflow_steps(pack, overflow)
    for leg in division.legs:
        amount = Money(leg.amount_fen).yuan()
        yield step(
            "leg",
            zh=f"{zh[leg.party]}最终承担 {amount} 元",
            en=f"{en[leg.party]} bears {amount}",
            party=leg.party,
            base_fen=leg.base_fen,
            capped_fen=leg.capped_fen,
            overflow_fen=leg.overflow_fen,
            amount_fen=leg.amount_fen,
        )


def skipped_cap_step(cap: Cap, missing: tuple[str, ...]) -> TraceStep:
    """Say that a cap was not applied because nobody gave its counters."""
    return step(
        "cap_not_applied",
        zh=f"未提供计数器，上限“{cap.why.zh}”未予适用",
        en=f"cap not applied, its counters were not given: {cap.why.en}",
        cap=cap.name,
        party=cap.party,
        missing=missing,
    )


def _cap_step(pack: Pack, stage: CapStage) -> TraceStep:
    zh, en = _names(pack)
    room, cap = stage.room, stage.room.cap
    left, after = Money(room.room_fen).yuan(), Money(stage.after_fen).yuan()
    return step(
        "cap",
        zh=f"{cap.why.zh}：余额 {left} 元，{zh[cap.party]}"
        + (f"降至 {after} 元" if stage.binds else "不受限"),
        en=f"{cap.why.en}: {left} left, {en[cap.party]} "
        + (f"lowered to {after}" if stage.binds else "not limited"),
        cap=cap.name,
        kind=cap.kind,
        party=cap.party,
        limit_fen=room.limit_fen,
        used_fen=room.used_fen,
        room_fen=room.room_fen,
        before_fen=stage.before_fen,
        after_fen=stage.after_fen,
        binds=stage.binds,
    )


def _overflow_steps(pack: Pack, stage: OverflowStage) -> Iterator[TraceStep]:
    zh, en = _names(pack)
    total = Money(stage.amount_fen).yuan()
    for receiver, part in stage.received.items():
        amount = Money(part.amount_fen).yuan()
        yield step(
            "overflow",
            zh=f"{zh[stage.party]}超限 {total} 元中由{zh[receiver]}承接 {amount} 元",
            en=f"of {total} above the cap of {en[stage.party]}, {en[receiver]} takes {amount}",
            party=stage.party,
            receiver=receiver,
            weight=pack.overflow[stage.party][receiver],
            from_base_fen=stage.from_base_fen,
            passed_on_fen=stage.passed_on_fen,
            amount_fen=part.amount_fen,
        )
    yield from _roundings("overflow", pack, stage.received)


def _roundings(stage: str, pack: Pack, parts: Mapping[str, SplitStep]) -> Iterator[TraceStep]:
    zh, en = _names(pack)
    for party, part in parts.items():
        if part.odd_fen:
            floor = Money(part.floor_fen).yuan()
            yield step(
                "rounding",
                zh=f"尾差：{zh[party]}向下取整 {floor} 元后按最大余数得 1 分",
                en=f"odd fen: {en[party]} has {floor} as floor, and 1 fen by largest remainder",
                stage=stage,
                party=party,
                floor_fen=part.floor_fen,
                odd_fen=part.odd_fen,
                remainder=str(part.exact - part.floor_fen),
            )


def _names(pack: Pack) -> tuple[dict[str, str], dict[str, str]]:
    return {p.name: p.zh for p in pack.parties}, {p.name: p.en for p in pack.parties}
