"""The catalogue of feeds (信息资源目录): what each carries, whose data it is, how strict it is.

Sources: 政务数据共享条例 (State Council Order 809: a catalogue names the item, its provider, its
fields and its sharing class), 征信业管理条例 art. 40(3) (no query without consent).
A feed's fields are the only part of an event that can ever leave through it; a field is read under
a grant that names it, and never by an institution that is not cleared for its class. A type that
corrects or withdraws what others said is marked: it reaches everyone who was shown those.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import NotFound
from shared.events.credit import LoanClassified, OverdueReported
from shared.events.envelope import DataClass, Event
from shared.events.guarantee import (
    BreakerRestored,
    BreakerTripped,
    BreakerWarned,
    ProgrammeActivated,
    ProgrammePackAdopted,
)
from shared.events.insurance import PolicyBound, QualificationConfirmed, SubsidyPaid
from shared.events.registry import (
    InstitutionKind,
    ListMemberAdded,
    ListMemberRemoved,
    ProfileRecorded,
    QualificationAmended,
    QualificationGranted,
    QualificationRevoked,
)

STRICTNESS = tuple(DataClass)
"""From what anyone may know to what only the parties to a contract may."""

CLEARANCE: Mapping[InstitutionKind, DataClass] = {
    "department": DataClass.CONFIDENTIAL,
    "fund": DataClass.CONFIDENTIAL,
    "reguarantor": DataClass.CONFIDENTIAL,
    "guarantor": DataClass.CONFIDENTIAL,
    "bank": DataClass.SENSITIVE,
    "insurer": DataClass.SENSITIVE,
    "platform": DataClass.INTERNAL,
}
"""The strictest class that a kind of institution may be granted.

A bank or an insurer is not cleared for what another bank reports of the same enterprise.
"""


class UnknownFeed(NotFound):
    """The catalogue has no feed of this code."""

    code = "unknown-feed"
    title_zh = "目录中没有该信息资源"
    title_en = "No such feed in the catalogue"
    action_zh = "请从 GET /v1/feeds 的目录中选择。"
    action_en = "Choose one that GET /v1/feeds lists."


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a feed: its name in the events, its names for people, its class."""

    name: str
    zh: str
    en: str
    data_class: DataClass = DataClass.INTERNAL


