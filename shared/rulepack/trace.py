"""The explanation of a decision: one step per decision, cap, overflow and rounding.

A step has a code, one sentence in Chinese and one in English, and the figures it speaks of, so that
a person can follow the arithmetic and a program can check it.
"""

from typing import Any, NamedTuple

Figure = int | str | bool | tuple[str, ...]
"""A figure of a step: an amount or rate as an integer, a name, a yes or no, or a list of words."""


class TraceStep(NamedTuple):
    """One step: its code, its words, and its figures by name in the order they are told."""

    step: str
    zh: str
    en: str
    figures: tuple[tuple[str, Figure], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return ``{step, zh, en, …figures}``, the shape that the REST contract names."""
        figures = {name: list(f) if isinstance(f, tuple) else f for name, f in self.figures}
        return {"step": self.step, "zh": self.zh, "en": self.en} | figures


Trace = tuple[TraceStep, ...]


def step(code: str, /, *, zh: str, en: str, **figures: Figure) -> TraceStep:
    """Write one step of an explanation."""
    return TraceStep(code, zh, en, tuple(figures.items()))
