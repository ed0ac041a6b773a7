"""Ruff, mypy and import-linter, as configured here, are seen to catch a planted violation."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import pytest

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "pyproject.toml"
PROGRAMS = Path(sys.executable).parent
DEADLINE_S = 90

Completed: TypeAlias = subprocess.CompletedProcess[str]


def run(program: str, *arguments: str, folder: Path) -> Completed:
    return subprocess.run(
        [str(PROGRAMS / program), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def plant(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


CLEAN_FUNCTION = 'def f(x: int) -> int:\n    """Double."""\n    return x + x\n'

RUFF_VIOLATIONS = {
    "the clock": ("TID251", "from datetime import UTC, datetime\n\nx = datetime.now(UTC)\n"),
    "the wall clock": ("TID251", "import time\n\nx = time.time()\n"),
    "an id": ("TID251", "import uuid\n\nx = uuid.uuid4()\n"),
    "an id of the fast library": ("TID251", "from uuid_utils.compat import uuid7\n\nx = uuid7()\n"),
    "a Kafka client": (
        "TID251",
        "from aiokafka import AIOKafkaConsumer\n\nx = AIOKafkaConsumer()\n",
    ),
    "an HTTP error": ("TID251", "from fastapi import HTTPException\n\nx = HTTPException(404)\n"),
    "a mock": ("TID251", "from unittest.mock import patch\n\nx = patch('y')\n"),
    "a relative import": ("TID252", "from . import x\n\ny = x\n"),
    "a naive instant": ("DTZ001", "from datetime import datetime\n\nx = datetime(2026, 1, 1)\n"),
    "a swallowed error": ("BLE001", "try:\n    x = 1\nexcept Exception:\n    x = 2\n"),
    "an assert": ("S101", "assert 1 + 1 == 2\n"),
    "a print": ("T201", "print('x')\n"),
    "a flag": ("FBT001", "def f(strict: bool) -> None: ...\n"),
    "a missing annotation": ("ANN001", "def f(x) -> None: ...\n"),
    "an idle exemption": ("RUF100", "x = 1  # noqa: E501\n"),
    "a blanket exemption": ("PGH003", "x = 1  # type: ignore\n"),
    "commented-out code": ("ERA001", "x = 1\n# x = x + 1\n"),
    "a sleeping loop": ("ASYNC251", "import time\n\n\nasync def f() -> None:\n    time.sleep(1)\n"),
    "a formatted log": ("G004", "import logging\n\nlogging.getLogger().info(f'{1}')\n"),
    "a long line": ("E501", f"x = '{'x' * 100}'\n"),
}


def ruff(folder: Path) -> Completed:
    arguments = ("--no-cache", "--output-format", "concise", "--config", str(CONFIGURATION))
    return run("ruff", "check", *arguments, ".", folder=folder)


class TestRuff:
    def test_accepts_a_clean_file(self, tmp_path: Path) -> None:
        plant(tmp_path, {"shared/x.py": CLEAN_FUNCTION})

        found = ruff(tmp_path)

        assert (found.returncode, found.stdout) == (0, "All checks passed!\n")

    @pytest.mark.parametrize("name", RUFF_VIOLATIONS)
    def test_catches(self, name: str, tmp_path: Path) -> None:
        rule, text = RUFF_VIOLATIONS[name]
        plant(tmp_path, {"shared/x.py": text})

        found = ruff(tmp_path)

        assert found.returncode == 1
        assert f" {rule} " in found.stdout

    def test_catches_a_file_that_is_not_formatted(self, tmp_path: Path) -> None:
        plant(tmp_path, {"shared/x.py": "x = {'a':1}\n"})

        found = run("ruff", "format", "--check", "--config", str(CONFIGURATION), folder=tmp_path)

        assert found.returncode == 1


MYPY_VIOLATIONS = {
    "return-value": "def f(x: int) -> str:\n    return x\n",
    "no-untyped-def": "def f(x):\n    return x\n",
    "type-arg": "def f(x: dict) -> None: ...\n",
    "ignore-without-code": "x: int = 'a'  # type: ignore\n",
    "unused-ignore": "x: int = 1  # type: ignore[assignment]\n",
    "truthy-bool": "class A: ...\n\n\nif A():\n    x = 1\n",
    "redundant-expr": "def f(x: int) -> bool:\n    return isinstance(x, int) and x > 0\n",
    "unreachable": "def f(x: int) -> None:\n    if isinstance(x, str):\n        print(x)\n",
    "call-arg": (
        "from pydantic import BaseModel\n\n\nclass A(BaseModel):\n    x: int\n\n\na = A(x=1, y=2)\n"
    ),
    "arg-type": (
        "from pydantic import BaseModel\n\n\nclass A(BaseModel):\n    x: int\n\n\na = A(x='1')\n"
    ),
    "import-not-found": "import a_package_that_nobody_installed\n",
}


@pytest.fixture(scope="module", autouse=True)
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Future[Completed]"]:
    """What mypy says of its planted violations: it takes longest, and so it begins first."""
    folder = tmp_path_factory.mktemp("mypy")
    files = {f"{code.replace('-', '_')}.py": text for code, text in MYPY_VIOLATIONS.items()}
    plant(folder, {"clean.py": CLEAN_FUNCTION, **files})
    options = ("--config-file", str(CONFIGURATION), "--cache-dir", str(folder / "cache"))
    names = ("clean.py", *sorted(files))
    with ThreadPoolExecutor(max_workers=1) as beside:
        yield beside.submit(run, "mypy", *options, "--no-pretty", *names, folder=folder)


KERNEL = ("money", "uscc", "errors", "ids", "clock", "db", "messaging", "web", "events", "rulepack")
SKELETON: Mapping[str, str] = {
    "deploy/__init__.py": "",
    "shared/__init__.py": "",
    **{f"shared/{name}/__init__.py": "" for name in KERNEL},
    "services/__init__.py": "",
    **{f"services/{name}/__init__.py": "" for name in ("toll", "ferry")},
    **{f"services/toll/gates/{name}.py": "" for name in ("__init__", "routes", "store", "rules")},
    "services/toll/gates/handlers.py": "from services.toll.gates import rules, store\n",
    "services/ferry/piers/__init__.py": "",
    "services/ferry/piers/rules.py": "from fractions import Fraction\n\nfrom shared import money\n",
}
CONTRACT_VIOLATIONS = {
    "services are independent deployables": {
        "services/ferry/piers/handlers.py": "from services.toll.gates import handlers\n"
    },
    "shared knows no service, and neither knows how it is deployed": {
        "shared/web/app.py": "import services.toll\n"
    },
    "services do not know how they are deployed": {"services/toll/app.py": "import deploy\n"},
    "slices are layered": {
        "services/toll/gates/store.py": "from services.toll.gates import handlers\n"
    },
    "rules and money are pure": {"services/ferry/piers/rules.py": "import asyncpg\n"},
    "the rule-pack mechanism is pure": {"shared/rulepack/loader.py": "import shared.db\n"},
    "services reach Kafka through shared.messaging": {
        "services/toll/subscriptions.py": "import aiokafka\n"
    },
}


def broken_contracts(folder: Path, files: Mapping[str, str]) -> set[str]:
    configuration = CONFIGURATION.read_text(encoding="utf-8")
    plant(folder, {**SKELETON, **files, "pyproject.toml": configuration})
    found = run("lint-imports", "--no-cache", folder=folder)
    assert "Contracts:" in found.stdout, found.stdout + found.stderr
    return set(re.findall(r"^(.+) BROKEN$", found.stdout, re.MULTILINE))


class TestImportContracts:
    def test_hold_on_a_clean_tree(self, tmp_path: Path) -> None:
        assert broken_contracts(tmp_path, {}) == set()

    @pytest.mark.parametrize("name", CONTRACT_VIOLATIONS)
    def test_catch(self, name: str, tmp_path: Path) -> None:
        assert broken_contracts(tmp_path, CONTRACT_VIOLATIONS[name]) == {name}

    def test_see_rules_that_reach_the_database_by_a_detour(self, tmp_path: Path) -> None:
        files = {
            "services/ferry/piers/rules.py": "from services.ferry.piers import schemas\n",
            "services/ferry/piers/schemas.py": "import shared.db\n",
        }

        assert broken_contracts(tmp_path, files) == {"rules and money are pure"}

    @pytest.mark.parametrize("name", ["os", "pathlib", "importlib"])
    def test_see_rules_that_read_what_nobody_gave_them(self, name: str, tmp_path: Path) -> None:
        files = {"services/ferry/piers/rules.py": f"import {name}\n"}

        assert broken_contracts(tmp_path, files) == {"rules and money are pure"}

    def test_are_all_planted(self) -> None:
        configured = re.findall(r'^name = "(.+)"$', CONFIGURATION.read_text("utf-8"), re.MULTILINE)

        assert set(CONTRACT_VIOLATIONS) == set(configured) - {"tongzhou"}


class TestMypy:
    def test_accepts_a_clean_file_and_catches_each_violation(
        self, checked: "Future[Completed]"
    ) -> None:
        found = checked.result()

        seen = set(
            re.findall(r"^(\w+)\.py:\d+: error: .*\[([a-z-]+)\]$", found.stdout, re.MULTILINE)
        )
        assert seen == {(code.replace("-", "_"), code) for code in MYPY_VIOLATIONS}
