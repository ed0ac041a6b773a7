"""Write docs/performance.md from a results file: no figure in it was typed by hand."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.reporting import figure, summary

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = """# Performance

Written by `python -m bench --document {names}` from those files of
`bench/results`, which `make bench` wrote; change no figure by hand. Each ratio is taken within one
repetition, both sides on the same machine one after the other, in another order each time; the
median counts. Absolute figures are of this machine; the ratios should hold on yours.
"""
COMMAND = "make bench ONLY={name} REPS=5{peers}"


def document(
    files: Sequence[Path], limited_by: Mapping[str, str], *, beside_peers: Collection[str]
) -> str:
    """Return the document of results files, of which a later one counts for what both measured.

    ``limited_by`` says per experiment what limits it; ``beside_peers`` which need PEERS=1.
    """
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    experiments: dict[str, Any] = {}
    for run in runs:
        for name, experiment in run["experiments"].items():
            experiments[name] = {**experiment, "run": run}
    names = " ".join(file.name for file in files)
    parts = [HEAD.format(names=names), *_machine(runs[-1]), *_overview(experiments)]
    for name, experiment in sorted(experiments.items()):
        parts += _experiment(name, experiment, limited_by.get(name, ""), peers=name in beside_peers)
    return "\n".join(parts).rstrip("\n") + "\n"


def _machine(run: Mapping[str, Any]) -> list[str]:
    rows = [f"| {name.replace('_', ' ')} | {value} |" for name, value in run["machine"].items()]
    return ["| machine | |", "|---|---|", *rows, ""]


def _overview(experiments: Mapping[str, Any]) -> list[str]:
    lines = ["| # | ratio | median | least to greatest | bar | |", "|---|---|---:|---:|---|---|"]
    lines += [
        f"| {name} | {bar['what']} | {figure(bar['median'])} | "
        f"{figure(bar['least'])} to {figure(bar['greatest'])} | {bar['bar'] or '·'} | "
        f"{_word(bar)} |"
        for name, experiment in sorted(experiments.items())
        for bar in experiment["bars"]
    ]
    return [*lines, ""]


def _word(bar: Mapping[str, Any]) -> str:
    if not bar["bar"]:
        return ""
    return "met" if bar["passed"] else "**missed**"


def _experiment(
    name: str, experiment: Mapping[str, Any], limited_by: str, *, peers: bool
) -> list[str]:
    lines = [f"## {name}: {experiment['title']}", ""]
    lines += ["| leg | figures: median [least to greatest] |", "|---|---|"]
    lines += [f"| {leg} | {summary(samples)} |" for leg, samples in experiment["samples"].items()]
    command = COMMAND.format(name=name, peers=" PEERS=1" if peers else "")
    lines += ["", f"`{command}`", ""]
    run = experiment["run"]
    lines.append(
        f"- measured at {run['at']}, {run['repetitions']} repetitions after one that warms up, "
        f"load average before {run['load_average']:.2f}"
    )
    if experiment["limits"]:
        lines.append(f"- cores in use in the first leg: {experiment['limits']}")
    lines += [f"- {note}" for note in experiment["notes"]]
    if limited_by:
        lines.append(f"- what limits it: {limited_by}")
    return [*lines, ""]
