"""Requests and responses of the programmes."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from services.guarantee.programmes.handlers import Shown
from services.guarantee.programmes.rules import (
    WHOLE_PROGRAMME,
    Counters,
    PinnedPack,
    Programme,
    ProgrammeState,
)
from shared.events.fields import PackId
from shared.events.guarantee import GuaranteeType
from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.pack import Pack
from shared.web.fields import (
    Body,
    Day,
    Fen,
    Months,
    OrgCode,
    PositiveFen,
    Text,
    View,
)
from shared.web.paging import Page
from shared.web.rule_packs import RulePackView

Days = Annotated[int, Field(strict=True, ge=0, le=3660, description="calendar days", examples=[30])]
DueDays = Annotated[
    int, Field(strict=True, ge=1, le=366, description="calendar days", examples=[10])
]
Year = Annotated[int, Field(strict=True, ge=2000, le=2100, examples=[2026])]
Parties = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")], OrgCode],
    Field(
        max_length=20,
        description="organisation of every party but bank and guarantor",
        examples=[{"nfgf": "fund-nfgf", "province": "reguarantor-js"}],
    ),
]
ApprovalLimit = Annotated[
    PositiveFen,
    Field(description="a larger loss takes the scope guarantee.claims:approve-large, fen"),
]
GuaranteeTypeField = Annotated[GuaranteeType, Field(examples=["joint_and_several"])]


class FileProgramme(Body):
    """A programme to be: its pack in force on ``effective_from``, its fund, parties and quota."""

    programme: OrgCode
    title: Text
    rule_pack: PackId
    fund: OrgCode
    parties: Parties
    quota_fen: PositiveFen
    period_months: Months
    guarantee_type: GuaranteeTypeField
    enrolment_days: Days
    due_days: DueDays
    effective_from: Day
    approval_limit_fen: ApprovalLimit | None = None

    def pack(self, packs: PackCatalogue) -> Pack:
        """Find the pack's version in force on the day; raises PackNotFound."""
        return packs.get(self.rule_pack, on=self.effective_from)

    def draft(self, pack: Pack, *, by: str) -> Programme:
        """Read the draft that a person files."""
        return Programme(
            code=self.programme,
            title=self.title,
            pack=PinnedPack.of(pack),
            fund=self.fund,
            parties=self.parties,
            quota_fen=self.quota_fen,
            period_months=self.period_months,
            guarantee_type=self.guarantee_type,
            enrolment_days=self.enrolment_days,
            due_days=self.due_days,
            effective_from=self.effective_from,
            approval_limit_fen=self.approval_limit_fen,
            created_by=by,
        )


class CountersView(View):
    """What a year already used up; ``bank`` is null for the whole programme."""

    year: Year
    bank: OrgCode | None
    prior_year_end_balance_fen: Fen | None
    pool_paid_fen: Fen
    claims_paid_fen: Fen
    npl_principal_loss_fen: Fen

    @classmethod
    def of(cls, counters: Counters) -> Self:
        """Show counters."""
        return cls(
            year=counters.year,
            bank=None if counters.bank == WHOLE_PROGRAMME else counters.bank,
            prior_year_end_balance_fen=counters.prior_year_end_balance_fen,
            pool_paid_fen=counters.pool_paid_fen,
            claims_paid_fen=counters.claims_paid_fen,
            npl_principal_loss_fen=counters.npl_principal_loss_fen,
        )


class ProgrammeView(View):
    """A programme; ``version`` counts its events and is its ETag, 0 for a draft."""

    programme: OrgCode
    title: Text
    state: Annotated[ProgrammeState, Field(examples=["active"])]
    rule_pack: RulePackView
    fund: OrgCode
    parties: Parties
    quota_fen: Fen
    enrolled_fen: Fen
    period_months: Months
    guarantee_type: GuaranteeTypeField
    enrolment_days: Days
    due_days: DueDays
    effective_from: Day
    approval_limit_fen: ApprovalLimit | None
    created_by: str = Field(examples=["operator"])
    activated_by: str | None = Field(examples=["fund-lyg-checker"])
    version: int = Field(examples=[1])
    counters: list[CountersView] = Field(
        description="newest year first; a bank sees the programme's and its own"
    )

    @classmethod
    def of(cls, shown: Shown) -> Self:
        """Show a programme with the counters that its reader may see."""
        programme = shown.stored.programme
        pack = programme.pack
        return cls(
            programme=programme.code,
            title=programme.title,
            state=programme.state,
            rule_pack=RulePackView(id=pack.id, version=pack.version, digest=pack.digest),
            fund=programme.fund,
            parties=dict(programme.parties),
            quota_fen=programme.quota_fen,
            enrolled_fen=programme.enrolled_fen,
            period_months=programme.period_months,
            guarantee_type=programme.guarantee_type,
            enrolment_days=programme.enrolment_days,
            due_days=programme.due_days,
            effective_from=programme.effective_from,
            approval_limit_fen=programme.approval_limit_fen,
            created_by=programme.created_by,
            activated_by=programme.activated_by,
            version=shown.version,
            counters=[CountersView.of(counters) for counters in shown.counters],
        )


ProgrammePage = Page[ProgrammeView]
