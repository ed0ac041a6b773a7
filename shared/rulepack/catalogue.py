"""The packs of one service: found by id, version and day; drafts come inline.

A folder holds one file per version: ``<id>.yaml`` for the first, ``<id>.v<version>.yaml`` for
later ones. Every pack is read, checked and proven when the catalogue is made; a folder with one
bad pack is refused whole, because a service must not start with half of its rules.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path as FilePath

from shared.rulepack.errors import MalformedPack, PackNotFound, PacksOverlap, Problem
from shared.rulepack.loader import load_file, pack_from_data
from shared.rulepack.pack import Pack

MAX_PACKS = 1000
"""The most files that one folder may hold."""


class PackCatalogue:
    """Packs by id and version, with periods that do not overlap."""

    def __init__(self, packs: Iterable[Pack], ends: Mapping[tuple[str, int], date] = {}) -> None:
        """Take proven packs; raises ``PacksOverlap`` where two claim one version or one day.

        ``ends`` says by id and version which packs were superseded or retired, and from which day
        on they no longer decide: the pack itself, and so its digest, stays as it was.
        """
        self._versions: dict[str, tuple[Pack, ...]] = {}
        self._ends = dict(ends)
        for pack in sorted(packs, key=lambda pack: (pack.id, pack.version)):
            earlier = self._versions.get(pack.id, ())
            problems = tuple(_clash(pack, other) for other in earlier if self._clashes(pack, other))
            if problems:
                raise PacksOverlap(problems)
            self._versions[pack.id] = (*earlier, pack)

    @classmethod
    def from_directory(cls, folder: FilePath) -> "PackCatalogue":
        """Read every ``*.yaml`` of a folder. Raises ``MalformedPack`` with all problems of all."""
        files = sorted(folder.glob("*.yaml"))
        if len(files) > MAX_PACKS:
            raise MalformedPack(
                (Problem((), "too_many", "规则包过多", "too many packs", folder.name),)
            )
        packs: list[Pack] = []
        problems: list[Problem] = []
        for file in files:
            try:
                packs.append(_named(load_file(file), file.name))
            except MalformedPack as refused:
                problems.extend(refused.problems)
        if problems:
            raise MalformedPack(tuple(problems))
        return cls(packs)

    def end_of(self, pack: Pack) -> date | None:
        """Return the first day on which a version no longer decides; None where it has no end."""
        ends = [end for end in (pack.valid_to, self._ends.get((pack.id, pack.version))) if end]
        return min(ends, default=None)

    def with_more(
        self, packs: Iterable[Pack], ends: Mapping[tuple[str, int], date]
    ) -> "PackCatalogue":
        """Return a catalogue of these packs and more; raises ``PacksOverlap``."""
        return PackCatalogue((*self.list(), *packs), {**self._ends, **ends})

    def list(self) -> tuple[Pack, ...]:
        """Return every version of every pack, by id and version."""
        return tuple(pack for versions in self._versions.values() for pack in versions)

    def versions(self, pack_id: str) -> tuple[Pack, ...]:
        """Return every version of one pack, the oldest first. Raises ``PackNotFound``."""
        if pack_id not in self._versions:
            raise PackNotFound(f"no rule pack {pack_id}")
        return self._versions[pack_id]

    def get(self, pack_id: str, version: int | None = None, *, on: date) -> Pack:
        """Return a version: the one named, whatever the day, or else the one in force on the day.

        Raises ``PackNotFound`` where the id or version is unknown or none is in force.
        """
        versions = self.versions(pack_id)
        for pack in versions:
            if pack.version == version or (version is None and self._in_force(pack, on)):
                return pack
        wanted = f"in force on {on}" if version is None else f"version {version}"
        raise PackNotFound(f"rule pack {pack_id} has no {wanted}")

    def resolve(self, form: object, *, on: date) -> Pack:
        """Find the pack that a request names: ``"id"``, ``{"id", "version"}``, or a whole draft.

        A draft is checked and its examples are not run: it is asked what it would do, not
        activated. Raises ``PackNotFound`` or ``MalformedPack``.
        """
        if isinstance(form, str):
            return self.get(form, on=on)
        if isinstance(form, Mapping) and set(form) <= {"id", "version"}:
            pack_id, version = form.get("id"), form.get("version")
            if isinstance(pack_id, str) and (version is None or type(version) is int):
                return self.get(pack_id, version, on=on)
            en = "a reference has an id (text) and a version (integer)"
            raise MalformedPack((Problem((), "reference", "应为 id 与整数 version", en),))
        return pack_from_data(form)

    def _in_force(self, pack: Pack, on: date) -> bool:
        end = self.end_of(pack)
        return pack.valid_from <= on and (end is None or on < end)

    def _clashes(self, pack: Pack, other: Pack) -> bool:
        end, others_end = self.end_of(pack), self.end_of(other)
        apart = (others_end is not None and others_end <= pack.valid_from) or (
            end is not None and end <= other.valid_from
        )
        return pack.version == other.version or not apart


def _named(pack: Pack, file: str) -> Pack:
    if file in {f"{pack.id}.yaml", f"{pack.id}.v{pack.version}.yaml"}:
        return pack
    en = f"the file of pack {pack.id} is named {file}"
    raise MalformedPack((Problem(("id",), "file_name", "文件名与 id 不符", en, file, 1, 1),))


def _clash(pack: Pack, other: Pack) -> Problem:
    return Problem(
        ("valid_from",),
        "overlap",
        f"{pack.id} 第 {other.version} 版与第 {pack.version} 版的版本号或有效期重叠",
        f"{pack.id} versions {other.version} and {pack.version} share a number or a day",
        f"{pack.id}.yaml",
    )
