"""Twenty thousand drawn cases hold, and every kind of planted mistake is found among them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared import money
from shared.money import Money, SplitStep
from shared.rulepack import splitting, stages
from shared.rulepack.stages import CapRoom
from tests.engine.properties import broken_by

SEED = 20_261_127
Steps = dict[Any, SplitStep]
_real_steps = money.split_steps
_real_recovery = splitting.split_recovery


class TestEngine:
    @pytest.mark.parametrize("chunk", range(4))
    def test_holds_for_five_thousand_cases(self, chunk: int) -> None:
        numbers = range(chunk * 5_000, (chunk + 1) * 5_000)

        assert broken_by(SEED, numbers) == []


def _last_tie_first(total: Money, weights: Mapping[Any, int]) -> Steps:
    turned = _real_steps(total, dict(reversed(list(weights.items()))))
    return {key: turned[key] for key in weights}


def _odd_fen_to_the_first(total: Money, weights: Mapping[Any, int]) -> Steps:
    steps = _real_steps(total, weights)
    odd = sum(step.odd_fen for step in steps.values())
    return {
        key: SplitStep(step.floor_fen, step.remainder, step.whole, odd if place == 0 else 0)
        for place, (key, step) in enumerate(steps.items())
    }


def _lost_fen(total: Money, weights: Mapping[Any, int]) -> Steps:
    return {
        key: SplitStep(step.floor_fen, step.remainder, step.whole, 0)
        for key, step in _real_steps(total, weights).items()
    }


def _ignore_what_is_used(room: CapRoom) -> int:
    return max(0, room.limit_fen)


def _one_fen_too_much(room: CapRoom) -> int:
    return max(0, room.limit_fen - room.used_fen) + 1


def _by_all_that_was_borne(borne: Mapping[str, int], **given: Any) -> Any:  # noqa: ANN401 - as the real one
    return _real_recovery(borne, **{**given, "recovered_before": None})


def _costs_last(borne: Mapping[str, int], *, costs_fen: int, **given: Any) -> Any:  # noqa: ANN401 - as the real one
    return _real_recovery(borne, costs_fen=0, **given)


MISTAKES: list[tuple[object, str, Callable[..., object] | property]] = [
    (stages, "split_steps", _last_tie_first),
    (stages, "split_steps", _odd_fen_to_the_first),
    (stages, "split_steps", _lost_fen),
    (CapRoom, "room_fen", property(_ignore_what_is_used)),
    (CapRoom, "room_fen", property(_one_fen_too_much)),
    (stages, "_taken", lambda received, _kept, _stages: received),
    (splitting, "split_recovery", _by_all_that_was_borne),
    (splitting, "split_recovery", _costs_last),
]


class TestMistakes:
    @pytest.mark.parametrize("place", range(len(MISTAKES)))
    def test_are_found(self, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
        where, name, mistake = MISTAKES[place]
        monkeypatch.setattr(where, name, mistake)

        assert broken_by(SEED, range(2_000))
