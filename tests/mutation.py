"""``make mutation``: plant small mistakes one by one and count those that no unit test notices.

The mistakes are mutmut's: another operator, another constant, another word, a call left out. What
is mutated and which tests are asked is said in ``pyproject.toml``; ``docs/reliability.md`` has the
figure. Fewer than :data:`LEAST_PERCENT` noticed is a failure.
"""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

LEAST_PERCENT = 85
MUTANTS = Path(__file__).parents[1] / "mutants"
NOTICED = frozenset({1, 3, 24, 36, 37})
"""Exit codes of a test run that noticed: failed, broke, or did not come to an end in time."""


def main() -> int:
    """Run, show a table by file, return 1 where too few mistakes were noticed."""
    console = Console()
    shutil.rmtree(MUTANTS, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "mutmut", "run"], check=False)
    counts = {path: noticed_of(path) for path in sorted(MUTANTS.rglob("*.py.meta"))}
    table = Table("file", "mistakes", "noticed", "%")
    for path, (noticed, planted) in counts.items():
        name = str(path.relative_to(MUTANTS)).removesuffix(".meta")
        table.add_row(name, str(planted), str(noticed), percent(noticed, planted))
    noticed = sum(noticed for noticed, _ in counts.values())
    planted = sum(planted for _, planted in counts.values())
    table.add_row("all", str(planted), str(noticed), percent(noticed, planted))
    console.print(table)
    return 0 if planted and noticed * 100 >= LEAST_PERCENT * planted else 1


def noticed_of(meta: Path) -> tuple[int, int]:
    """Return how many mistakes of a file were noticed, and how many were planted."""
    codes = Counter(json.loads(meta.read_text("utf-8"))["exit_code_by_key"].values())
    return sum(count for code, count in codes.items() if code in NOTICED), codes.total()


def percent(noticed: int, planted: int) -> str:
    """Show a share with one digit, rounded down."""
    return "" if not planted else f"{noticed * 1000 // planted / 10:.1f}"


if __name__ == "__main__":
    sys.exit(main())
