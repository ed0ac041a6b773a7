"""The pack that docs/rule-packs.md shows is a pack, and its example comes out."""

import re

from shared.rulepack.examples import run_examples
from shared.rulepack.loader import load_pack
from tests.support.packs import ROOT


def test_the_shown_pack_is_taken_and_its_examples_come_out() -> None:
    text = (ROOT / "docs/rule-packs.md").read_text("utf-8")
    [shown] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    results = run_examples(load_pack(shown.encode(), "docs/rule-packs.md"))

    assert [result.expected == result.actual for result in results] == [True]


def test_as_many_packs_ship_as_are_said_to() -> None:
    text = (ROOT / "docs/rule-packs.md").read_text("utf-8")

    assert len(list((ROOT / "services/guarantee/programmes/packs").glob("*.yaml"))) == 12
    assert "Twelve guarantee packs ship" in text
