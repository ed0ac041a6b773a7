"""SQL of the funds and their ledger; maps rows to the rules' types."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.guarantee.fund.rules import (
    Account,
    Entry,
    Fund,
    FundNotFound,
    Posting,
    PostingKind,
    PostingNotFound,
)
from shared.db.database import Row, Transaction
from shared.errors import ensure

_COLUMNS = "code, version, leverage, capital_fen, cash_fen, committed_fen, reserved_fen, opened_on"

_BOOK = """
    WITH posting AS (
        INSERT INTO fund_posting
            (posting_id, fund, kind, cause_id, reverses, booked_on, valued_on, note, recorded_at)
        SELECT posting_id, $1, kind, cause_id, reverses, booked_on, valued_on, note, $2
        FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::date[], $8::date[],
            $9::text[]) WITH ORDINALITY
            AS given (posting_id, kind, cause_id, reverses, booked_on, valued_on, note, place)
        ORDER BY place
    ), entries AS (
        INSERT INTO fund_entry (posting_id, line, account, debit_fen, credit_fen)
        SELECT * FROM unnest($10::uuid[], $11::smallint[], $12::text[], $13::bigint[],
            $14::bigint[])
    )
    UPDATE fund SET version = $15, capital_fen = $16, cash_fen = $17, committed_fen = $18,
        reserved_fen = $19 WHERE code = $1
"""

_POSTINGS = """
    SELECT p.position, p.posting_id, p.fund, p.kind, p.cause_id, p.reverses, p.booked_on,
        p.valued_on, p.recorded_at, p.note,
        array_agg(e.account ORDER BY e.line) AS accounts,
        array_agg(e.debit_fen ORDER BY e.line) AS debits,
        array_agg(e.credit_fen ORDER BY e.line) AS credits
    FROM fund_posting p JOIN fund_entry e USING (posting_id)
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A fund with its row's version."""

    fund: Fund
    version: int
    opened_on: date


@dataclass(frozen=True, slots=True)
class Booked:
    """A posting with its place in the ledger."""

    posting: Posting
    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Which postings to read: of one cause or of all, after one position, at most so many."""

    cause_id: UUID | None
    after: int | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """Which postings count: booked and valued by a day, recorded by a moment, up to a position.

    What is None does not limit. Positions of one fund rise in the order of their commits, so that
    the sums up to a position never change again.
    """

    booked_on: date | None = None
    valued_on: date | None = None
    known_at: datetime | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What was booked on one account in all."""

    account: Account
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, slots=True)
class Balances:
    """What a fund's accounts stood at, and what was counted."""

    fund: str
    counted: AsOf
    sums: Sequence[AccountSum]


@dataclass(frozen=True, slots=True)
class Statement:
    """A fund with its ledger's sums by account."""

    stored: Stored
    sums: Sequence[AccountSum]

    @property
    def version(self) -> int:
        """The fund's version, for the ETag."""
        return self.stored.version


async def insert(work: Transaction, fund: Fund) -> Stored | None:
    """Store a new fund; None if its code is taken."""
    tag = await work.execute(
        "INSERT INTO fund (code, version, leverage, opened_on) VALUES ($1, 0, $2, $3) "
        "ON CONFLICT DO NOTHING",
        fund.code,
        fund.leverage,
        work.today,
    )
    return Stored(fund, 0, work.today) if tag == "INSERT 0 1" else None


async def lock(work: Transaction, code: str, *, reader: str | None = None) -> Stored:
    """Lock a fund for a movement, after every other row; raises FundNotFound."""
    sql = f"SELECT {_COLUMNS} FROM fund WHERE code = $1 FOR UPDATE"  # noqa: S608 - constant columns
    return _stored(await work.fetchrow(sql, code), code, reader)


async def get(work: Transaction, code: str, *, reader: str | None) -> Stored:
    """Read a fund; ``reader`` limits it to the organisation's own, None reads any."""
    sql = f"SELECT {_COLUMNS} FROM fund WHERE code = $1"  # noqa: S608 - constant columns
    return _stored(await work.fetchrow(sql, code), code, reader)


async def page(
    work: Transaction, *, reader: str | None, after: str | None, limit: int
) -> list[Stored]:
    """Read up to ``limit`` + 1 funds in order of their codes."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM fund WHERE ($1::text IS NULL OR code = $1) "  # noqa: S608 - constant
        "AND ($2::text IS NULL OR code > $2) ORDER BY code LIMIT $3",
        reader,
        after,
        limit + 1,
    )
    return [_stored(row, row["code"], None) for row in rows]


async def book_all(
    work: Transaction, stored: Stored, postings: Sequence[Posting], *, version: int
) -> Stored:
    """Write postings and the fund's balances after them, in one statement; the row is locked.

    Positions follow the order of the list.
    """
    fund = stored.fund
    lines = [
        (posting.posting_id, line, entry.account, entry.debit_fen, entry.credit_fen)
        for posting in postings
        for line, entry in enumerate(posting.entries, start=1)
    ]
    tag = await work.execute(
        _BOOK,
        fund.code,
        work.now,
        [posting.posting_id for posting in postings],
        [posting.kind for posting in postings],
        [posting.cause_id for posting in postings],
        [posting.reverses for posting in postings],
        [posting.booked_on for posting in postings],
        [posting.valued_on for posting in postings],
        [posting.note for posting in postings],
        *(list(column) for column in zip(*lines, strict=True)),
        version,
        fund.capital_fen,
        fund.cash_fen,
        fund.committed_fen,
        fund.reserved_fen,
    )
    ensure(tag == "UPDATE 1", "a locked fund exists")
    return Stored(fund, version, stored.opened_on)


async def balances_by_cause(
    work: Transaction, fund: str, account: Account, *, cause_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """Return debits less credits of one account by cause, under the fund's lock."""
    rows = await work.fetch(
        "SELECT cause_id, sum(debit_fen - credit_fen)::bigint AS balance FROM fund_posting "
        "JOIN fund_entry USING (posting_id) WHERE fund = $1 AND account = $2 "
        "AND cause_id = ANY($3) GROUP BY cause_id",
        fund,
        account,
        list(cause_ids),
    )
    return {row["cause_id"]: row["balance"] for row in rows}


