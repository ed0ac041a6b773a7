"""The rulebook (规则簿): how a new version of a rule pack comes to decide.

Sources: docs/adr/0005-rule-packs-as-data.md; 四眼原则 as for programmes. A person drafts a version;
it is taken only if it is well formed and its own examples come out. Another person of the same
organisation activates it: from its ``valid_from`` on it decides, and the version before it no
longer does. What was decided stays with the version that decided it.

    draft → active → superseded (a later version began)
          ↘        → retired    (a person ended it)
           withdrawn

Versions of one pack never share a day: an open-ended one is superseded on the day on which its
successor begins; one with an end of its own must end by then. A successor begins today or later,
because a past day has been decided on; the first version of a pack may begin in the past.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from shared.errors import Conflict, Forbidden, FourEyes, NotFound, RuleViolation, Violation
from shared.rulepack.digest import canonical_json
from shared.rulepack.pack import Pack
from shared.signing import Signature

Ending = Literal["superseded", "retired"]


class VersionNotFound(NotFound):
    """The rulebook has no such draft or version."""

    code = "rule-pack-version-not-found"
    title_zh = "未找到规则包版本"
    title_en = "Rule pack version not found"


class VersionTaken(Conflict):
    """A version's number is above all that its pack ever had."""

    code = "rule-pack-version-taken"
    title_zh = "规则包版本号已使用"
    title_en = "Rule pack version taken"


class VersionInOtherState(Conflict):
    """The step needs the version in another state."""

    code = "rule-pack-state"
    title_zh = "规则包版本状态不允许该操作"
    title_en = "Rule pack version in another state"


class VersionsOverlap(RuleViolation):
    """Two versions of a pack would decide on the same day."""

    code = "rule-pack-overlap"
    title_zh = "规则包有效期重叠"
    title_en = "Rule packs overlap"


class ForeignPack(Forbidden):
    """The pack is another organisation's: its version was the first to
    decide here or, of a pack as it was shipped, its programme the first to run on it."""

    code = "foreign-rule-pack"
    title_zh = "规则包属于其他机构"
    title_en = "Another organisation's rule pack"


class Backdated(RuleViolation):
    """A version would begin on a day that has been decided on."""

    code = "rule-pack-backdated"
    title_zh = "规则包不得溯及既往"
    title_en = "Rule pack backdated"


class EndBeforeToday(RuleViolation):
    """A version would end on a day that has been decided on, or before it begins."""

    code = "rule-pack-end"
    title_zh = "失效日期无效"
    title_en = "Invalid end of a rule pack"


class VersionChanged(Conflict):
    """A stored version is not the one that was activated: its digest differs."""

    code = "rule-pack-tampered"
    title_zh = "规则包内容与摘要不符"
    title_en = "Rule pack differs from its digest"


