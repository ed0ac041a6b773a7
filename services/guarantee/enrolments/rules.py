"""Enrolment (备案): may this loan enter that programme, in which tier, at what cost to the fund.

Sources: the programme's rule pack (limits, tiers); 财金〔2024〕60号 for the tiers by class of firm;
the enrolment window (备案 within N days of signing, or the loan stays outside); the suspension of a
programme for one bank (熔断). Every reason that refuses is told, not only the first.

A bank that only asks what would be decided is told what it brought itself, and nothing of what the
firm owes elsewhere or is: 征信业管理条例 art. 40 punishes who queries a firm's credit without its
consent, and a question is no contract. It learns the code and the limit, not the firm's figure.

Two roundings: the fund's commitment is its share of the amount, rounded up, because a limit must
hold for what may have to be paid. Example: 5,000,000.01 yuan at 35 % commits 175,000,001 fen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.guarantee.fund.rules import Fund, capacity_refusal
from services.guarantee.guarantees.rules import (
    BROUGHT_BY_THE_BANK,
    Application,
    Cover,
    PartyShare,
)
from services.guarantee.known.rules import Firm, KnownInstitution
from services.guarantee.programmes.rules import (
    LOW_CARBON_LIST,
    PinnedPack,
    Programme,
    quota_refusal,
)
from shared.errors import Forbidden, RuleViolation, Violation
from shared.money import Money, Rate, Rounding
from shared.rulepack.errors import NoTier
from shared.rulepack.facts import Inputs, facts_read, read_facts
from shared.rulepack.pack import Pack, Tier
from shared.rulepack.splitting import choose_tier
from shared.rulepack.terms import Finding, check_terms
from shared.rulepack.trace import Figure, Trace


class AskedByNoBank(Forbidden):
    """Only a bank of the directory, valid on the day, asks what an enrolment would be answered."""

    code = "asked-by-no-bank"
    title_zh = "仅名录内有效银行可以查询"
    title_en = "No bank asks"


class EnrolmentRefused(RuleViolation):
    """The programme would decline the loan; every reason is a violation."""

    code = "enrolment-refused"
    title_zh = "不予备案"
    title_en = "Enrolment refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an enrolment is decided on: the loan's terms, its firm, its bank, its days."""

    uscc: str
    bank: str
    amount_fen: int
    rate_ppm: int
    tenor_months: int
    signed_on: date
    requested_on: date

    @classmethod
    def of(cls, application: Application) -> "Terms":
        """Take the terms of an application."""
        return cls(
            uscc=application.uscc,
            bank=application.bank,
            amount_fen=application.amount_fen,
            rate_ppm=application.rate_ppm,
            tenor_months=application.tenor_months,
            signed_on=application.signed_on,
            requested_on=application.requested_on,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that stands against the terms on the day, read under the programme's lock.

    ``breaker`` is why the bank's enrolment is suspended, ``guarantor`` is None in a what-if, where
    none is named yet. ``firm_balance_fen`` is what the firm already has in force.
    """

    programme: Programme
    pack: Pack
    firm: Firm | None
    fund: Fund
    firm_balance_fen: int = 0
    loan_is_covered: bool = False
    breaker: Violation | None = None
    guarantor: KnownInstitution | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the programme says: refusals, or the tier and what it means for each party.

    ``shares`` are in ppm by party, in the order that the pack declares; ``facts`` are those that
    the pack's split reads.
    """

    refusals: tuple[Violation, ...]
    tier: Tier | None
    shares: Mapping[str, int]
    facts: Mapping[str, object]
    commitment_fen: int
    trace: Trace

    @property
    def accepted(self) -> bool:
        """Tell whether nothing refuses."""
        return not self.refusals


def require_bank(institution: KnownInstitution | None, *, on: date) -> None:
    """Raise :class:`AskedByNoBank` for anyone but a bank that acts on the day."""
    if institution is None or institution.kind != "bank" or not institution.acts_on(on):
        raise AskedByNoBank("enrolments are checked for banks of the directory")


def as_told_to_a_bank(refusals: Sequence[Violation]) -> tuple[Violation, ...]:
    """Leave out every figure that the bank did not bring itself."""
    return tuple(
        each if each.field in BROUGHT_BY_THE_BANK else replace(each, actual=None)
        for each in refusals
    )


def decide(terms: Terms, standing: Standing) -> Decision:
    """Decide an enrolment; every reason to refuse is named."""
    refusals = [*_gate_refusals(terms, standing)]
    tier, facts, trace = None, known_facts(terms, standing), Trace()
    try:
        tier, trace = _tier_of(standing.pack, facts)
    except NoTier as refusal:
        refusals.append(_no_tier(refusal, standing))
    commitment = _commitment(standing.pack, tier, amount_fen=terms.amount_fen)
    if tier is not None:
        facts |= {f"{party}_share_ppm": ppm for party, ppm in tier.shares.items()}
        found, why = _terms_refusals(standing.pack, facts)
        refusals += found
        trace += why
    refusals += _room_refusals(terms, standing, commitment)
    return Decision(
        refusals=tuple(refusals),
        tier=tier,
        shares={} if tier is None else {p: tier.shares[p] for p in standing.pack.order},
        facts={name: facts[name] for name in facts_read(standing.pack, "split")},
        commitment_fen=commitment,
        trace=trace,
    )


def cover_of(
    application: Application, standing: Standing, decision: Decision, *, today: date
) -> Cover:
    """Write the terms of the letter from an accepted decision."""
    if decision.tier is None or not decision.accepted:
        raise EnrolmentRefused("a declined application has no letter", violations=decision.refusals)
    programme, pack = standing.programme, standing.pack
    return Cover(
        pack=PinnedPack.of(pack),
        tier=decision.tier.name,
        shares=tuple(
            PartyShare(
                party,
                programme.org_of(party, bank=application.bank, guarantor=application.guarantor),
                share_ppm,
            )
            for party, share_ppm in decision.shares.items()
        ),
        facts=decision.facts,
        fund=programme.fund,
        ledger_party=str(pack.ledger_party),
        commitment_fen=decision.commitment_fen,
        guarantee_type=programme.guarantee_type,
        period_months=programme.period_months,
        due_days=programme.due_days,
        issued_on=today,
    )


def known_facts(terms: Terms, standing: Standing) -> dict[str, object]:
    """Return the facts that the pack declares and that an enrolment knows before its tier."""
    firm, declared = standing.firm, standing.pack.facts
    categories = () if firm is None else firm.categories
    if "firm_categories" in declared:
        # A class that the pack does not speak of cannot place the firm in one of its tiers.
        categories = tuple(c for c in categories if c in declared["firm_categories"].allowed)
    known: dict[str, object] = {
        "amount_fen": terms.amount_fen,
        "firm_categories": categories,
        "firm_guaranteed_balance_fen": standing.firm_balance_fen + terms.amount_fen,
        "guaranteed_amount_fen": terms.amount_fen,
        "low_carbon_listed": firm is not None and LOW_CARBON_LIST in firm.lists,
        "rate_ppm": terms.rate_ppm,
        "tenor_months": terms.tenor_months,
    }
    return {name: value for name, value in known.items() if name in declared}


def _gate_refusals(terms: Terms, standing: Standing) -> list[Violation]:
    programme, day = standing.programme, terms.requested_on
    found = []
    if not programme.enrols_on(day):
        found.append(_refusal("programme-not-active", "方案未生效", "the programme is not active"))
    if not standing.pack.in_force(day):
        found.append(
            _refusal("rule-pack-not-in-force", "规则包已失效", "the rule pack is not in force")
        )
    if standing.breaker is not None:
        found.append(standing.breaker)
    if standing.firm is None:
        found.append(
            _refusal("enterprise-unknown", "企业未登记", "the enterprise is not known", "/uscc")
        )
    if standing.loan_is_covered:
        found.append(
            _refusal("loan-already-covered", "贷款已有担保", "the loan is covered already")
        )
    if standing.guarantor is not None and not _may_guarantee(standing.guarantor, day):
        found.append(
            _refusal("guarantor-not-eligible", "担保机构无资格", "the guarantor may not act")
        )
    late = _window_refusal(terms, programme)
    return [*found, late] if late is not None else found


def _may_guarantee(guarantor: KnownInstitution, day: date) -> bool:
    return guarantor.kind == "guarantor" and guarantor.acts_on(day)


def _window_refusal(terms: Terms, programme: Programme) -> Violation | None:
    days = (terms.requested_on - terms.signed_on).days
    if 0 <= days <= programme.enrolment_days:
        return None
    return Violation(
        code="enrolment-window",
        zh=f"须在签约后 {programme.enrolment_days} 日内备案",
        en=f"a loan is enrolled within {programme.enrolment_days} days of its signing",
        field="/signed_on",
        limit=programme.enrolment_days,
        actual=days,
    )


def _tier_of(pack: Pack, facts: Mapping[str, object]) -> tuple[Tier, Trace]:
    read = facts_read(pack, "split")
    given = {name: facts[name] for name in read}
    return choose_tier(pack, Inputs(facts=read_facts(pack, "split", given)))


def _no_tier(refusal: NoTier, standing: Standing) -> Violation:
    categories = () if standing.firm is None else standing.firm.categories
    return Violation(
        code=refusal.code,
        zh=NoTier.title_zh,
        en=NoTier.title_en,
        field="/uscc",
        limit=", ".join(tier.name for tier in standing.pack.tiers),
        actual=", ".join(categories),
    )


def _terms_refusals(pack: Pack, facts: Mapping[str, object]) -> tuple[list[Violation], Trace]:
    if not pack.limits:
        return [], ()
    given = {name: facts[name] for name in facts_read(pack, "terms")}
    result = check_terms(pack, facts=given, benchmarks={})
    return [_of_finding(finding) for finding in result.refusals], result.trace


def _of_finding(finding: Finding) -> Violation:
    return Violation(
        # A pack's codes are words with underscores; codes on the wire have hyphens.
        code=finding.code.replace("_", "-"),
        zh=finding.zh,
        en=finding.en,
        field=f"/{finding.fact}",
        limit=_shown(finding.limit),
        actual=_shown(finding.actual),
    )


def _shown(figure: Figure) -> int | str:
    if isinstance(figure, tuple):
        return ", ".join(figure)
    return str(figure).lower() if isinstance(figure, bool) else figure


def _room_refusals(terms: Terms, standing: Standing, commitment_fen: int) -> list[Violation]:
    checks = (
        quota_refusal(standing.programme, amount_fen=terms.amount_fen),
        capacity_refusal(standing.fund, amount_fen=commitment_fen),
    )
    return [refusal for refusal in checks if refusal is not None]


def _commitment(pack: Pack, tier: Tier | None, *, amount_fen: int) -> int:
    if tier is None or pack.ledger_party is None:
        return 0
    share = Rate(tier.shares[pack.ledger_party])
    return share.of(Money(amount_fen), Rounding.UP).fen


def _refusal(code: str, zh: str, en: str, field: str | None = None) -> Violation:
    return Violation(code=code, zh=zh, en=en, field=field)