async def account_sums(work: Transaction, fund: str, asked: AsOf) -> list[AccountSum]:
    """Add up the ledger of a fund by account."""
    rows = await work.fetch(
        "SELECT account, sum(debit_fen)::bigint AS debit, sum(credit_fen)::bigint AS credit "
        "FROM fund_entry JOIN fund_posting USING (posting_id) WHERE fund = $1 "
        "AND ($2::date IS NULL OR booked_on <= $2) "
        "AND ($3::date IS NULL OR coalesce(valued_on, booked_on) <= $3) "
        "AND ($4::timestamptz IS NULL OR recorded_at <= $4) "
        "AND ($5::bigint IS NULL OR position <= $5) GROUP BY account",
        fund,
        asked.booked_on,
        asked.valued_on,
        asked.known_at,
        asked.position,
    )
    sums = {
        row["account"]: AccountSum(Account(row["account"]), row["debit"], row["credit"])
        for row in rows
    }
    return [sums.get(account, AccountSum(account, 0, 0)) for account in Account]


async def last_position(work: Transaction, fund: str) -> int:
    """Read the position of a fund's newest posting; 0 before the first."""
    found: int = await work.fetchval(
        "SELECT coalesce(max(position), 0) FROM fund_posting WHERE fund = $1", fund
    )
    return found


async def contributed(work: Transaction, fund: str, contributor: str) -> int:
    """Add up what a contributor paid in, less what it took out and what was reversed, in fen."""
    found: int = await work.fetchval(
        "SELECT coalesce(sum(e.credit_fen - e.debit_fen), 0)::bigint FROM fund_posting p "
        "JOIN fund_entry e USING (posting_id) WHERE p.fund = $1 AND e.account = 'capital' "
        "AND p.kind <> 'reversal' AND p.note = $2 "
        "AND NOT EXISTS (SELECT FROM fund_posting r WHERE r.reverses = p.posting_id)",
        fund,
        contributor,
    )
    return found


async def codes(work: Transaction) -> list[str]:
    """Read the codes of every fund."""
    return [row["code"] for row in await work.fetch("SELECT code FROM fund ORDER BY code")]


async def save_version(work: Transaction, code: str, *, version: int) -> None:
    """Store the version of a locked fund."""
    tag = await work.execute("UPDATE fund SET version = $2 WHERE code = $1", code, version)
    ensure(tag == "UPDATE 1", "a locked fund exists")


async def get_posting(work: Transaction, fund: str, posting_id: UUID) -> Posting:
    """Read one posting of a fund; raises PostingNotFound."""
    row = await work.fetchrow(
        f"{_POSTINGS} WHERE p.fund = $1 AND p.posting_id = $2 GROUP BY p.posting_id",
        fund,
        posting_id,
    )
    if row is None:
        raise PostingNotFound(f"fund {fund} has no posting {posting_id}")
    return _booked(row).posting


async def is_reversed(work: Transaction, posting_id: UUID) -> bool:
    """Tell whether a posting was reversed; its fund is locked."""
    found: bool = await work.fetchval(
        "SELECT EXISTS (SELECT FROM fund_posting WHERE reverses = $1)", posting_id
    )
    return found


async def postings(work: Transaction, fund: str, span: Span) -> Sequence[Booked]:
    """Read up to ``limit`` + 1 postings in the order of booking."""
    rows = await work.fetch(
        f"{_POSTINGS} WHERE p.fund = $1 AND ($2::uuid IS NULL OR p.cause_id = $2) "
        "AND ($3::bigint IS NULL OR p.position > $3) "
        "GROUP BY p.posting_id ORDER BY p.position LIMIT $4",
        fund,
        span.cause_id,
        span.after,
        span.limit + 1,
    )
    return [_booked(row) for row in rows]


async def postings_of(
    work: Transaction, fund: str, causes: Sequence[UUID], *, limit: int
) -> Sequence[Booked]:
    """Read up to ``limit`` + 1 postings of several causes in the order of booking."""
    rows = await work.fetch(
        f"{_POSTINGS} WHERE p.fund = $1 AND p.cause_id = ANY($2) "
        "GROUP BY p.posting_id ORDER BY p.position LIMIT $3",
        fund,
        list(causes),
        limit + 1,
    )
    return [_booked(row) for row in rows]


def _stored(row: Row | None, code: str, reader: str | None) -> Stored:
    if row is None or reader not in {None, code}:
        raise FundNotFound(f"no fund {code}")
    fund = Fund(
        code=row["code"],
        leverage=row["leverage"],
        capital_fen=row["capital_fen"],
        cash_fen=row["cash_fen"],
        committed_fen=row["committed_fen"],
        reserved_fen=row["reserved_fen"],
    )
    return Stored(fund, row["version"], row["opened_on"])


def _booked(row: Row) -> Booked:
    entries = map(Entry, map(Account, row["accounts"]), row["debits"], row["credits"])
    posting = Posting(
        posting_id=row["posting_id"],
        fund=row["fund"],
        kind=PostingKind(row["kind"]),
        cause_id=row["cause_id"],
        booked_on=row["booked_on"],
        entries=tuple(entries),
        note=row["note"],
        reverses=row["reverses"],
        valued_on=row["valued_on"],
    )
    return Booked(posting, row["position"], row["recorded_at"])
