"""An operator's commands: ``python -m services.<name> parked|redrive|replay|outbox|…``.

Each prints a table for people, or JSON with ``--json``. What changes something is asked for by one
person and approved by another; a rehearsal is shown before.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from shared.errors import DomainError, Malformed
from shared.messaging import parking, process, requests
from shared.operations import asking, redrive
from shared.operations.backlog import backlog
from shared.operations.operator import Operator
from shared.operations.rebuild import rebuild
from shared.operations.redrive import Selection

_REFUSED = 2
_LONGEST_CELL = 60


@dataclass(frozen=True, slots=True)
class Command:
    """A command of one service, beside those that every service has."""

    name: str
    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Operator], Awaitable[object]]
    """Returns a record, or a list of them; raises DomainError to refuse in words."""


def add_commands(
    parsers: "argparse._SubParsersAction[argparse.ArgumentParser]", own: Sequence[Command]
) -> None:
    """Declare the commands that every service has, and its own."""
    for command in own:
        command.declare(_add(parsers, command.name, command.help))
    parked = _add(parsers, "parked", "list parked keys and why they failed")
    parked.add_argument("--topic")
    parked.add_argument("--fingerprint")
    parked.add_argument("--limit", type=int, default=50)
    again = _add(parsers, "redrive", "replay parked keys in order")
    again.add_argument("--topic")
    again.add_argument("--key")
    again.add_argument("--fingerprint", help="every key whose head failed in this way")
    again.add_argument("--dry-run", action="store_true", help="try it, undo it, and tell")
    _add_asking(again)
    replay = _add(parsers, "replay", "compare a read model with its topics, or rebuild it")
    replay.add_argument("--model", default="known")
    _add_asking(replay)
    _add(parsers, "outbox", "show what waits for the broker")
    waiting = _add(parsers, "processes", "list processes that have not ended")
    waiting.add_argument("--late", action="store_true", help="only those past their deadline")
    waiting.add_argument("--limit", type=int, default=50)
    resumed = _add(parsers, "resume", "send a process's timer once more")
    resumed.add_argument("kind")
    resumed.add_argument("id")
    _add_asking(resumed)
    listed = _add(parsers, "operations", "list what was asked for, decided and done")
    listed.add_argument("--limit", type=int, default=50)
    for verb in ("approve", "decline"):
        decided = _add(parsers, verb, f"{verb} what another person asked for")
        decided.add_argument("operation", type=UUID)
        decided.add_argument("--by", required=True, help="who decides: another than who asked")


def _add(
    parsers: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    made = parsers.add_parser(name, help=text, description=text.capitalize() + ".")
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return made


def _add_asking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", help="who asks for it; another person has to approve")
    parser.add_argument("--reason", help="why, for the record")


def run(arguments: argparse.Namespace, operator: Operator, own: Sequence[Command]) -> int:
    """Run one command; returns the exit status: 0, or 2 after a refusal in words."""
    commands = {**_COMMANDS, **{command.name: command.run for command in own}}
    try:
        printed = asyncio.run(_run(arguments, operator, commands[arguments.role]))
    except DomainError as error:
        sys.stderr.write(f"{error.code}: {error.detail}\n{error.title_zh}。{error.action_zh}\n")
        return _REFUSED
    sys.stdout.write(printed)
    return 0


_Run = Callable[[argparse.Namespace, Operator], Awaitable[object]]


async def _run(arguments: argparse.Namespace, operator: Operator, command: _Run) -> str:
    await operator.database.open()
    try:
        found = await command(arguments, operator)
    finally:
        await operator.database.close()
    if arguments.json:
        option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        return orjson.dumps(found, default=str, option=option).decode()
    return table(found)


async def _parked(arguments: argparse.Namespace, operator: Operator) -> object:
    async with operator.database.read() as work:
        return await parking.held_keys(
            work,
            operator.applier.consumer,
            topic=arguments.topic,
            fingerprint=arguments.fingerprint,
            limit=arguments.limit,
        )


async def _redrive(arguments: argparse.Namespace, operator: Operator) -> object:
    selection = Selection(
        topic=arguments.topic, key=arguments.key, fingerprint=arguments.fingerprint
    )
    by_key = selection.topic is not None and selection.key is not None
    if by_key == (selection.fingerprint is not None):
        raise UsageError("give --topic and --key, or --fingerprint")
    if arguments.dry_run:
        return await redrive.preview(operator.database, operator.applier, selection)
    by, reason = _asked(arguments)
    async with operator.database.transaction() as work:
        return await asking.ask_redrive(work, operator, selection, reason=reason, by=by)


async def _replay(arguments: argparse.Namespace, operator: Operator) -> object:
    if arguments.by is not None:
        by, reason = _asked(arguments)
        async with operator.database.transaction() as work:
            return await asking.ask_rebuild(work, operator, arguments.model, reason=reason, by=by)
    report = await rebuild(
        operator.dsn,
        operator.kafka,
        consumer=operator.applier.consumer,
        model=asking.declared(operator, arguments.model),
        exchange=False,
        read_clock=operator.read_clock,
        say=lambda progress: _say(f"replay: {progress}"),
    )
    return report.differences


async def _outbox(_arguments: argparse.Namespace, operator: Operator) -> object:
    async with operator.database.read() as work:
        return await backlog(work, limit=operator.database.bound.limit_rows)


async def _processes(arguments: argparse.Namespace, operator: Operator) -> object:
    async with operator.database.read() as work:
        return await process.waiting(work, late_only=arguments.late, limit=arguments.limit)


async def _resume(arguments: argparse.Namespace, operator: Operator) -> object:
    by, reason = _asked(arguments)
    async with operator.database.transaction() as work:
        return await asking.resume(
            work, operator, arguments.kind, arguments.id, reason=reason, by=by
        )


async def _operations(arguments: argparse.Namespace, operator: Operator) -> object:
    async with operator.database.read() as work:
        return (await requests.page(work, after=None, limit=arguments.limit))[: arguments.limit]


async def _approve(arguments: argparse.Namespace, operator: Operator) -> object:
    async with operator.database.transaction() as work:
        approved = await requests.decide(work, arguments.operation, approve=True, by=arguments.by)
    return await operator.carry_out(approved)


async def _decline(arguments: argparse.Namespace, operator: Operator) -> object:
    async with operator.database.transaction() as work:
        return await requests.decide(work, arguments.operation, approve=False, by=arguments.by)


_COMMANDS: Mapping[str, _Run] = {
    "parked": _parked,
    "redrive": _redrive,
    "replay": _replay,
    "outbox": _outbox,
    "processes": _processes,
    "resume": _resume,
    "operations": _operations,
    "approve": _approve,
    "decline": _decline,
}


class UsageError(Malformed):
    """The command line says too little, or two things at once."""

    code = "usage"
    title_zh = "命令参数不完整或互相矛盾"
    title_en = "Command line incomplete or contradictory"


def _asked(arguments: argparse.Namespace) -> tuple[str, str]:
    if arguments.by is None or arguments.reason is None:
        raise UsageError("say who asks for it and why: --by and --reason")
    return arguments.by, arguments.reason


def _say(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{line}\033[K")


def table(found: object) -> str:
    """Lay records out for a person: several as a table, one as a list of its fields."""
    if isinstance(found, list):
        rows = [_fields(record) for record in found]
        if not rows:
            return "nothing\n"
        heads = list(rows[0])
        lines = [heads, *[[_cell(row[head]) for head in heads] for row in rows]]
        widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
        return "".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            + "\n"
            for line in lines
        )
    fields = _fields(found)
    width = max(map(len, fields), default=0)
    return "".join(f"{name.ljust(width)}  {_text(value)}\n" for name, value in fields.items())


def _fields(record: object) -> Mapping[str, object]:
    if isinstance(record, Mapping):
        return record
    names = record.__dataclass_fields__  # type: ignore[attr-defined]  # every result is one
    return {name: getattr(record, name) for name in names}


def _cell(value: object) -> str:
    text = _text(value)
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Mapping | list):
        return orjson.dumps(value, default=str).decode()
    return str(value)
