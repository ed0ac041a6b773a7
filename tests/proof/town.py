"""The toy of the crash sweep: accounts that pay each other, a read model, and a clerk's process.

A transfer moves fen between two accounts and publishes one event per account. The ledger's consumer
keeps a read model and notes each effect; the clerk's consumer advances one process per account,
which publishes an event of its own and sets itself a deadline that has come already.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from shared.db.database import Database, Transaction
from shared.errors import RuleViolation
from shared.events.envelope import Event, Received
from shared.events.registry import EnterpriseRegistered, ListMemberAdded
from shared.messaging.apply import Applier
from shared.messaging.process import Process, ProcessState, advance
from shared.web.auth import Caller
from shared.web.commands import Command

TOPIC = EnterpriseRegistered.topic()
POISON = "poison"
CURED = "cured."
CLERK = "clerk"
OPENING_FEN = 1_000_000

TABLES = """
    CREATE TABLE account (
        id text PRIMARY KEY, balance_fen bigint NOT NULL, version bigint NOT NULL DEFAULT 0
    );
    CREATE TABLE projected (id text PRIMARY KEY, balance_fen bigint NOT NULL);
    CREATE TABLE effect (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL, subject text NOT NULL, sequence bigint
    );
    CREATE TABLE promised (event_id uuid PRIMARY KEY);
"""


class Poisoned(RuleViolation):
    """The ledger refuses an event that says poison."""

    code = "poisoned-entry"


class Transfer(BaseModel):
    """What a transfer moves, and from where to where."""

    payer: str
    payee: str
    amount_fen: int


class Receipt(Transfer):
    """The answer to a transfer."""

    version: int


def fact(account: str, name: str) -> EnterpriseRegistered:
    """An account's event; its name is the amount, or a word."""
    return EnterpriseRegistered(uscc=account, name=name, region="320706", chain="new_energy")


async def entry(work: Transaction, account: str, name: str) -> int:
    """Book one event on an account, under its lock; returns the account's version."""
    version: int = await work.fetchval(
        "UPDATE account SET balance_fen = balance_fen + $2, version = version + 1 "
        "WHERE id = $1 RETURNING version",
        account,
        _amount(name),
    )
    work.publish(fact(account, name), sequence=version)
    return version


async def transfer(work: Transaction, body: Transfer) -> Receipt:
    """Move an amount; both accounts are locked first, in the order of their ids."""
    await work.fetch(
        "SELECT id FROM account WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE",
        [body.payer, body.payee],
    )
    version = await entry(work, body.payer, str(-body.amount_fen))
    await entry(work, body.payee, str(body.amount_fen))
    return Receipt(version=version, **body.model_dump())


def command_of(database: Database, key: str, body: bytes) -> Command:
    """Make a command as the web edge does, for a caller with an Idempotency-Key."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/transfers",
        "query_string": b"",
        "headers": [],
        "server": ("test", 80),
        "app": SimpleNamespace(state=SimpleNamespace(database=database)),
    }
    caller = Caller(org="bank-haizhou", sub="teller", scopes=frozenset())
    return Command(Request(scope), caller, key, None, body)


async def send_command(database: Database, key: str, body: Transfer) -> Response:
    """Send a transfer: one transaction, at most once per key."""
    command = command_of(database, key, body.model_dump_json().encode())
    return await command.run(lambda work: transfer(work, body), present=lambda r: r, status=201)


async def schedule(work: Transaction, event: Event) -> UUID:
    """Promise an event that is due at once."""
    event_id = work.schedule(event, not_before=work.now)
    await work.execute("INSERT INTO promised VALUES ($1)", event_id)
    return event_id


async def project(work: Transaction, received: Received[Event]) -> None:
    """Keep the read model, and note the effect."""
    name = getattr(received.data, "name", "")
    if name == POISON:
        raise Poisoned("this entry is poison")
    await work.execute(
        "INSERT INTO projected VALUES ($1, $2) ON CONFLICT (id) "
        "DO UPDATE SET balance_fen = projected.balance_fen + excluded.balance_fen",
        received.subject,
        _amount(name),
    )
    await work.execute(
        "INSERT INTO effect (event_id, subject, sequence) VALUES ($1, $2, $3)",
        received.id,
        received.subject,
        received.sequence,
    )


def _amount(name: str) -> int:
    return int(name) if name.lstrip("-").isdigit() else 0


class Ledgered(ProcessState):
    """What the clerk remembers of one account: the events it has taken, in order."""

    account: str
    taken: tuple[UUID, ...] = ()


class Countersign(BaseModel):
    """The clerk's command: say so, and set a deadline."""

    account: str
    turn: int


def _begin(received: Received[EnterpriseRegistered]) -> Ledgered:
    return Ledgered(account=received.subject)


def _react(
    state: Ledgered, received: Received[EnterpriseRegistered]
) -> tuple[Ledgered, Sequence[Countersign]]:
    taken = (*state.taken, received.id)
    after = Ledgered(account=state.account, taken=taken)
    return after, [Countersign(account=state.account, turn=len(taken))]


async def _perform(work: Transaction, command: Countersign) -> None:
    own = process_subject(command.account)
    said = ListMemberAdded(uscc=own, list_code=CLERK, list_version=command.turn)
    work.publish(said, sequence=command.turn)
    await schedule(work, said)


def process_subject(account: str) -> str:
    """Name the process of an account as an aggregate of its own."""
    return "92" + account[2:]


PROCESS = Process(CLERK, Ledgered, _begin, _react, _perform, remind=lambda _: None)


async def _countersign(work: Transaction, received: Received[EnterpriseRegistered]) -> None:
    await advance(work, PROCESS, received.subject, received)


def ledger(database: Database, consumer: str) -> Applier:
    """The consumer of the read model."""
    return Applier(database, consumer, {EnterpriseRegistered: project, ListMemberAdded: project})


def clerk(database: Database, consumer: str) -> Applier:
    """The consumer of the process; it ignores what it has said itself."""
    return Applier(database, f"{consumer}-{CLERK}", {EnterpriseRegistered: _countersign})
