"""What-if questions to a rule pack: answered by the decisions' own mechanism, nothing is kept.

A question names the pack by id, by id and version, or brings a draft. Every refusal points at the
field of the question: ``/facts/firm_categories``, ``/lpr/1Y``, ``/rule_pack/tiers/0``.

Example: 3,333,333.33 yuan by ``nfgf-scitech-2024`` for a high-tech firm is 666,666.67 for the bank,
1,166,666.66 for the national fund, 666,666.67 for the province, 833,333.33 for the guarantor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.errors import Malformed, Violation
from shared.rulepack.breakers import BreakerResult, check_breakers
from shared.rulepack.errors import UnknownInput
from shared.rulepack.pack import Pack
from shared.rulepack.splitting import RecoverySplit, split_recovery
from shared.rulepack.terms import TermsResult, check_terms


class PartyTwice(Malformed):
    """A party stands twice among those who bore the loss."""

    code = "party-twice"
    title_zh = "主体重复"
    title_en = "A party stands twice"


class ScopeUnknown(Malformed):
    """The scope names something that no breaker of the pack is measured by."""

    code = "scope-unknown"
    title_zh = "熔断范围有误"
    title_en = "Unknown breaker scope"


def recovery(borne: Sequence[tuple[str, int]], *, cash_fen: int, costs_fen: int) -> RecoverySplit:
    """Split cash that came back between those who bore the loss; raises ``PartyTwice``."""
    by_party = dict(borne)
    for place, (party, _) in enumerate(borne):
        if party in [earlier for earlier, _ in borne[:place]]:
            raise PartyTwice(
                f"party {party} stands twice",
                violations=(
                    Violation(
                        code="party_twice",
                        zh="每个主体只列一次",
                        en="a party is listed once",
                        field=f"/borne/{place}/party",
                        actual=party,
                    ),
                ),
            )
    return split_recovery(by_party, cash_fen=cash_fen, costs_fen=costs_fen)


def terms(pack: Pack, *, facts: Mapping[str, object], lpr: Mapping[str, object]) -> TermsResult:
    """Check terms; the mechanism's benchmarks are the question's ``lpr``."""
    try:
        return check_terms(pack, facts=facts, benchmarks=lpr)
    except UnknownInput as refused:
        raise UnknownInput(
            refused.detail.replace("/benchmarks/", "/lpr/"),
            violations=tuple(_moved(v, "/benchmarks/", "/lpr/") for v in refused.violations),
        ) from refused


def breaker(
    pack: Pack, *, metrics: Mapping[str, object], scope: Mapping[str, str] | None
) -> BreakerResult:
    """Hold metrics against the pack's breakers; raises ``ScopeUnknown``."""
    result = check_breakers(pack, metrics=metrics)
    measured_by = {name for each in pack.breakers for name in each.scope}
    unknown = [name for name in scope or {} if name not in measured_by]
    if unknown:
        listed = ", ".join(sorted(measured_by))
        raise ScopeUnknown(
            f"the pack's breakers are measured by {listed}",
            violations=tuple(
                Violation(
                    code="scope",
                    zh=f"熔断按 {listed} 计量",
                    en=f"breakers are measured by {listed}",
                    field=f"/scope/{name}",
                )
                for name in unknown
            ),
        )
    return result


def _moved(violation: Violation, before: str, after: str) -> Violation:
    field = violation.field
    return replace(violation, field=None if field is None else field.replace(before, after, 1))
