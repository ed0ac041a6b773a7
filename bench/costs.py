"""What a stretch of time cost: processor seconds per process family, and resident memory."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from bench.measuring import Sample


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of all that it started, ended ones included."""
    leader = psutil.Process(pid)
    spent = leader.cpu_times()
    total = spent.user + spent.system + spent.children_user + spent.children_system
    for child in leader.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            its = child.cpu_times()
            total += its.user + its.system + its.children_user + its.children_system
    return float(total)


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


@dataclass(slots=True)
class Meter:
    """Reads the families' clocks at two moments."""

    families: Mapping[str, int]
    _began: float = 0.0
    _spent: Mapping[str, float] | None = None

    def start(self) -> float:
        """Begin; returns the moment."""
        self._spent = {name: cpu_seconds(pid) for name, pid in self.families.items()}
        self._began = time.perf_counter()
        return self._began

    def stop(self, *, per: int, of: str, unit: str = "event") -> Sample:
        """Return cores in use per family, and microseconds per unit of the families named ``of…``.

        Families of one kind are told apart by what follows the kind: ``service 0``.
        """
        seconds = time.perf_counter() - self._began
        before = self._spent or {}
        used = {name: cpu_seconds(pid) - before[name] for name, pid in self.families.items()}
        sample = {f"{name} cores": spent / seconds for name, spent in used.items()}
        spent_by_kind = sum(spent for name, spent in used.items() if name.startswith(of))
        return {
            f"{unit}s/s": per / seconds,
            f"us of cpu/{unit}": spent_by_kind / per * 1e6,
            "seconds": seconds,
            **sample,
        }
