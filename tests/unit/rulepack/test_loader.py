"""A malformed pack is refused with file, line, column and reason."""

from pathlib import Path

import pytest

from shared.rulepack.errors import ExamplesFailed, MalformedPack, Problem
from shared.rulepack.loader import (
    MAX_BYTES,
    MAX_DEPTH,
    draft_pack,
    load_file,
    load_pack,
    pack_from_data,
)
from tests.support.packs import GUARANTEE_PACKS, INSURANCE_PACKS, pack_data

GOOD = """\
id: small
version: 1
title: {zh: 小, en: small}
document_number: none
issuer: {zh: 无, en: nobody}
regions: ["320700"]
valid_from: 2026-01-01
source: {zh: 无, en: made up}
parties:
  - {name: left, zh: 左, en: left}
  - {name: right, zh: 右, en: right}
tiers:
  - name: all
    title: {zh: 全, en: all}
    shares:
      left: 400000
      right: 600000
examples:
  - kind: split
    name: one hundred
    on: 2026-03-02
    loss_fen: 100
    amounts: {left: 40, right: 60}
"""


def refused(content: bytes | str, file: str = "small.yaml") -> tuple[Problem, ...]:
    with pytest.raises(MalformedPack) as caught:
        load_pack(content.encode() if isinstance(content, str) else content, file)
    return caught.value.problems


class TestLoadPack:
    def test_reads_a_good_pack(self) -> None:
        pack = load_pack(GOOD.encode(), "small.yaml")

        assert pack.id == "small"
        assert pack.tiers[0].shares == {"left": 400_000, "right": 600_000}

    def test_takes_a_byte_order_mark(self) -> None:
        assert load_pack(b"\xef\xbb\xbf" + GOOD.encode(), "small.yaml").id == "small"

    @pytest.mark.parametrize(
        ("good", "bad", "line", "column", "reason"),
        [
            ("version: 1", "version: 1.5", 2, 1, "1.5 is no integer"),
            ("version: 1", "version: 1e3", 2, 1, "1e3 is no integer"),
            ("version: 1", "version: 010", 2, 1, "010 is no integer"),
            ("version: 1", "version: .inf", 2, 1, ".inf is no integer"),
            ("version: 1", "version: 1_000", 2, 1, "1_000 is no integer"),
            ("version: 1", f"version: {10**30}", 2, 1, "is no integer"),
            ("version: 1", "version: yes", 2, 1, "valid integer"),
            ("version: 1", "version: true", 2, 1, "valid integer"),
            ("version: 1", 'version: "1"', 2, 1, "valid integer"),
            ("version: 1", "version: 1\nversion: 2", 3, 1, "key 'version' stands twice"),
            ("version: 1", "version: !!python/name:os.system", 2, 10, "tags are not read"),
            ("version: 1", "version: !!int 1", 2, 10, "tags are not read"),
            ("version: 1", "version: &one 1", 2, 10, "anchors and aliases"),
            ("version: 1", "version: *one", 2, 10, "anchors and aliases"),
            ("version: 1", "version: [", 4, 1, "expected ',' or ']'"),
            ("version: 1", "version: 1\nprogramme: x", 3, 1, "Extra inputs"),
            ("id: small", "id: Small!", 1, 1, "match pattern"),
            ('["320700"]', '["320700", "32"]', 6, 21, "match pattern"),
            ("valid_from: 2026-01-01", "valid_from: 2026-02-30", 7, 1, "day"),
            ("valid_from: 2026-01-01", "valid_from: 20260101", 7, 1, "YYYY-MM-DD"),
            ("right: 600000", "right: 500000", 15, 5, "shares sum to 900000 ppm"),
            ("right: 600000", "right: 1600000", 17, 7, "less than or equal to 1000000"),
            ("right: 600000", "nobody: 600000", 17, 7, "no party is named 'nobody'"),
            ("loss_fen: 100", "loss_fen: -100", 22, 5, "greater than or equal to 0"),
            ("    loss_fen: 100\n", "", 19, 5, "loss_fen: Field required"),
            ("kind: split", "kind: guess", 19, 5, "does not match any of the expected tags"),
        ],
    )
    def test_names_file_line_column_and_reason(
        self, good: str, bad: str, line: int, column: int, reason: str
    ) -> None:
        assert good in GOOD

        first = refused(GOOD.replace(good, bad))[0]

        assert (first.file, first.line, first.column) == ("small.yaml", line, column)
        assert reason in first.en
        assert str(first).startswith(f"small.yaml:{line}:{column}: ")

    def test_names_every_problem_at_once(self) -> None:
        bad = GOOD.replace("right: 600000", "right: 500000").replace("320700", "3207")

        assert len(refused(bad)) == 1
        assert len(refused(bad.replace("version: 1", "version: true"))) == 2

    def test_refuses_a_pack_whose_example_fails_and_says_what_it_gives(self) -> None:
        with pytest.raises(ExamplesFailed) as caught:
            load_pack(GOOD.replace("left: 40,", "left: 39,").encode(), "small.yaml")

        problem = caught.value.problems[0]
        assert (problem.line, problem.code) == (19, "example_failed")
        assert "expects left 39, right 60, gives left 40, right 60" in problem.en

    def test_refuses_an_example_that_the_pack_cannot_answer(self) -> None:
        shown = "  - {kind: recovery, name: more than borne, on: 2026-03-02, borne: {left: 1},"
        bad = f"{GOOD}{shown} cash_fen: 2, amounts: {{left: 2}}}}\n"

        with pytest.raises(ExamplesFailed) as caught:
            load_pack(bad.encode(), "small.yaml")

        assert [problem.line for problem in caught.value.problems] == [24]

    def test_refuses_an_example_with_facts_that_the_pack_does_not_know(self) -> None:
        bad = GOOD.replace("    loss_fen: 100\n", "    loss_fen: 100\n    facts: {size: 1}\n")

        with pytest.raises(ExamplesFailed) as caught:
            load_pack(bad.encode(), "small.yaml")

        assert "gives rule-pack-input" in caught.value.problems[0].en

    def test_reads_a_draft_whose_example_fails(self) -> None:
        draft = draft_pack(GOOD.replace("left: 40,", "left: 39,").encode(), "small.yaml")

        assert draft.id == "small"

    def test_refuses_what_is_not_utf8_at_its_place(self) -> None:
        first = refused(GOOD.encode().replace("无".encode(), "无".encode("gbk"), 1))[0]

        assert (first.code, first.line, first.column) == ("encoding", 5, 14)

    def test_refuses_a_control_character_at_its_place(self) -> None:
        first = refused(GOOD.replace("小", "\x07"))[0]

        assert (first.code, first.line, first.column) == ("syntax", 3, 13)

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty"),
            (b"# nothing\n", "empty"),
            (b"- a\n- b\n", "model_type"),
            (b"text", "model_type"),
            (b"a: 1\n---\nb: 2\n", "syntax"),
            (b"[" * (MAX_DEPTH + 1), "syntax"),
            (b"[" * 100_000, "syntax"),
            (b"# " + b"x" * MAX_BYTES, "too_large"),
            (b"? [a, b]\n: 1\n", "extra_forbidden"),
        ],
    )
    def test_refuses_what_is_no_pack(self, content: bytes, code: str) -> None:
        assert code in {problem.code for problem in refused(content)}


