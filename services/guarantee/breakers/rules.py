"""Breakers (熔断): a bank whose losses in a programme reach the threshold enrols nothing more.

Sources: the pack's breaker rows, for example 园科贷: 10 % of the bank's own balance at the end of
the year before, compared exactly. The numerator is the principal of the bank's enrolled loans that
are substandard (次级) or worse, each loan once, in the year in which it became so; a later class or
balance moves what was counted. Loans and claims in force go on; only new enrolment stops.

Figures are kept per year, and the breaker holds today's year alone against the pack: another year's
opening or loss moves that year's figures and nothing else. No text says where a loss belongs whose
year nobody opened, such as one that is told after New Year for a day before: it would count in no
ratio, so it counts in the current year.

    normal → warning → suspended → restored by decision, once the ratio is below the threshold

Example at 10 %: balance 80,000,000.00 yuan; losses 7,999,999.99 → normal, 8,000,000.00 → suspended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.guarantee.known.rules import NON_PERFORMING
from services.guarantee.programmes.rules import Counters
from shared.errors import Conflict, Forbidden, NotFound, RuleViolation, Violation
from shared.events.credit import Classification
from shared.events.guarantee import BreakerRestored, BreakerTripped, BreakerWarned
from shared.money import Money, Rate
from shared.rulepack.breakers import BreakerResult, check_breakers
from shared.rulepack.pack import Pack

BreakerEvent = BreakerWarned | BreakerTripped | BreakerRestored


class BreakerNotFound(NotFound):
    """Nothing was counted for this bank in this programme, or not for this organisation to see."""

    code = "breaker-not-found"
    title_zh = "未找到熔断记录"
    title_en = "Breaker not found"


class BreakerNotSuspended(Conflict):
    """There is nothing to restore."""

    code = "breaker-not-suspended"
    title_zh = "未处于熔断状态"
    title_en = "Breaker not suspended"


class RatioStillReached(RuleViolation):
    """The ratio is at or above the threshold, so that no decision can restore enrolment."""

    code = "ratio-still-reached"
    title_zh = "不良率仍达熔断线"
    title_en = "Ratio still at the threshold"


class OwnBreaker(Forbidden):
    """A bank does not restore its own enrolment."""

    code = "own-breaker"
    title_zh = "银行不得自行恢复"
    title_en = "Not your own breaker"


class BreakerState(StrEnum):
    """Where a breaker stands."""

    NORMAL = "normal"
    WARNING = "warning"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """One bank in one programme, with the figures that put it into its state.

    ``ratio_ppm`` is rounded down, for people, and None where the base is 0.
    """

    programme: str
    bank: str
    viewers: tuple[str, ...]
    state: BreakerState = BreakerState.NORMAL
    year: int
    numerator_fen: int = 0
    base_fen: int = 0
    ratio_ppm: int | None = None
    threshold_ppm: int = 0
    changed_on: date
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What a loan adds to the numerator of one year."""

    year: int
    fen: int


def year_of(classified_on: date, opened: Counters | None, *, today: date) -> int:
    """Say in which year a loss counts: its own if that is ``opened``, otherwise the current one."""
    is_open = opened is not None and opened.prior_year_end_balance_fen is not None
    return min(classified_on.year, today.year) if is_open else today.year


def count(
    before: Counted | None,
    *,
    classification: Classification,
    principal_fen: int,
    covered_fen: int,
    year: int,
) -> Counted:
    """Say what a classified loan counts: its principal as far as it is covered, or nothing.

    A loan that counts already stays in its year; another one counts in ``year``.
    """
    fen = min(principal_fen, covered_fen) if classification in NON_PERFORMING else 0
    return Counted(before.year if before is not None and before.fen else year, fen)


def moved(counters: Counters, before: Counted | None, after: Counted) -> Counters:
    """Let a loan's new figure take the place of its old one in the year's numerator."""
    was = before.fen if before is not None and before.year == after.year else 0
    return replace(
        counters, npl_principal_loss_fen=counters.npl_principal_loss_fen + after.fen - was
    )


