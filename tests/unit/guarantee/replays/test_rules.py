"""Rules of the replays: the same losses by other rules, with counters of their own."""

from datetime import UTC, datetime
from uuid import UUID

from services.guarantee.losses.rules import Decided, split_of
from services.guarantee.programmes.rules import Counters, PinnedPack
from services.guarantee.replays.rules import Replay, ReplayId, ReplayState, finish, go_on
from shared.rulepack.loader import pack_from_data
from shared.rulepack.pack import Pack
from shared.rulepack.splitting import split_loss
from tests.support.cases import TODAY, a_cover
from tests.support.packs import shipped

PACK = shipped("sip-yuankedai")
LOSS = 100_000_000
BASE_FEN = 600_000_000
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def other_pack(cap_ppm: int) -> Pack:
    """Write the pack with another cap of the pool."""
    data = PACK.model_dump(mode="json", exclude_none=True)
    data["caps"][0]["limit"]["share_ppm"] = cap_ppm
    return pack_from_data(data)


def base() -> Counters:
    return Counters(
        programme="sip-yuankedai", bank="", year=2026, prior_year_end_balance_fen=BASE_FEN
    )


def a_year(count: int) -> list[Decided]:
    """Decide losses of 1,000,000 yuan one after the other by the shipped pack."""
    counters, decided = base(), []
    for place in range(1, count + 1):
        inputs = counters.as_inputs(PACK)
        result = split_loss(PACK, on=TODAY, loss_fen=LOSS, facts={}, counters=inputs)
        split, legs = split_of(
            result,
            cover=a_cover(PACK),
            loss_fen=LOSS,
            recovered_fen=0,
            counters=inputs,
            today=TODAY,
        )
        counters = counters.moved(split.counter_moves)
        decided.append(Decided(10 * place, UUID(int=place), split, legs))
    return decided


def a_replay() -> Replay:
    return Replay(
        id=ReplayId(UUID(int=9)),
        programme="sip-yuankedai",
        year=2026,
        pack=PinnedPack.of(PACK),
        org="fund-lyg",
        asked_by="maker",
        asked_at=NOW,
        total=3,
        counter_moves={},
        before_fen={},
        after_fen={},
    )


class TestReplay:
    def test_by_the_same_pack_changes_nothing(self) -> None:
        replay, rows = go_on(a_replay(), PACK, base(), a_year(3))

        assert replay.before_fen == replay.after_fen
        assert sum(replay.after_fen.values()) == 3 * LOSS
        assert [row.before_fen for row in rows] == [row.after_fen for row in rows]
        assert [(row.place, row.claim_id, row.refusal) for row in rows] == [
            (place, UUID(int=place), None) for place in (1, 2, 3)
        ]
        assert (replay.done, replay.refused, replay.position) == (3, 0, 30)

    def test_goes_on_with_its_own_counters_page_by_page(self) -> None:
        year = a_year(3)
        whole, _ = go_on(a_replay(), PACK, base(), year)

        first, _ = go_on(a_replay(), PACK, base(), year[:1])
        then, rows = go_on(first, PACK, base(), year[1:])

        assert then == whole
        assert [row.place for row in rows] == [2, 3]
        assert then.counter_moves == {"pool_paid_this_year_fen": 60_000_000}

    def test_under_another_cap_conserves_and_moves_what_the_cap_turns_away(self) -> None:
        replay, _ = go_on(a_replay(), other_pack(80_000), base(), a_year(3))

        assert sum(replay.before_fen.values()) == sum(replay.after_fen.values()) == 3 * LOSS
        assert replay.before_fen["pool"] == 60_000_000
        assert replay.after_fen["pool"] == 48_000_000

    def test_counts_a_loss_that_the_other_pack_does_not_take_apart(self) -> None:
        asks_more = shipped("nfgf-scitech-2024")

        replay, rows = go_on(a_replay(), asks_more, base(), a_year(1))

        assert (replay.done, replay.refused) == (1, 1)
        assert (replay.before_fen, replay.after_fen) == ({}, {})
        assert rows[0].after_fen == {}
        assert rows[0].before_fen != {}
        code, _, detail = str(rows[0].refusal).partition(": ")
        assert code
        assert detail

    def test_ends_whole_or_with_what_stopped_it(self) -> None:
        done = finish(a_replay(), now=NOW)
        failed = finish(a_replay(), now=NOW, failure="year-not-opened")

        assert (done.state, done.failure, done.finished_at) == (ReplayState.DONE, None, NOW)
        assert (failed.state, failed.failure) == (ReplayState.FAILED, "year-not-opened")
        assert failed.finished_at == NOW
