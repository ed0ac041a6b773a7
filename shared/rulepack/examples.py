"""A pack proves itself: its own examples are run, and each must come out as the pack says."""

from dataclasses import dataclass
from typing import assert_never

from shared.errors import DomainError
from shared.rulepack.breakers import check_breakers
from shared.rulepack.capacities import check_capacity
from shared.rulepack.errors import Path
from shared.rulepack.fees import quote_fee
from shared.rulepack.pack import Pack
from shared.rulepack.paybacks import quote_payback
from shared.rulepack.promises import (
    AnyExample,
    BreakerExample,
    CapacityExample,
    FeeExample,
    PaybackExample,
    RecoveryExample,
    SplitExample,
    SubsidyExample,
    TermsExample,
)
from shared.rulepack.splitting import split_loss, split_recovery
from shared.rulepack.subsidies import quote_subsidy
from shared.rulepack.terms import check_terms


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example came out: what the pack promises and what it gives."""

    name: str
    path: Path
    expected: str
    actual: str

    @property
    def passed(self) -> bool:
        """Tell whether the pack gives what it promises."""
        return self.expected == self.actual


def run_examples(pack: Pack) -> tuple[ExampleResult, ...]:
    """Run every example of a pack that passed its checks."""
    return tuple(_run(pack, i, example) for i, example in enumerate(pack.examples))


def _run(pack: Pack, position: int, example: AnyExample) -> ExampleResult:
    path: Path = ("examples", position)
    try:
        expected, actual = _outcome(pack, example)
    except DomainError as refusal:
        reason = f"refused: {refusal.code} ({refusal.detail})"
        return ExampleResult(example.name, path, "an answer", reason)
    return ExampleResult(example.name, path, _told(expected), _told(actual))


def _outcome(pack: Pack, example: AnyExample) -> tuple[object, object]:
    match example:
        case SplitExample():
            return _split(pack, example)
        case RecoveryExample():
            in_order = {
                party: example.borne[party] for party in pack.order if party in example.borne
            }
            came = split_recovery(in_order, cash_fen=example.cash_fen, costs_fen=example.costs_fen)
            legs = {leg.party: leg.amount_fen for leg in came.legs}
            return (dict(example.amounts), example.surplus_fen), (legs, came.surplus_fen)
        case TermsExample():
            terms = check_terms(pack, facts=example.facts, benchmarks=example.benchmarks)
            refusals = tuple(finding.code for finding in terms.refusals)
            warnings = tuple(finding.code for finding in terms.warnings)
            return (example.refusals, example.warnings), (refusals, warnings)
        case BreakerExample():
            return example.state, check_breakers(pack, metrics=example.metrics).state
        case _:
            return _quoted(pack, example)


_Quoted = FeeExample | SubsidyExample | PaybackExample | CapacityExample


def _quoted(pack: Pack, example: _Quoted) -> tuple[object, object]:
    match example:
        case FeeExample():
            return example.fee_fen, quote_fee(pack, facts=example.facts).fee_fen
        case SubsidyExample():
            quoted = quote_subsidy(pack, facts=example.facts)
            expected = (example.gross_fen, example.base_fen, example.subsidy_fen)
            return expected, (quoted.gross_fen, quoted.base_fen, quoted.subsidy_fen)
        case PaybackExample():
            paid_back = quote_payback(pack, facts=example.facts)
            return example.payback_fen, paid_back.payback_fen
        case CapacityExample():
            held = check_capacity(pack, facts=example.facts)
            codes = tuple(finding.code for finding in held.refusals)
            promised = (example.refusals, dict(example.headroom_fen))
            return promised, (codes, dict(held.headroom_fen))
        case _:
            assert_never(example)


def _split(pack: Pack, example: SplitExample) -> tuple[object, object]:
    expected = example.refused or dict(example.amounts)
    try:
        result = split_loss(
            pack,
            on=example.on,
            loss_fen=example.loss_fen,
            recovered_fen=example.recovered_fen,
            facts=example.facts,
            counters=example.counters,
        )
    except DomainError as refusal:
        return expected, refusal.code
    return expected, {leg.party: leg.amount_fen for leg in result.legs}


def _told(outcome: object) -> str:
    """Write an outcome so that equal outcomes are equal text, whatever the order of the parties."""
    if isinstance(outcome, dict):
        return ", ".join(f"{name} {outcome[name]}" for name in sorted(outcome))
    if isinstance(outcome, tuple):
        return "(" + "; ".join(_told(part) for part in outcome) + ")"
    return str(outcome)
