"""Use cases of the programmes: file, activate, open a year; and what other slices need of them."""

from functools import cache
from pathlib import Path

from shared.rulepack.catalogue import PackCatalogue

PACKS = Path(__file__).with_name("packs")


@cache
def shipped_packs() -> PackCatalogue:
    """Read, check and prove the packs that this service ships; a bad one stops the start."""
    return PackCatalogue.from_directory(PACKS)
