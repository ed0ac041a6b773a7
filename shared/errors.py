"""Errors of the domain: a kind, a stable code, and words in Chinese and English; no HTTP words.

Each edge maps kinds totally: ``shared/web/problem.py`` to HTTP statuses, ``shared/messaging`` to
retry or park. A test enumerates every subclass against both maps.

    DomainError
    ├── NotFound        the thing does not exist, or not for this organisation
    ├── Conflict        the thing is in another state, or changed meanwhile
    ├── RuleViolation   a rule of the programme or of law refuses it
    ├── Malformed       the input is not what the contract says
    ├── Forbidden       the caller may not do it
    └── Transient       try again: nothing is wrong with the request
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


class InvariantBroken(AssertionError):
    """A promise that the code makes to itself does not hold: somebody must change code."""


def ensure(held: bool, promise: str) -> None:  # noqa: FBT001 - it is the promise itself
    """Check a promise also under ``python -O``, where ``assert`` vanishes."""
    if not held:
        raise InvariantBroken(promise)


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with the input: where, what was given, what the limit is, what to do.

    ``field`` is a JSON pointer or a column name; ``limit`` and ``actual`` are shown as they are.
    """

    code: str
    zh: str
    en: str
    field: str | None = None
    limit: str | int | None = None
    actual: str | int | None = None


class DomainError(Exception):
    """An expected refusal. Subclasses set ``code``, ``title_zh`` and ``title_en``.

    What to do may name the place of one refusal, so an instance can set ``action_zh`` and
    ``action_en``; ``links`` says where to go instead, by relation.
    """

    code: ClassVar[str] = "domain-error"
    title_zh: ClassVar[str] = "业务错误"
    title_en: ClassVar[str] = "Domain error"
    action_zh: str = "请查看 violations 与 detail 后更正请求。"
    action_en: str = "Read violations and detail, then correct the request."

    def __init__(
        self,
        detail: str = "",
        *,
        violations: tuple[Violation, ...] = (),
        links: Mapping[str, str] | None = None,
    ) -> None:
        """``detail`` is one English sentence with ids, never names or numbers of people."""
        super().__init__(detail or self.title_en)
        self.detail = detail or self.title_en
        self.violations = violations
        self.links: Mapping[str, str] = links or {}


class NotFound(DomainError):
    """The thing does not exist, or not for this organisation: the two are told apart by nobody."""

    code = "not-found"
    title_zh = "未找到"
    title_en = "Not found"
    action_zh = "请核对编号；本机构无权查看的记录同样视为不存在。"
    action_en = "Check the id; what your organisation may not see does not exist for it either."


class Gone(NotFound):
    """The thing was there and is no longer kept."""

    code = "gone"
    title_zh = "已超出保留期"
    title_en = "Past retention"


class Conflict(DomainError):
    """The thing is in another state than the command needs."""

    code = "conflict"
    title_zh = "状态冲突"
    title_en = "Conflict"
    action_zh = "请重新读取最新状态后再决定。"
    action_en = "Read the current state again, then decide."


class StaleVersion(Conflict):
    """The thing changed since the caller read it."""

    code = "stale-version"
    title_zh = "版本已过期"
    title_en = "Stale version"


class RuleViolation(DomainError):
    """A rule of the programme, the contract or the law refuses the command."""

    code = "rule-violation"
    title_zh = "违反规则"
    title_en = "Rule violation"


class FourEyes(RuleViolation):
    """Who made something may not be the one who decides on it (四眼原则)."""

    code = "four-eyes"
    title_zh = "须由他人复核"
    title_en = "Another person must decide"
    action_zh = "请由经办人以外、具备复核权限的人员办理。"
    action_en = "Let a person other than the maker, with the approving scope, decide."


class Malformed(DomainError):
    """The input is not what the contract says."""

    code = "malformed"
    title_zh = "请求内容有误"
    title_en = "Malformed input"


class Forbidden(DomainError):
    """The caller may not do this."""

    code = "forbidden"
    title_zh = "无权操作"
    title_en = "Forbidden"
    action_zh = "请使用具备相应权限的机构身份，或向运营方申请授权。"
    action_en = "Use an identity with the permission, or ask the operator to grant it."


class Transient(DomainError):
    """Nothing is wrong with the request; the system cannot serve it now."""

    code = "temporarily-unavailable"
    title_zh = "暂时不可用"
    title_en = "Temporarily unavailable"
    action_zh = "请按 Retry-After 稍后使用同一 Idempotency-Key 重试。"
    action_en = "Try again after Retry-After, with the same Idempotency-Key."
