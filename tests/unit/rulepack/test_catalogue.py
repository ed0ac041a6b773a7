"""Packs are found by id, version and day; what overlaps or fails is refused whole."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.errors import ExamplesFailed, MalformedPack, PackNotFound, PacksOverlap
from shared.rulepack.loader import prove
from shared.rulepack.pack import Pack
from tests.support.packs import A_DAY, GUARANTEE_PACKS, a_pack, pack_data

EARLY = a_pack(version=1, valid_from="2026-01-01", valid_to="2026-07-01")
LATE = a_pack(version=2, valid_from="2026-07-01")


def written(folder: Path, name: str, **changes: object) -> None:
    text = yaml.safe_dump(pack_data(**changes), allow_unicode=True)
    (folder / name).write_text(text, encoding="utf-8")


class TestGet:
    @pytest.mark.parametrize(
        ("on", "version"),
        [
            (date(2026, 1, 1), 1),
            (date(2026, 6, 30), 1),
            (date(2026, 7, 1), 2),
            (date(2099, 1, 1), 2),
        ],
    )
    def test_takes_the_version_in_force_on_the_day(self, on: date, version: int) -> None:
        assert PackCatalogue([LATE, EARLY]).get("two-parties", on=on).version == version

    def test_takes_a_named_version_whatever_the_day(self) -> None:
        catalogue = PackCatalogue([EARLY, LATE])

        assert catalogue.get("two-parties", 1, on=date(2099, 1, 1)) == EARLY

    @pytest.mark.parametrize(
        ("pack_id", "version", "on"),
        [
            ("two-parties", None, date(2025, 12, 31)),
            ("two-parties", 3, A_DAY),
            ("unheard", None, A_DAY),
        ],
    )
    def test_refuses_what_is_not_there(self, pack_id: str, version: int | None, on: date) -> None:
        with pytest.raises(PackNotFound):
            PackCatalogue([EARLY, LATE]).get(pack_id, version, on=on)

    def test_lists_every_version_in_order(self) -> None:
        catalogue = PackCatalogue([LATE, EARLY])

        assert catalogue.list() == (EARLY, LATE)
        assert catalogue.versions("two-parties") == (EARLY, LATE)


class TestOverlap:
    @pytest.mark.parametrize(
        "other",
        [
            a_pack(version=2, valid_from="2026-06-30"),
            a_pack(version=2, valid_from="2025-01-01", valid_to="2026-01-02"),
            a_pack(version=2, valid_from="2025-01-01"),
            a_pack(version=1, valid_from="2026-07-01"),
        ],
    )
    def test_is_refused_between_versions_of_one_pack(self, other: Pack) -> None:
        with pytest.raises(PacksOverlap):
            PackCatalogue([EARLY, other])

    @pytest.mark.parametrize(
        "other",
        [
            a_pack(version=2, valid_from="2025-01-01", valid_to="2026-01-01"),
            a_pack(version=2, valid_from="2026-07-01"),
        ],
    )
    def test_is_nothing_where_one_ends_as_the_other_begins(self, other: Pack) -> None:
        assert len(PackCatalogue([EARLY, other]).list()) == 2

    def test_is_nothing_between_two_packs(self) -> None:
        assert len(PackCatalogue([EARLY, a_pack(id="another")]).list()) == 2


class TestResolve:
    CATALOGUE = PackCatalogue([EARLY, LATE])

    @pytest.mark.parametrize(
        ("form", "version"),
        [
            ("two-parties", 1),
            ({"id": "two-parties"}, 1),
            ({"id": "two-parties", "version": None}, 1),
            ({"id": "two-parties", "version": 2}, 2),
        ],
    )
    def test_takes_an_id_or_a_version(self, form: object, version: int) -> None:
        assert self.CATALOGUE.resolve(form, on=A_DAY).version == version

    def test_takes_a_whole_draft_whose_examples_fail(self) -> None:
        data = pack_data(version=9)
        data["tiers"][0]["shares"] = {"left": 500_000, "right": 500_000}

        draft = self.CATALOGUE.resolve(data, on=A_DAY)

        assert draft.version == 9
        with pytest.raises(ExamplesFailed):
            prove(draft)

    @pytest.mark.parametrize("form", ["unheard", {"id": "two-parties", "version": 3}])
    def test_refuses_a_pack_that_is_not_there(self, form: object) -> None:
        with pytest.raises(PackNotFound):
            self.CATALOGUE.resolve(form, on=A_DAY)

    @pytest.mark.parametrize(
        "form",
        [
            None,
            1,
            [],
            {},
            {"version": 1},
            {"id": 1},
            {"id": "two-parties", "version": "1"},
            {"id": "two-parties", "version": True},
            {"id": "two-parties", "title": "x"},
        ],
    )
    def test_refuses_what_names_no_pack(self, form: object) -> None:
        with pytest.raises(MalformedPack):
            self.CATALOGUE.resolve(form, on=A_DAY)


class TestFromDirectory:
    def test_reads_a_file_per_version(self, tmp_path: Path) -> None:
        written(tmp_path, "two-parties.yaml", valid_to="2026-07-01")
        written(tmp_path, "two-parties.v2.yaml", version=2, valid_from="2026-07-01")

        assert [pack.version for pack in PackCatalogue.from_directory(tmp_path).list()] == [1, 2]

    def test_names_the_problems_of_every_file(self, tmp_path: Path) -> None:
        written(tmp_path, "two-parties.yaml", ledger_party="nobody")
        written(tmp_path, "other.yaml", id="another")

        with pytest.raises(MalformedPack) as caught:
            PackCatalogue.from_directory(tmp_path)

        found = {(problem.file, problem.code) for problem in caught.value.problems}
        assert found == {("two-parties.yaml", "unknown_party"), ("other.yaml", "file_name")}

    def test_refuses_a_pack_whose_examples_fail(self, tmp_path: Path) -> None:
        example = pack_data()["examples"][0] | {"amounts": {"left": 50, "right": 50}}
        written(tmp_path, "two-parties.yaml", examples=[example])

        with pytest.raises(MalformedPack) as caught:
            PackCatalogue.from_directory(tmp_path)

        assert caught.value.problems[0].code == "example_failed"

    def test_finds_the_shipped_packs_until_their_last_day(self) -> None:
        catalogue = PackCatalogue.from_directory(GUARANTEE_PACKS)

        for pack in catalogue.list():
            last = date(2030, 1, 1) if pack.valid_to is None else pack.valid_to - timedelta(days=1)
            assert catalogue.get(pack.id, on=last) is pack

    def test_finds_no_pack_whose_scheme_has_ended(self) -> None:
        catalogue = PackCatalogue.from_directory(GUARANTEE_PACKS)

        with pytest.raises(PackNotFound):
            catalogue.get("jiangsu-xiaoweidai", on=date(2028, 1, 1))