class VersionState(StrEnum):
    """A draft and a withdrawn version decide nothing."""

    DRAFT = "draft"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a pack as a person drafted it; ``content`` is its YAML."""

    pack_id: str
    number: int
    content: str
    digest: str
    valid_from: date
    valid_to: date | None
    org: str
    drafted_by: str
    drafted_at: datetime
    state: VersionState = VersionState.DRAFT
    activated_by: str | None = None
    activated_at: datetime | None = None
    signature: Signature | None = None

    @property
    def statement(self) -> bytes:
        """What the signature is over: canonical JSON of who let which content decide, and when."""
        return canonical_json(
            {
                "rule_pack": {"id": self.pack_id, "version": self.number, "digest": self.digest},
                "valid_from": self.valid_from.isoformat(),
                "valid_to": None if self.valid_to is None else self.valid_to.isoformat(),
                "drafted_by": self.drafted_by,
                "activated_by": self.activated_by,
                "activated_at": None
                if self.activated_at is None
                else self.activated_at.isoformat(),
            }
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """A version that decides or will, and the first day on which it no longer does."""

    pack: Pack
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class End:
    """From which day on a version no longer decides, and why."""

    pack_id: str
    number: int
    ends_on: date
    ending: Ending
    reason: str
    by: str


def draft(pack: Pack, content: str, *, by: str, org: str, now: datetime, newest: int) -> Version:
    """Take a proven pack as a draft; ``newest`` is the highest number that it ever had, or 0.

    Raises :class:`VersionTaken`.
    """
    if pack.version <= newest:
        zh, en = f"版本号须大于 {newest}", f"the version must be above {newest}"
        found = Violation("version", zh, en, "/version", newest + 1, pack.version)
        raise VersionTaken(en, violations=(found,))
    return Version(
        pack_id=pack.id,
        number=pack.version,
        content=content,
        digest=pack.digest,
        valid_from=pack.valid_from,
        valid_to=pack.valid_to,
        org=org,
        drafted_by=by,
        drafted_at=now,
    )


def revise(
    before: Version, pack: Pack, content: str, *, by: str, org: str, now: datetime
) -> Version:
    """Replace the content of a draft; whoever revises it is its drafter from then on.

    Raises :class:`VersionInOtherState`, :class:`VersionNotFound`, :class:`VersionTaken`.
    """
    require_draft(before, org=org)
    if (pack.id, pack.version) != (before.pack_id, before.number):
        en = f"the content is of {pack.id} version {pack.version}"
        zh = f"内容为 {pack.id} 第 {pack.version} 版"
        raise VersionTaken(en, violations=(Violation("version", zh, en, "/content"),))
    return draft(pack, content, by=by, org=org, now=now, newest=before.number - 1)


def require_owner(pack_id: str, owner: str | None, *, org: str) -> None:
    """Raise :class:`ForeignPack` unless the pack is the organisation's, or nobody's yet."""
    if owner not in {None, org}:
        raise ForeignPack(f"{pack_id} is of {owner}")


def withdraw(before: Version, *, org: str) -> Version:
    """Give a draft up; its number stays used."""
    require_draft(before, org=org)
    return replace(before, state=VersionState.WITHDRAWN)


def require_draft(version: Version, *, org: str) -> None:
    """Raise unless the version is a draft of the organisation."""
    if version.org != org:
        raise VersionNotFound(f"no version {version.number} of {version.pack_id}")
    if version.state is not VersionState.DRAFT:
        raise VersionInOtherState(
            f"version {version.number} of {version.pack_id} is {version.state}, not draft"
        )


def place(pack: Pack, others: Sequence[Standing], *, today: date) -> Pack | None:
    """Find where a new version stands among the others; returns the one that it supersedes.

    Raises :class:`VersionsOverlap` and :class:`Backdated`.
    """
    if others and pack.valid_from < today:
        zh, en = f"生效日期不得早于 {today}", f"must not begin before {today}"
        found = Violation("date", zh, en, "/valid_from", str(today), str(pack.valid_from))
        raise Backdated(en, violations=(found,))
    superseded = None
    for standing in others:
        other, end = standing.pack, standing.ends_on
        if other.valid_from >= pack.valid_from:
            if pack.valid_to is None or pack.valid_to > other.valid_from:
                raise _overlap(pack, other)
        elif end is None:
            superseded = other
        elif end > pack.valid_from:
            raise _overlap(pack, other)
    return superseded


def activate(version: Version, *, by: str, org: str, now: datetime) -> Version:
    """Let another person of the same organisation make a draft decide; it is still to be signed.

    Raises :class:`VersionInOtherState`, :class:`FourEyes`, :class:`VersionNotFound`.
    """
    require_draft(version, org=org)
    if by == version.drafted_by:
        raise FourEyes(f"version {version.number} of {version.pack_id} was drafted by the same")
    return replace(version, state=VersionState.ACTIVE, activated_by=by, activated_at=now)


def retire(standing: Standing, end: End, *, today: date) -> End:
    """End a version that has no successor; raises :class:`EndBeforeToday` and others."""
    pack = standing.pack
    if standing.ends_on is not None:
        raise VersionInOtherState(f"version {pack.version} of {pack.id} has an end already")
    first = max(today, pack.valid_from)
    if end.ends_on < first:
        zh, en = f"失效日期不得早于 {first}", f"must not end before {first}"
        found = Violation("date", zh, en, "/ends_on", str(first), str(end.ends_on))
        raise EndBeforeToday(en, violations=(found,))
    return end


def _overlap(pack: Pack, other: Pack) -> VersionsOverlap:
    zh = f"与第 {other.version} 版({other.valid_from} 起)有效期重叠"
    en = f"version {other.version}, which begins on {other.valid_from}, has days in common"
    found = Violation("overlap", zh, en, "/valid_from", str(other.valid_from), str(pack.valid_from))
    return VersionsOverlap(en, violations=(found,))
