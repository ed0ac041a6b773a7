"""Whether terms keep within the limits of a pack: every refusal and warning with its figures.

A limit that does not ask (one of its ``when`` rows fails) is passed over; every other one is
evaluated, also after a refusal, so that the caller hears everything at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.rulepack.conditions import RowResult, evaluate, holds, row_steps
from shared.rulepack.errors import SectionMissing
from shared.rulepack.facts import Inputs, quantities_of, read_facts, read_numbers
from shared.rulepack.pack import Limit, Pack, PackReference
from shared.rulepack.trace import Figure, Trace, TraceStep


@dataclass(frozen=True, slots=True)
class Finding:
    """One limit that the terms break: its code, the fact, the limit, what was found, and why."""

    code: str
    fact: str
    limit: Figure
    actual: Figure
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class TermsResult:
    """Whether the terms are accepted; warnings do not refuse."""

    refusals: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    trace: Trace
    pack: PackReference

    @property
    def accepted(self) -> bool:
        """Tell whether no limit refuses."""
        return not self.refusals


def check_terms(
    pack: Pack, *, facts: Mapping[str, object], benchmarks: Mapping[str, object]
) -> TermsResult:
    """Check terms against every limit of the pack, in declared order.

    ``benchmarks`` are rates in ppm by name, of the vintage that the caller chose. Raises
    ``UnknownInput`` naming a fact or benchmark, ``SectionMissing`` where the pack has no limits.
    """
    if not pack.limits:
        raise SectionMissing(f"pack {pack.id} limits no terms")
    needed = [q.benchmark for of, _, q in quantities_of(pack) if of == "terms" and q.benchmark]
    # A scheme without a rate limit is asked with the day's rates too: those it does not know are
    # left aside, for they are market facts and not part of the terms.
    known = {name: value for name, value in benchmarks.items() if name in pack.benchmarks}
    inputs = Inputs(
        facts=read_facts(pack, "terms", facts),
        benchmarks=read_numbers("benchmark", declared=pack.benchmarks, raw=known, required=needed),
    )
    found: dict[str, list[Finding]] = {"refusal": [], "warning": []}
    steps: list[TraceStep] = []
    for limit in pack.limits:
        if holds(limit.when, inputs):
            row = evaluate(limit.require, inputs)
            steps += row_steps("limit", [row], code=limit.code, severity=limit.severity)
            if not row.passed:
                found[limit.severity].append(_finding(limit, row))
    return TermsResult(
        tuple(found["refusal"]), tuple(found["warning"]), tuple(steps), pack.reference
    )


def _finding(limit: Limit, row: RowResult) -> Finding:
    return Finding(
        code=limit.code, fact=row.reads, limit=row.limit, actual=row.actual, zh=row.zh, en=row.en
    )
