"""Replays (回放): what would a past year have cost under another version of the rules?

Every loss of the year is split again by the other pack, in the order in which it was decided, with
the facts that the enrolment knew and with counters of the replay's own: they begin where the year
began and move by what the other pack decides. A loss that the other pack does not take stays with
whoever files it, so it is counted apart and shares in no sum.

Example: 园科贷 with a cap of 8 % in place of 10 %: the pool bears less from the first claim that
meets the cap on, the bank and the local government bear more, and the sum is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.guarantee.losses.rules import Decided
from services.guarantee.programmes.rules import Counters, PinnedPack
from shared.errors import DomainError, NotFound
from shared.rulepack.pack import Pack
from shared.rulepack.splitting import split_loss

ReplayId = NewType("ReplayId", UUID)


class ReplayNotFound(NotFound):
    """No such replay, or not of this organisation."""

    code = "replay-not-found"
    title_zh = "未找到回放任务"
    title_en = "Replay not found"


class ReplayState(StrEnum):
    """A failed replay says why; what it found until then stays readable."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What was asked for, how far it is, and the sums by party, in fen.

    ``before_fen`` and ``after_fen`` are over the same losses: those that the other pack takes.
    ``position`` is the place of the last decision that was replayed.
    """

    id: ReplayId
    programme: str
    year: int
    pack: PinnedPack
    org: str
    asked_by: str
    asked_at: datetime
    total: int
    state: ReplayState = ReplayState.RUNNING
    done: int = 0
    refused: int = 0
    position: int = 0
    counter_moves: Mapping[str, int]
    before_fen: Mapping[str, int]
    after_fen: Mapping[str, int]
    failure: str | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One past decision by party, and what the other pack makes of it, or why it does not."""

    place: int
    claim_id: UUID
    before_fen: Mapping[str, int]
    after_fen: Mapping[str, int]
    refusal: str | None = None


def go_on(
    replay: Replay, pack: Pack, base: Counters, decided: Sequence[Decided]
) -> tuple[Replay, tuple[Row, ...]]:
    """Replay the next decisions; ``base`` are the year's counters as the year began."""
    rows = []
    for each in decided:
        row, moves = _again(replay.done + 1, pack, base.moved(replay.counter_moves), each)
        taken = row.refusal is None
        replay = replace(
            replay,
            done=replay.done + 1,
            refused=replay.refused + (not taken),
            position=each.position,
            counter_moves=_added(replay.counter_moves, moves),
            before_fen=_added(replay.before_fen, row.before_fen if taken else {}),
            after_fen=_added(replay.after_fen, row.after_fen),
        )
        rows.append(row)
    return replay, tuple(rows)


def finish(replay: Replay, *, now: datetime, failure: str | None = None) -> Replay:
    """End a replay, whole or with what stopped it."""
    state = ReplayState.DONE if failure is None else ReplayState.FAILED
    return replace(replay, state=state, failure=failure, finished_at=now)


def _again(
    place: int, pack: Pack, counters: Counters, decided: Decided
) -> tuple[Row, Mapping[str, int]]:
    before = {leg.party: leg.amount_fen for leg in decided.legs}
    split = decided.split
    try:
        result = split_loss(
            pack,
            on=split.on,
            loss_fen=split.loss_fen,
            recovered_fen=split.recovered_fen,
            facts=split.facts,
            counters=counters.as_inputs(pack),
        )
    except DomainError as refusal:
        return Row(place, decided.claim_id, before, {}, f"{refusal.code}: {refusal.detail}"), {}
    after = {leg.party: leg.amount_fen for leg in result.legs}
    return Row(place, decided.claim_id, before, after), result.counter_moves


def _added(sums: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {name: sums.get(name, 0) + more.get(name, 0) for name in dict.fromkeys((*sums, *more))}