def assess(
    breaker: Breaker, counters: Counters, pack: Pack, *, today: date
) -> tuple[Breaker, tuple[BreakerEvent, ...]]:
    """Hold the current year's figures against the pack; a suspension stays until it is restored.

    Figures of another year, or of one whose opening nobody stated, decide nothing.
    """
    if counters.prior_year_end_balance_fen is None or counters.year != today.year:
        return breaker, ()
    result = check_breakers(pack, metrics=metrics_of(counters, pack))
    found = BreakerState(result.state)
    was = breaker.state
    state = BreakerState.SUSPENDED if was is BreakerState.SUSPENDED else found
    after = replace(
        _figures(breaker, counters, result),
        state=state,
        changed_on=breaker.changed_on if state is was else today,
        reason=breaker.reason if state is was else None,
    )
    if state is was or state is BreakerState.NORMAL:
        return after, ()
    told = BreakerTripped if state is BreakerState.SUSPENDED else BreakerWarned
    event = told(
        programme=breaker.programme,
        bank=breaker.bank,
        numerator_fen=after.numerator_fen,
        base_fen=after.base_fen,
        threshold_ppm=after.threshold_ppm,
        on=today,
    )
    return after, (event,)


def restore(
    breaker: Breaker, counters: Counters, pack: Pack, *, org: str, reason: str, today: date
) -> tuple[Breaker, BreakerRestored]:
    """Let the bank enrol again, by decision, with this year's ratio below the threshold.

    Raises :class:`OwnBreaker`, :class:`BreakerNotSuspended`, :class:`RatioStillReached`,
    ``YearNotOpened``.
    """
    if org == breaker.bank:
        raise OwnBreaker(f"{org} does not decide on its own breaker")
    if breaker.state is not BreakerState.SUSPENDED:
        raise BreakerNotSuspended(f"{breaker.bank} in {breaker.programme} is {breaker.state}")
    result = check_breakers(pack, metrics=metrics_of(counters, pack))
    now = _figures(breaker, counters, result)
    if BreakerState(result.state) is BreakerState.SUSPENDED:
        refusal = _figures_told(now, code="ratio", field=None)
        raise RatioStillReached(refusal.en, violations=(refusal,))
    restored = replace(now, state=BreakerState(result.state), changed_on=today, reason=reason)
    event = BreakerRestored(programme=breaker.programme, bank=breaker.bank, reason=reason, on=today)
    return restored, event


def enrolment_refusal(breaker: Breaker | None) -> Violation | None:
    """Say why a bank may not enrol, with numerator, base and threshold; None if it may."""
    if breaker is None or breaker.state is not BreakerState.SUSPENDED:
        return None
    return _figures_told(breaker, code="breaker-suspended", field="/bank")


def metrics_of(counters: Counters, pack: Pack) -> Mapping[str, int]:
    """Return the metrics that a pack's breakers read; raises ``YearNotOpened`` without a base."""
    kept = {
        "npl_principal_loss_fen": counters.npl_principal_loss_fen,
        "prior_year_end_balance_fen": counters.base_fen,
    }
    return {name: kept[name] for name in pack.metrics}


def _figures(breaker: Breaker, counters: Counters, result: BreakerResult) -> Breaker:
    return replace(
        breaker,
        year=counters.year,
        numerator_fen=counters.npl_principal_loss_fen,
        base_fen=counters.base_fen,
        ratio_ppm=result.ratio_ppm,
        threshold_ppm=result.threshold_ppm,
    )


def _figures_told(breaker: Breaker, *, code: str, field: str | None) -> Violation:
    loss, base = Money(breaker.numerator_fen).yuan(), Money(breaker.base_fen).yuan()
    threshold = Rate(breaker.threshold_ppm).percent()
    limit = breaker.base_fen * breaker.threshold_ppm // 1_000_000
    return Violation(
        code=code,
        zh=f"{breaker.year} 年不良本金损失 {loss} 元，上年末余额 {base} 元，熔断线 {threshold}",
        en=f"{breaker.year}: bad principal {loss} yuan on a prior year-end balance of {base} yuan, "
        f"suspended from {threshold}",
        field=field,
        limit=limit,
        actual=breaker.numerator_fen,
    )