@dataclass(frozen=True, slots=True)
class Correction:
    """A type of event that corrects or withdraws (更正) what earlier events of other types said."""

    kind: type[Event]
    corrected: tuple[type[Event], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One entry of the catalogue.

    ``state_key`` names the fields that tell one thing's states from another's (``type`` stands for
    the event's type): of entries with the same values only the newest outlives the retention.
    """

    code: str
    title_zh: str
    title_en: str
    provider: str
    shared_attribute: str
    types: tuple[type[Event], ...]
    fields: tuple[Field, ...]
    state_key: tuple[str, ...]
    corrections: tuple[Correction, ...] = ()
    retention_days: int = 400

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in catalogue order."""
        return tuple(field.name for field in self.fields)

    def field(self, name: str) -> Field | None:
        """Return the field of a name, or None if the feed has none."""
        return next((field for field in self.fields if field.name == name), None)

    def fields_of(self, event_type: type[Event]) -> tuple[str, ...]:
        """Return the names of the feed's fields that events of a type carry."""
        return tuple(name for name in self.names if name in event_type.model_fields)

    def corrected_by(self, type_name: str) -> frozenset[str]:
        """Return the fields whose readers an entry of a type corrects; none if it is no correction.

        The shared attribute is not among them: it alone was never shown to anyone.
        """
        corrected = (c.corrected for c in self.corrections if type_name == c.kind.TYPE)
        names = (name for types in corrected for found in types for name in self.fields_of(found))
        return frozenset(names) - {self.shared_attribute}


_USCC = Field("uscc", "统一社会信用代码", "unified social credit code")
_CONFIDENTIAL = DataClass.CONFIDENTIAL
_SENSITIVE = DataClass.SENSITIVE

FEEDS: tuple[Feed, ...] = (
    Feed(
        code="enterprise-qualifications",
        title_zh="企业资格与名单",
        title_en="enterprises' qualifications and lists",
        provider="dept-kj",
        shared_attribute="uscc",
        types=(
            QualificationGranted,
            QualificationAmended,
            QualificationRevoked,
            ListMemberAdded,
            ListMemberRemoved,
        ),
        fields=(
            _USCC,
            Field("qualification_id", "资格编号", "qualification id"),
            Field("category", "资格类别", "category"),
            Field("certificate_no", "证书编号", "certificate number"),
            Field("granted_by", "认定部门", "granting department"),
            Field("amended_by", "变更部门", "amending department"),
            Field("revoked_by", "撤销部门", "revoking department"),
            Field("reason", "变更或撤销原因", "reason of the change"),
            Field("valid_from", "有效期起", "valid from"),
            Field("valid_to", "有效期止", "valid until, exclusive"),
            Field("revoked_on", "撤销日期", "revoked on"),
            Field("list_code", "名单代码", "list"),
            Field("list_version", "名单版本", "version of the list"),
        ),
        state_key=("uscc", "qualification_id", "list_code"),
        corrections=(
            Correction(QualificationAmended, corrected=(QualificationGranted,)),
            Correction(
                QualificationRevoked, corrected=(QualificationGranted, QualificationAmended)
            ),
            Correction(ListMemberRemoved, corrected=(ListMemberAdded,)),
        ),
    ),
    Feed(
        code="enterprise-profiles",
        title_zh="企业规模与纳税信用",
        title_en="enterprises' size and tax grade",
        provider="dept-sw",
        shared_attribute="uscc",
        types=(ProfileRecorded,),
        fields=(
            _USCC,
            Field("tax_grade", "纳税信用等级", "tax credit grade", _SENSITIVE),
            Field("staff", "从业人数", "staff", _SENSITIVE),
            Field("sales_fen", "销售收入(分)", "sales, fen", _SENSITIVE),
            Field("recorded_by", "登记部门", "recording department"),
        ),
        state_key=("uscc",),
    ),
    Feed(
        code="loan-risks",
        title_zh="贷款逾期与五级分类",
        title_en="overdue loans and their classes",
        provider="dept-jg",
        shared_attribute="uscc",
        types=(OverdueReported, LoanClassified),
        fields=(
            _USCC,
            Field("loan_id", "贷款编号", "loan id", _CONFIDENTIAL),
            Field("bank", "贷款银行", "bank", _CONFIDENTIAL),
            Field("overdue_since", "逾期起始日", "overdue since", _CONFIDENTIAL),
            Field("days_overdue", "逾期天数", "days overdue", _CONFIDENTIAL),
            Field("classification", "五级分类", "class", _CONFIDENTIAL),
            Field(
                "principal_outstanding_fen",
                "未还本金(分)",
                "principal outstanding, fen",
                _CONFIDENTIAL,
            ),
            Field("reported_on", "报告日期", "reported on", _CONFIDENTIAL),
            Field("classified_on", "分类日期", "classified on", _CONFIDENTIAL),
        ),
        state_key=("loan_id", "type"),
    ),
    Feed(
        code="guarantee-programmes",
        title_zh="担保方案与熔断",
        title_en="guarantee programmes and breakers",
        provider="dept-cz",
        shared_attribute="programme",
        types=(
            ProgrammeActivated,
            ProgrammePackAdopted,
            BreakerWarned,
            BreakerTripped,
            BreakerRestored,
        ),
        fields=(
            Field("programme", "方案代码", "programme"),
            Field("rule_pack_id", "规则包", "rule pack"),
            Field("rule_pack_version", "规则包版本", "version of the rule pack"),
            Field("effective_from", "生效日", "effective from"),
            Field("bank", "合作银行", "bank"),
            Field("numerator_fen", "损失额(分)", "losses, fen"),
            Field("base_fen", "基数(分)", "base, fen"),
            Field("threshold_ppm", "阈值(百万分之)", "threshold, ppm"),
            Field("reason", "恢复原因", "why it was restored"),
            Field("on", "日期", "day"),
        ),
        state_key=("programme", "bank"),
        corrections=(Correction(BreakerRestored, corrected=(BreakerWarned, BreakerTripped)),),
    ),
    Feed(
        code="insurance-pilots",
        title_zh="首台套等保险试点",
        title_en="insurance pilots",
        provider="dept-gx",
        shared_attribute="uscc",
        types=(QualificationConfirmed, PolicyBound, SubsidyPaid),
        fields=(
            _USCC,
            Field("qualification_id", "审定编号", "qualification id"),
            Field("pilot", "试点类别", "pilot"),
            Field("product", "产品", "product"),
            Field("quota_fen", "补贴额度(分)", "quota, fen"),
            Field("policy_id", "保单编号", "policy id", _CONFIDENTIAL),
            Field("lead_insurer", "首席承保人", "lead insurer", _CONFIDENTIAL),
            Field("liability_limit_fen", "责任限额(分)", "liability limit, fen", _CONFIDENTIAL),
            Field("premium_fen", "保费(分)", "premium, fen", _CONFIDENTIAL),
            Field("bound_on", "承保日期", "bound on", _CONFIDENTIAL),
            Field("subsidy_id", "补贴编号", "subsidy id", _CONFIDENTIAL),
            Field("subsidy_fen", "补贴金额(分)", "subsidy, fen", _CONFIDENTIAL),
            Field("paid_on", "拨付日期", "paid on", _CONFIDENTIAL),
        ),
        state_key=("qualification_id", "policy_id", "subsidy_id"),
    ),
)

_BY_CODE = {feed.code: feed for feed in FEEDS}


def feed_of(code: str) -> Feed:
    """Return a feed by its code; raises :class:`UnknownFeed`."""
    found = _BY_CODE.get(code)
    if found is None:
        raise UnknownFeed("no such feed in the catalogue")
    return found


def feeds_of(event_type: type[Event]) -> tuple[Feed, ...]:
    """Return the feeds that carry events of a type."""
    return tuple(feed for feed in FEEDS if event_type in feed.types)


def cleared(kind: InstitutionKind, field: Field) -> bool:
    """Tell whether institutions of a kind may be granted a field."""
    return STRICTNESS.index(field.data_class) <= STRICTNESS.index(CLEARANCE[kind])
