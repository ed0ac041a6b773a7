"""Carries out a schedule of faults on a world, each from its beginning to its end."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

import asyncpg

from deploy.local.errors import StackError
from deploy.local.ports import free_port
from shared.events.catalogue import TOPICS
from shared.messaging.kafka import KafkaError
from tests.chaos import wire
from tests.chaos.proxy import OFFSET_COMMIT, PRODUCE, Behaviour
from tests.chaos.schedule import Fault
from tests.chaos.world import READY_S, World
from tests.support.waiting import until

LOSSES_MAX = 6
DELAY_MAX_S = 2.0
CLOCK_JUMPS_S = (-86_400, -3600, -300, -30, 30, 300, 3600, 86_400)
STORM_PERIOD_S = 5.0
REPEATED_MAX = 60
REPEATING_S = 15.0
Step = Callable[[Fault], Awaitable[None]]


class Nemesis:
    """Hurts a world; whatever it began it also ends."""

    def __init__(self, world: World, *, seed: str) -> None:
        self.counts: Counter[str] = Counter()
        self.repeated = 0
        self.failures: list[str] = []
        self._world = world
        self._rng = random.Random(f"{seed}/nemesis")
        self._steps: dict[str, Step] = {
            "kill service": self._kill_service,
            "freeze service": self._freeze_service,
            "clock jump": self._jump,
            "kill broker": self._kill_broker,
            "freeze broker": self._freeze_broker,
            "kill database": self._kill_database,
            "kill one backend": self._kill_backend,
            "freeze database": self._freeze_database,
            "end backends": self._end_backends,
            "lose Produce answers": self._lose_produce,
            "lose OffsetCommit answers": self._lose_commits,
            "delay broker": self._delay_broker,
            "half-open broker": self._mute_broker,
            "reset broker connections": self._reset_broker,
            "lose COMMIT answers": self._lose_commit_answers,
            "delay database": self._delay_database,
            "half-open database": self._mute_database,
            "reset database connections": self._reset_database,
            "rebalance storm": self._storm,
            "second relay": self._second_relay,
            "repeat and reorder records": self._repeat,
        }

    async def run(self, faults: Sequence[Fault]) -> None:
        """Let every fault begin at its time, and return once all have ended."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for fault in faults:
                await asyncio.sleep(max(0.0, began + fault.at_s - time.monotonic()))
                tasks.create_task(self._inflict(fault))

    async def _inflict(self, fault: Fault) -> None:
        self.counts[fault.kind] += 1
        try:
            await self._steps[fault.kind](fault)
        except StackError as error:
            self.failures.append(f"I6 after {fault.kind} of {fault.target}: {error}")

    async def _kill_service(self, fault: Fault) -> None:
        child = self._world.services[fault.target]
        child.kill()
        await asyncio.sleep(fault.duration_s)
        child.start()

    async def _freeze_service(self, fault: Fault) -> None:
        child = self._world.services[fault.target]
        child.freeze()
        await asyncio.sleep(fault.duration_s)
        child.thaw()

    async def _jump(self, fault: Fault) -> None:
        jump = CLOCK_JUMPS_S[int(fault.size * len(CLOCK_JUMPS_S))]
        self._world.set_clock(fault.target, jump)
        await asyncio.sleep(fault.duration_s)
        self._world.set_clock(fault.target, 0)

    async def _kill_broker(self, fault: Fault) -> None:
        self._world.broker.kill()
        await asyncio.sleep(fault.duration_s)
        self._world.broker.launch()

    async def _freeze_broker(self, fault: Fault) -> None:
        self._world.broker.freeze()
        await asyncio.sleep(fault.duration_s)
        self._world.broker.thaw()

    async def _kill_database(self, fault: Fault) -> None:
        self._world.postgres.kill()
        await asyncio.sleep(fault.duration_s)
        self._world.postgres.launch()

    async def _freeze_database(self, fault: Fault) -> None:
        self._world.postgres.freeze()
        await asyncio.sleep(fault.duration_s)
        self._world.postgres.thaw()

    async def _kill_backend(self, fault: Fault) -> None:
        """One backend dies, and PostgreSQL ends all others and recovers by itself."""
        pid = await self._administer("SELECT max(pid) FROM pg_stat_activity WHERE usename ~ '_app'")
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def _end_backends(self, fault: Fault) -> None:
        await self._administer(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename ~ '_app'"
        )

    async def _administer(self, query: str) -> int | None:
        try:
            connection = await asyncpg.connect(self._world.postgres.admin_dsn, timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return None
        try:
            found: int | None = await connection.fetchval(query, timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None
        else:
            return found
        finally:
            connection.terminate()

    async def _at_broker(self, fault: Fault, behaviour: Behaviour) -> None:
        proxy, client = self._world.kafka_proxy, f"tongzhou-{fault.target}"
        proxy.behave(behaviour, client=client)
        await asyncio.sleep(fault.duration_s)
        proxy.heal(client=client)

    async def _lose_produce(self, fault: Fault) -> None:
        losses = 1 + int(fault.size * LOSSES_MAX)
        await self._at_broker(fault, Behaviour(drops=Counter({PRODUCE: losses})))

    async def _lose_commits(self, fault: Fault) -> None:
        losses = 1 + int(fault.size * LOSSES_MAX)
        await self._at_broker(fault, Behaviour(drops=Counter({OFFSET_COMMIT: losses})))

    async def _delay_broker(self, fault: Fault) -> None:
        delay_s = fault.size * DELAY_MAX_S
        await self._at_broker(fault, Behaviour(delay_s=delay_s, jitter_s=delay_s / 2))

    async def _mute_broker(self, fault: Fault) -> None:
        await self._at_broker(fault, Behaviour(mute=True))

    async def _reset_broker(self, fault: Fault) -> None:
        self._world.kafka_proxy.reset_all(client=f"tongzhou-{fault.target}")

    async def _at_database(self, fault: Fault, behaviour: Behaviour) -> None:
        proxy = self._world.database_proxies[fault.target]
        proxy.behave(behaviour)
        await asyncio.sleep(fault.duration_s)
        proxy.heal()

    async def _lose_commit_answers(self, fault: Fault) -> None:
        losses = 1 + int(fault.size * LOSSES_MAX)
        await self._at_database(fault, Behaviour(drops=Counter({0: losses})))

    async def _delay_database(self, fault: Fault) -> None:
        delay_s = fault.size * DELAY_MAX_S / 4
        await self._at_database(fault, Behaviour(delay_s=delay_s, jitter_s=delay_s / 2))

    async def _mute_database(self, fault: Fault) -> None:
        await self._at_database(fault, Behaviour(mute=True))

    async def _reset_database(self, fault: Fault) -> None:
        self._world.database_proxies[fault.target].reset_all()

    async def _storm(self, fault: Fault) -> None:
        """Other members join the group and leave it, in turn politely and by SIGKILL."""
        end = time.monotonic() + fault.duration_s
        polite = fault.size < 0.5
        while time.monotonic() < end:
            member = self._world.child(
                fault.target, "consume", free_port(), log=f"{fault.target}-member"
            )
            member.start()
            await asyncio.sleep(STORM_PERIOD_S)
            if polite:
                member.ask_to_stop()
                await asyncio.sleep(1)
            member.kill()
            self.counts["joins and leaves"] += 1
            polite = not polite

    async def _second_relay(self, fault: Fault) -> None:
        """A second relay waits for the first one's shards, and is killed while it may hold some."""
        relay = self._world.child(fault.target, "relay", free_port(), log=f"{fault.target}-relay")
        relay.start()
        await asyncio.sleep(fault.duration_s)
        relay.kill()

    async def _repeat(self, fault: Fault) -> None:
        topics = [topic.name for topic in TOPICS if topic.publisher == fault.target]
        try:
            async with asyncio.timeout(REPEATING_S):
                self.repeated += await wire.send_again(
                    self._world.kafka,
                    topics,
                    records=1 + int(fault.size * REPEATED_MAX),
                    rng=self._rng,
                )
        except (KafkaError, TimeoutError, OSError):
            self.counts["repeating cut off"] += 1

    async def heal(self) -> None:
        """See that everything that was hurt is up again; a service that is not is a failure."""
        self._world.kafka_proxy.heal()
        for name in self._world.names:
            self._world.database_proxies[name].heal()
        try:
            for server in (self._world.postgres, self._world.broker):
                await asyncio.to_thread(server.wait_ready)
            for name in self._world.names:
                await until(
                    partial(self._world.is_ready, name),
                    what=f"{name} is ready after the faults",
                    deadline_s=READY_S,
                )
        except (TimeoutError, StackError) as error:
            self.failures.append(f"I6 {error}")
