"""Programmes (方案): one scheme of the city, with its rule pack, its fund, its parties, its quota.

Sources: docs/adr/0005-rule-packs-as-data.md; the pack's own document (such as 财金〔2024〕60号)
for the numbers. A programme is filed by one person of its fund and activated by another (四眼原则);
its parties are institutions of the directory whose kind may bear a loss. It pins
the version and the digest of its pack, and every guarantee enrolled in it pins the same, so that a
later version cannot rewrite what was agreed. A pack can be a programme's only if an enrolment knows
every fact, and a claim every counter, that it reads.

Counters run per calendar year: over the whole programme (a cap such as 10 % of the prior year-end
balance) and per bank (the breaker's base). The year's opening states the balance at the end of the
year before. Example: opening 8,000,000,000 fen, cap 10 %: the pool bears at most 800,000,000 fen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.guarantee.known.rules import KnownInstitution
from shared.errors import (
    Conflict,
    Forbidden,
    FourEyes,
    Malformed,
    NotFound,
    RuleViolation,
    Violation,
)
from shared.events.guarantee import GuaranteeType, ProgrammeActivated
from shared.events.registry import InstitutionKind
from shared.money import Money
from shared.rulepack.facts import facts_read
from shared.rulepack.pack import Pack

WHOLE_PROGRAMME = ""
"""The ``bank`` of the counters that run over all banks of a programme."""

PARTIES_OF_THE_LOAN = ("bank", "guarantor")
"""Parties whose organisation comes from the loan; every other one is fixed by the programme."""

FUNDS: frozenset[InstitutionKind] = frozenset({"fund"})
"""What the party is whose leg is paid out of the ledger."""

SHARERS: frozenset[InstitutionKind] = FUNDS | {"guarantor", "reguarantor", "insurer", "department"}
"""What a fixed party may be: a department bears a share out of its budget, a bank lends."""

SUPPLIED_FACTS = frozenset(
    {
        "amount_fen",
        "firm_categories",
        "firm_guaranteed_balance_fen",
        "guaranteed_amount_fen",
        "low_carbon_listed",
        "rate_ppm",
        "tenor_months",
    }
)
"""Facts that an enrolment knows, beside the share of every party (``<party>_share_ppm``)."""

LOW_CARBON_LIST = "low-carbon-enterprises"
"""The list (名单) of registry that ``low_carbon_listed`` speaks of."""


class ProgrammeExists(Conflict):
    """The code is taken."""

    code = "programme-exists"
    title_zh = "方案编号已存在"
    title_en = "Programme exists"


class ProgrammeNotFound(NotFound):
    """No programme has the code."""

    code = "programme-not-found"
    title_zh = "未找到方案"
    title_en = "Programme not found"


class ProgrammeUnworkable(RuleViolation):
    """Pack, parties and fund do not fit together."""

    code = "programme-unworkable"
    title_zh = "方案要素不相配"
    title_en = "Programme does not fit together"


class NotTheFund(Forbidden):
    """Only the programme's fund files it, activates it and opens its years."""

    code = "not-the-fund"
    title_zh = "仅方案的基金方可以办理"
    title_en = "Not the programme's fund"


class ProgrammeNotDraft(Conflict):
    """The programme was activated before."""

    code = "programme-not-draft"
    title_zh = "方案已生效"
    title_en = "Programme already active"


class PackChanged(Conflict):
    """The pack under the pinned version is not the one that was pinned."""

    code = "rule-pack-changed"
    title_zh = "规则包内容已变化"
    title_en = "Rule pack changed under its version"


class YearNotOpened(RuleViolation):
    """A cap or a breaker needs the balance at the end of the year before, and nobody stated it."""

    code = "year-not-opened"
    title_zh = "未登记上年末余额"
    title_en = "Year not opened"
    action_zh = "请先登记该年度的上年末余额，再重试。"
    action_en = "State the prior year-end balance of the year first, then try again."


