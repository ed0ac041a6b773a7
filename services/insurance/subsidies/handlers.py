"""Use cases of the premium subsidies."""

from uuid import UUID

from services.insurance.policies import handlers as policies
from services.insurance.qualifications import handlers as qualifications
from services.insurance.subsidies import rules, store
from services.insurance.subsidies.rules import Subsidy, SubsidyId
from services.insurance.subsidies.schemas import FileSubsidy, PaySubsidy
from services.insurance.subsidies.store import Stored
from shared.clock import business_date
from shared.db.database import Transaction
from shared.errors import NotFound
from shared.rulepack.catalogue import PackCatalogue


async def file(
    work: Transaction, body: FileSubsidy, packs: PackCatalogue, *, filed_by: str
) -> Stored:
    """File for the subsidy of a policy's premium under a pack of its pilot in force today."""
    policy = (await policies.get(work, body.policy_id)).policy
    recognised = (await qualifications.get(work, policy.qualification_id)).qualification
    pack = packs.get(body.rule_pack, on=work.today)
    subsidy = Subsidy(
        id=SubsidyId(work.new_id()),
        policy_id=policy.id,
        uscc=policy.uscc,
        rule_pack=body.rule_pack,
        filed_by=filed_by,
        filed_on=work.today,
    )
    filed, event = rules.file(subsidy, policy, recognised, pack)
    return await store.insert(work, filed, version=work.publish_all([event], after=0))


async def decide(
    work: Transaction, subsidy_id: UUID, packs: PackCatalogue, *, by: str, expected_version: int
) -> Stored:
    """Decide an application by the pack that was in force when it was filed.

    The qualification stays locked: two of its policies never take the same part of its quota.
    """
    stored = await store.lock(work, subsidy_id, expected_version=expected_version)
    policy = (await policies.get(work, stored.subsidy.policy_id)).policy
    recognised = await qualifications.lock(work, policy.qualification_id)
    facts = rules.facts_of(
        policy, recognised.qualification, confirmed_on=business_date(recognised.confirmed_at)
    )
    pack = packs.get(stored.subsidy.rule_pack, on=stored.subsidy.filed_on)
    decided, event = rules.decide(stored.subsidy, pack, facts, by=by)
    await qualifications.take_quota(work, recognised.qualification, decided.subsidy_fen or 0)
    version = work.publish_all([event], after=stored.version)
    return await store.save(work, decided, version=version)


async def pay(
    work: Transaction, subsidy_id: UUID, body: PaySubsidy, *, expected_version: int
) -> Stored:
    """Record that the subsidy was paid out."""
    stored = await store.lock(work, subsidy_id, expected_version=expected_version)
    paid, event = rules.pay(stored.subsidy, paid_on=body.paid_on, today=work.today)
    version = work.publish_all([event], after=stored.version)
    return await store.save(work, paid, version=version)


async def get(work: Transaction, subsidy_id: UUID, *, reader: str | None) -> Stored:
    """Read an application; an insurer sees those of the policies that it shares, None sees all."""
    stored = await store.get(work, subsidy_id)
    policy_id = stored.subsidy.policy_id
    if reader is not None and not await policies.shares(work, policy_id, insurer=reader):
        raise NotFound(f"no subsidy {subsidy_id}")
    return stored
