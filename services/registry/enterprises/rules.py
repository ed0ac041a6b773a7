"""Enterprises (企业): who they are, and the figures that departments record about them.

The aggregate is the enterprise, keyed by its unified social credit code: its registration, profile,
qualifications and list memberships share one sequence of events. Regions are GB/T 2260 codes of the
city; chains are the ten key industrial chains of 连政办发〔2024〕13号 §1(3).

Whose word stands: name, region and chain are those of the organisation that registered the
enterprise, and only it corrects them. Figures are those of who recorded them last by a command of
its own; a list fills them in where there are none, and renews those that its publisher recorded.

Example: 科技局's list names a firm; 工信局's list names it later with another name and tax grade.
The firm is on both lists, under the first name, with the first figures.
"""

from dataclasses import dataclass, replace
from typing import get_args

from shared.errors import Forbidden, Malformed, Violation
from shared.events.registry import EnterpriseRegistered, ProfileRecorded, TaxGrade
from shared.uscc import Uscc

REGIONS = {
    "320703": "连云区",
    "320706": "海州区",
    "320707": "赣榆区",
    "320722": "东海县",
    "320723": "灌云县",
    "320724": "灌南县",
}
CHAINS = {
    "petrochemical": "石化",
    "biomedicine": "生物医药",
    "high_performance_fibre": "高性能纤维及复合材料",
    "new_chemical_materials": "化工新材料",
    "steel_alloy": "钢铁合金",
    "new_energy": "新能源",
    "high_end_equipment": "高端装备",
    "silicon_materials": "硅材料",
    "green_food": "绿色食品",
    "information_industry": "信息产业",
}
TAX_GRADES = get_args(TaxGrade)


class UnknownRegionOrChain(Malformed):
    """The region or chain is not one of the city's."""

    code = "unknown-region-or-chain"
    title_zh = "区划或产业链不在目录内"
    title_en = "Unknown region or chain"


class NotTheRegisteringOrganisation(Forbidden):
    """Another organisation registered the enterprise; its name, region and chain stand."""

    code = "not-the-registering-organisation"
    title_zh = "非登记机构"
    title_en = "Not the registering organisation"
    action_zh = "企业名称、区划与产业链以登记机构为准，请由登记机构更正。"
    action_en = "Name, region and chain are corrected by the organisation that registered them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Figures about an enterprise as one department states them; sales in fen."""

    staff: int
    sales_fen: int
    tax_grade: TaxGrade
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """One enterprise, as ``registered_by`` states it."""

    uscc: Uscc
    name: str
    region: str
    chain: str
    registered_by: str
    profile: Profile | None = None

    def profile_for(self, reader: str | None) -> Profile | None:
        """Return the figures if the reader recorded them; None reads those of any department."""
        if self.profile is None or reader in (None, self.profile.recorded_by):
            return self.profile
        return None


@dataclass(frozen=True, slots=True)
class Stored:
    """An enterprise with its version."""

    enterprise: Enterprise
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a locked enterprise became, and the version that it was locked at."""

    stored: Stored
    expected_version: int


def check_place(region: str, chain: str) -> tuple[Violation, ...]:
    """Return why region or chain is not the city's; empty if both are."""
    found = []
    if region not in REGIONS:
        found.append(
            Violation(
                code="unknown_region",
                zh="行政区划代码不在本市范围",
                en="not a region of the city",
                field="region",
                limit=", ".join(REGIONS),
                actual=region[:20],
            )
        )
    if chain not in CHAINS:
        found.append(
            Violation(
                code="unknown_chain",
                zh="不属十条重点产业链",
                en="not one of the ten chains",
                field="chain",
                limit=", ".join(CHAINS),
                actual=chain[:40],
            )
        )
    return tuple(found)


def contested(known: Enterprise, stated: Enterprise) -> tuple[str, ...]:
    """Name the fields that another organisation states otherwise than who registered it."""
    if stated.registered_by == known.registered_by:
        return ()
    fields = ("name", "region", "chain")
    return tuple(field for field in fields if getattr(known, field) != getattr(stated, field))


def register(
    known: Enterprise | None, enterprise: Enterprise
) -> tuple[Enterprise, list[EnterpriseRegistered]]:
    """Register an enterprise, or correct its name, region or chain; nothing new, no event.

    Raises :class:`UnknownRegionOrChain`, or :class:`NotTheRegisteringOrganisation` where another
    one would correct it.
    """
    violations = check_place(enterprise.region, enterprise.chain)
    if violations:
        raise UnknownRegionOrChain("region or chain is not the city's", violations=violations)
    if known is not None:
        fields = contested(known, enterprise)
        if fields:
            raise _stands(known, fields)
        enterprise = replace(enterprise, profile=known.profile, registered_by=known.registered_by)
        if enterprise == known:
            return known, []
    event = EnterpriseRegistered(
        uscc=enterprise.uscc.code,
        name=enterprise.name,
        region=enterprise.region,
        chain=enterprise.chain,
    )
    return enterprise, [event]


def _stands(known: Enterprise, fields: tuple[str, ...]) -> NotTheRegisteringOrganisation:
    return NotTheRegisteringOrganisation(
        f"enterprise {known.uscc} was registered by {known.registered_by}",
        violations=tuple(
            Violation(
                code="registered_by_another",
                zh="以登记机构的内容为准",
                en="is as the registering organisation states it",
                field=f"/{field}",
            )
            for field in fields
        ),
    )


def record_profile(
    enterprise: Enterprise, profile: Profile
) -> tuple[Enterprise, list[ProfileRecorded]]:
    """Record figures; the same figures of the same department again are no event."""
    if enterprise.profile == profile:
        return enterprise, []
    event = ProfileRecorded(
        uscc=enterprise.uscc.code,
        recorded_by=profile.recorded_by,
        staff=profile.staff,
        sales_fen=profile.sales_fen,
        tax_grade=profile.tax_grade,
    )
    return replace(enterprise, profile=profile), [event]
