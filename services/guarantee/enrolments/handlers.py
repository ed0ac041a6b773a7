"""Use cases of the enrolments: decide on a bank's request, and say beforehand what would be
decided.

Locks are taken in one order everywhere: programme, then its counters, then the fund, then the firm.
The firm comes last because a batch decides on hundreds of firms in one transaction, in the order of
its events: batches of one programme, or of programmes with one fund, wait for each other before
they hold any firm. Only batches of two funds can meet crosswise at two firms. PostgreSQL then ends
one of them, and the consumer applies it again (``DatabaseBusy``).
"""

from services.guarantee.breakers import handlers as breakers
from services.guarantee.enrolments import rules, store
from services.guarantee.enrolments.rules import Decision, EnrolmentRefused, Standing, Terms
from services.guarantee.fund import handlers as funds
from services.guarantee.guarantees import handlers as guarantees
from services.guarantee.guarantees.rules import Application
from services.guarantee.known import handlers as known
from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.rules import ProgrammeNotFound
from shared.db.database import Transaction
from shared.errors import Violation
from shared.events.credit import EnrolmentRequested
from shared.messaging.records import NotYet
from shared.rulepack.catalogue import PackCatalogue

PROGRAMME_UNKNOWN = Violation(
    code="programme-unknown", zh="方案不存在", en="there is no such programme", field="/programme"
)


async def decide_request(
    work: Transaction, event: EnrolmentRequested, *, packs: PackCatalogue
) -> None:
    """Decide an enrolment request: a letter, or an application declined with every reason.

    Raises NotYet while the enterprise or the guarantor is unknown: registry tells of them by
    another topic.
    """
    parties = await known.parties(
        work, uscc=event.uscc, guarantor=event.guarantor, on=event.requested_on
    )
    if parties.firm is None or parties.guarantor is None:
        missing = "enterprise" if parties.firm is None else f"guarantor {event.guarantor}"
        raise NotYet(f"loan {event.loan_id}: its {missing} is not known yet")
    application = application_of(event)
    try:
        programme = (await programmes.lock(work, event.programme)).programme
    except ProgrammeNotFound:
        await guarantees.decline(work, application, (PROGRAMME_UNKNOWN,), trace=())
        return
    fund = await funds.lock(work, programme.fund)
    await store.lock_firm(work, event.uscc)
    exposure = await guarantees.exposure(work, loan_id=event.loan_id, uscc=event.uscc)
    standing = Standing(
        programme=programme,
        pack=programmes.pack_of(packs, programme.pack),
        firm=parties.firm,
        fund=fund.fund,
        firm_balance_fen=exposure.firm_balance_fen,
        loan_is_covered=exposure.loan_is_covered,
        breaker=await breakers.enrolment_refusal(
            work, programme=programme.code, bank=application.bank
        ),
        guarantor=parties.guarantor,
    )
    decision = rules.decide(Terms.of(application), standing)
    if not decision.accepted:
        await guarantees.decline(work, application, decision.refusals, trace=decision.trace)
        return
    cover = rules.cover_of(application, standing, decision, today=work.today)
    await guarantees.issue(work, application, cover, fund=fund, trace=decision.trace)


async def check(
    work: Transaction, programme_code: str, terms: Terms, *, packs: PackCatalogue
) -> Decision:
    """Say to a bank what would be decided now, storing nothing.

    Raises AskedByNoBank, and EnrolmentRefused with the reasons but no figure of the firm's own.
    """
    asking = await known.institutions(work, [terms.bank])
    rules.require_bank(asking.get(terms.bank), on=terms.requested_on)
    programme = (await programmes.get(work, programme_code)).programme
    parties = await known.parties(work, uscc=terms.uscc, guarantor=None, on=terms.requested_on)
    exposure = await guarantees.exposure(work, loan_id=None, uscc=terms.uscc)
    fund = await funds.get(work, programme.fund)
    standing = Standing(
        programme=programme,
        pack=programmes.pack_of(packs, programme.pack),
        firm=parties.firm,
        fund=fund.fund,
        firm_balance_fen=exposure.firm_balance_fen,
        breaker=await breakers.enrolment_refusal(work, programme=programme.code, bank=terms.bank),
    )
    decision = rules.decide(terms, standing)
    if not decision.accepted:
        reasons = "; ".join(refusal.en for refusal in decision.refusals)
        told = rules.as_told_to_a_bank(decision.refusals)
        raise EnrolmentRefused(reasons, violations=told)
    return decision


def application_of(event: EnrolmentRequested) -> Application:
    """Read an application out of the bank's request."""
    return Application(
        loan_id=event.loan_id,
        uscc=event.uscc,
        bank=event.bank,
        guarantor=event.guarantor,
        programme=event.programme,
        amount_fen=event.amount_fen,
        rate_ppm=event.rate_ppm,
        tenor_months=event.tenor_months,
        signed_on=event.signed_on,
        requested_on=event.requested_on,
    )
