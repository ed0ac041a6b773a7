"""Use cases of the policies."""

from uuid import UUID

from services.insurance.known import handlers as known
from services.insurance.policies import rules, store
from services.insurance.policies.rules import Policy, PolicyId
from services.insurance.policies.schemas import BindPolicy, PayPremium
from services.insurance.policies.store import Stored
from services.insurance.qualifications import handlers as qualifications
from shared.db.database import Transaction


async def bind(work: Transaction, body: BindPolicy, *, by: str) -> Stored:
    """Bind a policy with its co-insurers on a recognised product."""
    await known.require_insurers(work, [part.insurer for part in body.co_insurers])
    recognised = (await qualifications.get(work, body.qualification_id)).qualification
    premium = rules.premium_of(liability_limit_fen=body.liability_limit_fen, rate_ppm=body.rate_ppm)
    shares = [(part.insurer, part.share_ppm) for part in body.co_insurers]
    policy = Policy(
        id=PolicyId(work.new_id()),
        qualification_id=recognised.id,
        uscc=recognised.uscc,
        co_insurers=rules.share_premium(premium, shares),
        liability_limit_fen=body.liability_limit_fen,
        rate_ppm=body.rate_ppm,
        premium_fen=premium.fen,
        bound_on=work.today,
    )
    bound, event = rules.bind(policy, recognised, by=by)
    return await store.insert(work, bound, version=work.publish_all([event], after=0))


async def pay_premium(
    work: Transaction, policy_id: UUID, body: PayPremium, *, by: str, expected_version: int
) -> Stored:
    """Record that the insured paid the premium."""
    stored = await store.lock(work, policy_id, reader=by, expected_version=expected_version)
    policy, event = rules.pay_premium(
        stored.policy,
        amount_fen=body.amount_fen,
        paid_on=body.paid_on,
        by=by,
        today=work.today,
    )
    version = work.publish_all([event], after=stored.version)
    return await store.save(work, policy, version=version)


async def get(work: Transaction, policy_id: UUID) -> Stored:
    """Read a policy for another slice."""
    return await store.get(work, policy_id, reader=None)


async def shares(work: Transaction, policy_id: UUID, *, insurer: str) -> bool:
    """Tell whether an insurer is among a policy's co-insurers."""
    policy = (await store.get(work, policy_id, reader=None)).policy
    return any(part.insurer == insurer for part in policy.co_insurers)
