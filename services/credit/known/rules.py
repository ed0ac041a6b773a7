"""What credit must know of others before it takes a command.

Sources: 征信业管理条例 art. 18 (only with consent may a bank assess), 连政办发〔2024〕13号
(banks and guarantors of the city's directory take part), and the programmes' breakers (熔断): a
suspended bank enrols nothing new while its old claims are still paid.

An entry of the directory holds on the days of its half-open period. A bank whose entry has ended
makes no offer, contracts nothing, asks for no enrolment and pays nothing out from that day on. What
it lent before it still reports, settles and withdraws: those who share the risk depend on it.

Example: valid to 2026-03-02, it may pay out on 2026-03-01 and report that later.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from shared.errors import Forbidden, RuleViolation, Violation
from shared.money import PPM, Rounding, round_fraction

BACKERS = frozenset({"guarantor", "reguarantor", "fund"})
"""Kinds of institution that may back a loan."""


@dataclass(frozen=True, slots=True)
class Institution:
    """An entry of the directory and when it holds."""

    kind: str
    valid_from: date
    valid_to: date | None

    def acts_on(self, day: date) -> bool:
        """Tell whether the entry is valid on a business date."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class NotABank(Forbidden):
    """The caller's organisation is not a registered bank, or not on that day."""

    code = "not-a-bank"
    title_zh = "调用机构不是已登记的银行"
    title_en = "Not a bank"


class EnterpriseUnknown(RuleViolation):
    """The enterprise is not registered, or word of it has not come yet."""

    code = "enterprise-unknown"
    title_zh = "企业未登记"
    title_en = "Enterprise unknown"
    action_zh = "请先在登记服务登记企业；刚登记的请稍后重试。"
    action_en = "Register the enterprise first; if it was just registered, try again shortly."


class GuarantorUnknown(RuleViolation):
    """No registered guarantor or fund has this code, or not on that day."""

    code = "guarantor-unknown"
    title_zh = "担保机构未登记"
    title_en = "Guarantor unknown"


class ProgrammeSuspended(RuleViolation):
    """The bank's losses in the programme reached the threshold: it enrols nothing new (熔断)."""

    code = "programme-suspended"
    title_zh = "该行在此方案下已熔断，暂停新增备案"
    title_en = "Programme suspended for the bank"
    action_zh = "已备案贷款的代偿不受影响；恢复须由方案管理方决定。"
    action_en = "Old claims still pay; the programme's manager decides on restoring it."


def unknown_enterprise(uscc: str, *, field: str = "/uscc") -> Violation:
    """Say that an enterprise is not registered; ``field`` is a pointer or a column."""
    return Violation(
        code="unregistered", zh="企业未登记", en="is not registered", field=field, actual=uscc
    )


def suspension(
    programme: str, *, numerator_fen: int, base_fen: int, threshold_ppm: int
) -> Violation:
    """Say why a bank is suspended: ``actual`` and ``limit`` are its loss ratio's ppm, rounded up.

    Example: 8,000,000.00 of 80,000,000.00 yuan is 100,000 ppm, which reaches 100,000 ppm.
    """
    ratio_ppm = (
        round_fraction(Fraction(numerator_fen * PPM, base_fen), Rounding.UP) if base_fen else PPM
    )
    return Violation(
        code="breaker",
        zh=f"方案 {programme}:损失率达到熔断线(百万分之)",
        en=f"programme {programme}: the loss ratio reached the threshold (ppm)",
        field="/programme",
        limit=threshold_ppm,
        actual=ratio_ppm,
    )
