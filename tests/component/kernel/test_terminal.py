"""The operator's terminal: each command as a process, on the database of a service."""

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from shared.operations.terminal import table
from tests.conftest import ServiceFactory
from tests.support.city import an_institution
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

SETTINGS = {
    "TONGZHOU_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
    "TONGZHOU_ISSUER": "https://issuer.example",
    "TONGZHOU_JWKS_URL": "https://issuer.example/jwks",
}


@pytest.fixture
async def credit(service_of: ServiceFactory) -> ServiceUnderTest:
    """Credit that misses the first event of a bank's directory entry."""
    made = await service_of("credit")
    await made.deliver_record(made.record(an_institution("bank-ganyu", "bank"), sequence=2))
    return made


async def operate(credit: ServiceUnderTest, *words: str) -> tuple[int, str, str]:
    """Run a command; returns its status and what it printed and complained of."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.credit",
        *words,
        env={**os.environ, **SETTINGS, "TONGZHOU_DATABASE_URL": credit.database.dsn},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complained = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode(), complained.decode()


async def json_of(credit: ServiceUnderTest, *words: str) -> Any:  # noqa: ANN401 - any JSON
    """Run a command that succeeds and return its JSON."""
    status, printed, complained = await operate(credit, *words, "--json")
    assert (status, complained) == (0, "")
    return json.loads(printed)


class TestTerminal:
    async def test_leads_from_a_parked_key_to_its_redrive_by_two_persons(
        self, credit: ServiceUnderTest
    ) -> None:
        [held] = await json_of(credit, "parked")
        where = ("--topic", held["topic"], "--key", held["key"])
        tried = await json_of(credit, "redrive", *where, "--dry-run")
        asked = await json_of(credit, "redrive", *where, "--by", "op/one", "--reason", "sent")

        alone = await operate(credit, "approve", asked["id"], "--by", "op/one")
        done = await json_of(credit, "approve", asked["id"], "--by", "op/two")
        [listed] = await json_of(credit, "operations")

        assert held["reason"] == "sequence-gap"
        assert tried["tried"][0]["held_for"] == "sequence-gap"
        assert alone[0] == 2
        assert "operation-four-eyes" in alone[2]
        assert "须由他人复核" in alone[2]
        assert (done["state"], done["result"]) == ("done", {"keys": 1, "parked": 1})
        assert listed == done

    async def test_prints_tables_for_people(self, credit: ServiceUnderTest) -> None:
        (status, parked, _), (_, outbox, _), (_, processes, _) = await asyncio.gather(
            operate(credit, "parked"),
            operate(credit, "outbox"),
            operate(credit, "processes", "--late"),
        )

        assert status == 0
        head, row = parked.splitlines()
        assert head.split()[:3] == ["topic", "key", "reason"]
        assert row.split()[:3] == ["tongzhou.registry.institution.v1", "bank-ganyu", "sequence-gap"]
        assert "depth" in outbox
        assert processes == "nothing\n"

    async def test_says_what_is_missing(self, credit: ServiceUnderTest) -> None:
        (status, printed, complained), unknown, nobody = await asyncio.gather(
            operate(credit, "redrive", "--topic", "t"),
            operate(credit, "replay", "--model", "x", "--by", "a", "--reason", "b"),
            operate(credit, "resume", "guaranteed_loan", "x", "--by", "a"),
        )

        assert (status, printed) == (2, "")
        assert "--topic and --key, or --fingerprint" in complained
        assert "no read model 'x'" in unknown[2]
        assert "--by and --reason" in nobody[2]


class TestTable:
    def test_cuts_long_cells_and_shows_what_is_missing(self) -> None:
        lines = table([{"a": "x" * 100, "b": None}, {"a": "y", "b": {"n": 1}}]).splitlines()

        assert lines[1] == "x" * 59 + "…  -"
        assert lines[2].split() == ["y", '{"n":1}']
