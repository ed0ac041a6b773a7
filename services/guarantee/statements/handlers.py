"""Use cases of the statements: read, and add up."""

from datetime import date, timedelta

from services.guarantee.figures.rules import Report, require_period
from services.guarantee.fund import handlers as funds
from services.guarantee.fund.handlers import LedgerAsOf
from services.guarantee.fund.rules import Account
from services.guarantee.programmes import handlers as programmes
from services.guarantee.statements import rules, store
from services.guarantee.statements.store import Chosen
from shared.db.database import Transaction

_DAY = timedelta(days=1)


async def of_programme(
    work: Transaction, code: str, *, since: date, on: date, reader: str | None
) -> Report:
    """State a programme, of those guarantees that the reader may see.

    Raises ProgrammeNotFound, PeriodInvalid or ReportTooLarge.
    """
    require_period(since, on)
    programme = (await programmes.get(work, code)).programme
    facts = await store.facts(work, Chosen(programme=code, reader=reader), on=on)
    return rules.programme(facts, code=code, quota_fen=programme.quota_fen, since=since, on=on)


async def of_enterprise(work: Transaction, uscc: str, *, on: date, reader: str | None) -> Report:
    """State what an enterprise received over all programmes, as far as the reader may see it."""
    facts = await store.facts(work, Chosen(uscc=uscc, reader=reader), on=on)
    return rules.enterprise(facts, uscc=uscc, on=on)


async def of_fund(
    work: Transaction, code: str, *, since: date, on: date, reader: str | None
) -> Report:
    """State a fund's ledger and leverage; raises FundNotFound, PeriodInvalid or ReportTooLarge."""
    require_period(since, on)
    before = await funds.balances(work, code, LedgerAsOf(booked_on=since - _DAY), reader=reader)
    at_end = await funds.balances(work, code, LedgerAsOf(booked_on=on), reader=reader)
    capital = {each.account: each.credit_fen - each.debit_fen for each in at_end.sums}
    return rules.fund(
        await store.facts(work, Chosen(fund=code), on=on),
        await store.moved(work, code, since=since, on=on),
        code=code,
        opening={str(each.account): each.debit_fen - each.credit_fen for each in before.sums},
        capital_fen=capital.get(Account.CAPITAL, 0),
        since=since,
        on=on,
    )