class ProgrammeState(StrEnum):
    """A draft decides nothing; an active programme enrols."""

    DRAFT = "draft"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class PinnedPack:
    """Which pack decides: id, version, and digest as ``sha256:<hex>``."""

    id: str
    version: int
    digest: str

    @classmethod
    def of(cls, pack: Pack) -> "PinnedPack":
        """Pin a pack as it is now."""
        return cls(pack.id, pack.version, pack.digest)

    @property
    def digest_hex(self) -> str:
        """The digest as events carry it: 64 hexadecimal digits."""
        return self.digest.removeprefix("sha256:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """One programme. ``due_days`` are calendar days in which a leg of a loss is to be paid.

    Losses above ``approval_limit_fen`` are approved by who holds the larger right; None: by all.
    """

    code: str
    title: str
    pack: PinnedPack
    fund: str
    parties: Mapping[str, str]
    quota_fen: int
    enrolled_fen: int = 0
    period_months: int
    guarantee_type: GuaranteeType
    enrolment_days: int
    due_days: int
    effective_from: date
    approval_limit_fen: int | None = None
    state: ProgrammeState = ProgrammeState.DRAFT
    created_by: str
    activated_by: str | None = None

    @property
    def headroom_fen(self) -> int:
        """What may still be enrolled."""
        return self.quota_fen - self.enrolled_fen

    def enrols_on(self, day: date) -> bool:
        """Tell whether it takes loans on a business date."""
        return self.state is ProgrammeState.ACTIVE and self.effective_from <= day

    def require_fund(self, org: str) -> None:
        """Raise :class:`NotTheFund` for another organisation: it is the fund's money."""
        if org != self.fund:
            raise NotTheFund(f"programme {self.code} is its fund's")

    def org_of(self, party: str, *, bank: str, guarantor: str) -> str:
        """Return the organisation that stands for a party of the pack in one guarantee."""
        return {**self.parties, "bank": bank, "guarantor": guarantor}[party]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What one programme, or one bank in it, already used up in a calendar year."""

    programme: str
    bank: str
    year: int
    prior_year_end_balance_fen: int | None = None
    pool_paid_fen: int = 0
    claims_paid_fen: int = 0
    npl_principal_loss_fen: int = 0

    @property
    def base_fen(self) -> int:
        """The prior year-end balance; raises :class:`YearNotOpened` where nobody stated it."""
        if self.prior_year_end_balance_fen is None:
            whose = f"bank {self.bank} in {self.programme}" if self.bank else self.programme
            raise YearNotOpened(f"{whose} has no opening for {self.year}")
        return self.prior_year_end_balance_fen

    def as_inputs(self, pack: Pack) -> dict[str, int]:
        """Return the counters that a pack reads, by its names.

        The base of a compensation-rate cap is the agreement's (财金〔2024〕60号 leaves it open): it
        is the balance that the year's opening states. Raises :class:`YearNotOpened`.
        """
        return {name: self._value_of(name) for name in pack.counters}

    def moved(self, moves: Mapping[str, int]) -> "Counters":
        """Add what an accepted decision uses up, by the pack's names of the counters."""
        return replace(
            self,
            pool_paid_fen=self.pool_paid_fen + moves.get("pool_paid_this_year_fen", 0),
            claims_paid_fen=self.claims_paid_fen + moves.get("claims_paid_this_year_fen", 0),
        )

    def _value_of(self, name: str) -> int:
        match name:
            case "pool_paid_this_year_fen":
                return self.pool_paid_fen
            case "claims_paid_this_year_fen":
                return self.claims_paid_fen
            case "prior_year_end_balance_fen" | "rate_cap_base_fen":
                return self.base_fen
            case _:
                raise Malformed(f"no counter {name} is kept")


KEPT_COUNTERS = frozenset(
    {
        "claims_paid_this_year_fen",
        "pool_paid_this_year_fen",
        "prior_year_end_balance_fen",
        "rate_cap_base_fen",
    }
)
"""Counters that :meth:`Counters.as_inputs` can answer."""

KEPT_METRICS = frozenset({"npl_principal_loss_fen", "prior_year_end_balance_fen"})
"""Metrics that are kept per bank for the breakers."""


def file(
    programme: Programme, pack: Pack, *, institutions: Mapping[str, KnownInstitution]
) -> Programme:
    """File a programme as a draft; raises :class:`ProgrammeUnworkable` naming every misfit.

    ``institutions`` are those of its parties that the directory knows.
    """
    found = (
        *_pack_misfits(programme, pack),
        *_party_misfits(programme, pack),
        *_institution_misfits(programme, pack, institutions),
    )
    if found:
        raise ProgrammeUnworkable("; ".join(v.en for v in found), violations=found)
    return replace(programme, pack=PinnedPack.of(pack), state=ProgrammeState.DRAFT)


def activate(programme: Programme, pack: Pack, *, by: str) -> tuple[Programme, ProgrammeActivated]:
    """Activate a draft by a second person.

    Raises :class:`ProgrammeNotDraft`, :class:`FourEyes`, :class:`PackChanged`.
    """
    if programme.state is not ProgrammeState.DRAFT:
        raise ProgrammeNotDraft(f"programme {programme.code} is active")
    if by == programme.created_by:
        raise FourEyes(f"programme {programme.code} was filed by the same person")
    confirm_pin(programme.pack, pack)
    event = ProgrammeActivated(
        programme=programme.code,
        rule_pack_id=programme.pack.id,
        rule_pack_version=programme.pack.version,
        rule_pack_digest=programme.pack.digest_hex,
        effective_from=programme.effective_from,
    )
    return replace(programme, state=ProgrammeState.ACTIVE, activated_by=by), event


def confirm_pin(pin: PinnedPack, pack: Pack) -> None:
    """Refuse a pack that is not the pinned one, byte for byte; raises :class:`PackChanged`."""
    if PinnedPack.of(pack) != pin:
        raise PackChanged(f"rule pack {pin.id} version {pin.version} is not what was pinned")


def quota_refusal(programme: Programme, *, amount_fen: int) -> Violation | None:
    """Say why an amount does not fit under the quota (额度), or nothing."""
    if amount_fen <= programme.headroom_fen:
        return None
    left = Money(programme.headroom_fen).yuan()
    return Violation(
        code="quota-exhausted",
        zh=f"方案剩余额度 {left} 元，不足本笔金额",
        en=f"the programme's quota has {left} yuan left, less than the amount",
        field="/amount_fen",
        limit=programme.headroom_fen,
        actual=amount_fen,
    )


def _pack_misfits(programme: Programme, pack: Pack) -> tuple[Violation, ...]:
    found = []
    if not pack.in_force(programme.effective_from):
        found.append(_misfit("not-in-force", "/effective_from", "规则包该日未施行", "not in force"))
    if not pack.tiers or pack.ledger_party is None:
        found.append(
            _misfit("no-shares", "/rule_pack", "规则包不分担损失", "the pack shares no loss")
        )
    supplied = SUPPLIED_FACTS | {f"{party}_share_ppm" for party in pack.order}
    read = dict.fromkeys((*facts_read(pack, "split"), *facts_read(pack, "terms")))
    unknown = [
        *(f"fact {name}" for name in read if name not in supplied),
        *(f"counter {name}" for name in pack.counters if name not in KEPT_COUNTERS),
        *(f"metric {name}" for name in pack.metrics if name not in KEPT_METRICS),
        *(f"benchmark {name}" for name in pack.benchmarks),
    ]
    found += [
        _misfit(
            "input-unknown",
            "/rule_pack",
            f"备案与代偿无法取得规则包所需输入：{name}",
            f"enrolment and claims cannot supply {name}",
        )
        for name in unknown
    ]
    return tuple(found)


def _party_misfits(programme: Programme, pack: Pack) -> tuple[Violation, ...]:
    fixed = [party for party in pack.order if party not in PARTIES_OF_THE_LOAN]
    found = [
        _misfit("party-missing", f"/parties/{party}", f"缺少 {party} 机构", f"names no {party}")
        for party in fixed
        if party not in programme.parties
    ]
    found += [
        _misfit("party-unknown", f"/parties/{party}", f"无需 {party}", f"{party} has no place")
        for party in programme.parties
        if party not in fixed
    ]
    paid_by = programme.parties.get(pack.ledger_party or "")
    if paid_by is not None and paid_by != programme.fund:
        found.append(
            _misfit(
                "fund-differs",
                "/fund",
                f"基金须为 {pack.ledger_party} 方机构 {paid_by}",
                f"the fund must be the organisation of {pack.ledger_party}, {paid_by}",
            )
        )
    return tuple(found)


def _institution_misfits(
    programme: Programme, pack: Pack, institutions: Mapping[str, KnownInstitution]
) -> tuple[Violation, ...]:
    found = []
    for party, org in programme.parties.items():
        known, day = institutions.get(org), programme.effective_from
        kinds = FUNDS if party == pack.ledger_party else SHARERS
        if known is None or not known.acts_on(day):
            zh, en = f"名录中无有效机构 {org}", f"no institution {org} is in the directory then"
            found.append(_misfit("institution-unknown", f"/parties/{party}", zh, en))
        elif known.kind not in kinds:
            zh, en = (
                f"{org} 为 {known.kind}，不能承担",
                f"{org} is a {known.kind} and bears no loss",
            )
            found.append(_misfit("institution-kind", f"/parties/{party}", zh, en))
    return tuple(found)


def _misfit(code: str, field: str, zh: str, en: str) -> Violation:
    return Violation(code=code, zh=zh, en=en, field=field)
