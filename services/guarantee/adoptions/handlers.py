"""Use case of the adoptions."""

from services.guarantee.adoptions import rules
from services.guarantee.known import handlers as known
from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.handlers import Shown
from services.guarantee.rulebook.handlers import RULEBOOK, version_of
from shared.db.database import Transaction
from shared.web.auth import Caller


async def adopt(
    work: Transaction, code: str, version: int, *, by: Caller, expected_version: int
) -> Shown:
    """Let a programme go on under a later version of its pack; letters keep theirs.

    Raises NotTheFund, PackNotFound, ProgrammeNotActive, VersionNotLater, ProgrammeUnworkable.
    """
    stored = await programmes.lock(work, code)
    stored.programme.require_fund(by.org)
    stored = await programmes.lock(work, code, expected_version=expected_version)
    programme = stored.programme
    pack = version_of(await RULEBOOK.current(work), programme.pack.id, version)
    after, event = rules.adopt(
        programme,
        pack,
        institutions=await known.institutions(work, sorted(set(programme.parties.values()))),
        today=work.today,
    )
    return await programmes.repin(work, stored, after, event)
