"""Adoption: which version of its rule pack a programme pins from now on.

A programme pins one version, so that nobody's activation of another changes what the programme's
fund has agreed to. Its fund adopts a later version once that is in force and fits the programme as
a new one would have to; letters that were issued keep the version that they pin.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from services.guarantee.known.rules import KnownInstitution
from services.guarantee.programmes import rules as programmes
from services.guarantee.programmes.rules import PinnedPack, Programme, ProgrammeState
from shared.errors import Conflict, Violation
from shared.events.guarantee import ProgrammePackAdopted
from shared.rulepack.pack import Pack


class ProgrammeNotActive(Conflict):
    """A draft is filed again, with the version that is wanted."""

    code = "programme-not-active"
    title_zh = "方案尚未生效"
    title_en = "Programme not active"


class VersionNotLater(Conflict):
    """The programme pins this version, or a later one."""

    code = "rule-pack-version-not-later"
    title_zh = "规则包版本不晚于现用版本"
    title_en = "Not a later version of the rule pack"


def adopt(
    programme: Programme,
    pack: Pack,
    *,
    institutions: Mapping[str, KnownInstitution],
    today: date,
) -> tuple[Programme, ProgrammePackAdopted]:
    """Pin a later version of the programme's pack from today on.

    Raises :class:`ProgrammeNotActive`, :class:`VersionNotLater`, and ``ProgrammeUnworkable`` for a
    version that is not in force today or does not fit the programme's parties.
    """
    if programme.state is not ProgrammeState.ACTIVE:
        raise ProgrammeNotActive(f"programme {programme.code} is {programme.state}")
    if pack.version <= programme.pack.version:
        pinned = programme.pack.version
        zh, en = f"须大于 {pinned}", f"must be above {pinned}"
        found = Violation("version", zh, en, "/version", pinned + 1, pack.version)
        raise VersionNotLater(en, violations=(found,))
    programmes.file(replace(programme, effective_from=today), pack, institutions=institutions)
    event = ProgrammePackAdopted(
        programme=programme.code,
        rule_pack_id=pack.id,
        rule_pack_version=pack.version,
        rule_pack_digest=PinnedPack.of(pack).digest_hex,
        replaced_version=programme.pack.version,
        effective_from=today,
    )
    return replace(programme, pack=PinnedPack.of(pack)), event