class TestPackFromData:
    def test_refuses_json_with_pointers_and_no_lines(self) -> None:
        data = pack_data()
        data["tiers"][0]["shares"]["left"] = 400_000.0

        with pytest.raises(MalformedPack) as caught:
            pack_from_data(data)

        assert caught.value.problems[0].line == 0
        assert caught.value.violations[0].field == "/tiers/0/shares/left"

    def test_leaves_the_names_of_variants_out_of_pointers(self) -> None:
        data = pack_data()
        data["examples"][0]["loss_fen"] = "100"

        with pytest.raises(MalformedPack) as caught:
            pack_from_data(data)

        assert caught.value.violations[0].field == "/examples/0/loss_fen"

    @pytest.mark.parametrize("data", [None, 1, "text", [], [1], {}, {"id": 1}])
    def test_refuses_what_is_no_pack(self, data: object) -> None:
        with pytest.raises(MalformedPack):
            pack_from_data(data)


SHIPPED = sorted([*GUARANTEE_PACKS.glob("*.yaml"), *INSURANCE_PACKS.glob("*.yaml")])


class TestShippedPacks:
    def test_are_found(self) -> None:
        assert {path.stem for path in SHIPPED} >= {
            "nfgf-scitech-2024",
            "suzhou-xinbaodai",
            "sip-yuankedai",
            "first-set-2025",
        }

    @pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
    def test_pass_their_own_examples(self, path: Path) -> None:
        pack = load_file(path)

        assert pack.readings
        assert pack.examples
