"""The order oracle: what was committed, what stood on the wire, what took effect.

The versions of an aggregate are 1, 2, 3 … as its locked row counted them. Nothing may be missing,
nothing may be there that was not committed, the first occurrence of each version must come in its
turn, and each must take effect once. A second copy on the wire is allowed, and counted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One event where it was seen: its aggregate, its version, its id."""

    subject: str
    sequence: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of one run; every one but the first three has to be nought."""

    committed: int
    records: int
    duplicates: int
    lost: int
    inverted: int
    phantom: int
    lost_effects: int
    inverted_effects: int
    duplicate_effects: int
    phantom_effects: int

    @property
    def violations(self) -> dict[str, int]:
        """What was broken, and how often."""
        counts = {
            "lost": self.lost,
            "inverted": self.inverted,
            "phantom": self.phantom,
            "lost effects": self.lost_effects,
            "inverted effects": self.inverted_effects,
            "duplicate effects": self.duplicate_effects,
            "phantom effects": self.phantom_effects,
        }
        return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True)
class Reading:
    """One place's account of a run, for example the wire's."""

    duplicates: int
    lost: int
    inverted: int
    phantom: int


def judge(
    committed: Mapping[str, int], wire: Sequence[Seen], effects: Sequence[Seen] | None = None
) -> Verdict:
    """Judge a run: per aggregate the last committed version, then what was seen, in order.

    Without ``effects`` only the wire is judged.
    """
    on_wire = _read(committed, wire)
    in_effect = Reading(0, 0, 0, 0) if effects is None else _read(committed, effects)
    return Verdict(
        committed=sum(committed.values()),
        records=len(wire),
        duplicates=on_wire.duplicates,
        lost=on_wire.lost,
        inverted=on_wire.inverted,
        phantom=on_wire.phantom,
        lost_effects=in_effect.lost,
        inverted_effects=in_effect.inverted,
        duplicate_effects=in_effect.duplicates,
        phantom_effects=in_effect.phantom,
    )


def _read(committed: Mapping[str, int], seen: Iterable[Seen]) -> Reading:
    copies = Counter(seen)
    inverted = 0
    highest: defaultdict[str, int] = defaultdict(int)
    for event in copies:  # in the order of their first occurrences
        if event.sequence < highest[event.subject]:
            inverted += 1
        highest[event.subject] = max(highest[event.subject], event.sequence)
    versions = {(event.subject, event.sequence) for event in copies}
    wanted = {
        (subject, version) for subject, last in committed.items() for version in range(1, last + 1)
    }
    return Reading(
        duplicates=sum(copies.values()) - len(copies),
        lost=len(wanted - versions),
        inverted=inverted,
        # Of two events that claim one version, one was never committed.
        phantom=len(versions - wanted) + len(copies) - len(versions),
    )
