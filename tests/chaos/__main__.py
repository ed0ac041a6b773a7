"""Hurt the real system for a while, and check that it keeps its promises.

python -m tests.chaos [--minutes N] [--seed N]     the same as make chaos MIN=N SEED=N
python -m tests.chaos --plant no-dedupe            with a bug that the checks must find
python -m tests.chaos --outage broker              one outage with its figures: database,
                                                   broker, connections or shutdown
"""

import argparse
import asyncio
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.local.places import RUN_DIR
from shared import clock
from tests.chaos import outages, shutdown
from tests.chaos.plants import PLANTS
from tests.chaos.rounds import Run, Settings, as_json, show
from tests.chaos.schedule import Plan

EXIT_VIOLATED = 1
ALL = ("registry", "notify", "credit", "guarantee")
OUTAGES = ("database", "broker", "connections", "shutdown")


def main() -> int:
    """Run as the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rounds", type=int, default=100_000)
    parser.add_argument("--round-seconds", type=float, default=90)
    parser.add_argument("--gap", type=float, default=4, help="mean seconds between faults")
    parser.add_argument("--services", default=",".join(ALL))
    parser.add_argument("--plant", choices=sorted(PLANTS), default="")
    parser.add_argument("--outage", choices=OUTAGES)
    parser.add_argument("--seconds", type=float, help="how long the outage lasts")
    parser.add_argument("--limit", type=int, default=40_000, help="the outbox's bound, in rows")
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="tongzhou-chaos-"))
    violations = outage(given, directory) if given.outage else chaos(given, directory)
    if not violations:
        shutil.rmtree(directory)
        return 0
    sys.stdout.write(f"logs and the clients' history: {directory}\n")
    return EXIT_VIOLATED


def chaos(given: argparse.Namespace, directory: Path) -> list[str]:
    """Run rounds, print the table, leave a report; returns the violations."""
    settings = Settings(
        seed=secrets.randbelow(1_000_000) if given.seed is None else given.seed,
        minutes=given.minutes,
        rounds_max=given.rounds,
        plan=Plan(given.round_seconds, given.gap),
        services=tuple(given.services.split(",")),
        plant=given.plant,
    )
    sys.stdout.write(f"seed {settings.seed}, {settings.minutes:g} minutes\n")
    began = clock.now()
    result = asyncio.run(Run(settings, directory).play())
    show(result, sys.stdout.write)
    _report(began, str(settings.seed), as_json(result))
    if result.violations:
        sys.stdout.write(f"again: make chaos MIN={settings.minutes:g} SEED={settings.seed}\n")
    return result.violations


def outage(given: argparse.Namespace, directory: Path) -> list[str]:
    """Play one outage, print its figures, leave a report; returns the violations."""
    began = clock.now()
    if given.outage == "shutdown":
        found = asyncio.run(shutdown.measure(directory))
        figures: Mapping[str, Any] = {
            name: ", ".join(f"{role} {took}" for role, took in roles.items())
            for name, roles in found.items()
        }
        violations: list[str] = []
    else:
        figures, violations = asyncio.run(
            outages.play(given.outage, directory, seconds=given.seconds, limit_rows=given.limit)
        )
    for name, value in figures.items():
        sys.stdout.write(f"{name:<40}{value}\n")
    for violation in violations:
        sys.stdout.write(f"  VIOLATION {violation}\n")
    sys.stdout.write(f"violations {len(violations)}\n")
    _report(began, given.outage, {"figures": dict(figures), "violations": violations})
    return violations


def _report(began: datetime, name: str, content: Mapping[str, Any]) -> None:
    report = RUN_DIR / "chaos" / f"{began:%Y%m%d-%H%M%S}-{name}.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    sys.stdout.write(f"report: {report}\n")


if __name__ == "__main__":
    sys.exit(main())
