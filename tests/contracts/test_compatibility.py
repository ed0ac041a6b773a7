"""What the gate lets a published event become, and what it stops."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from shared.events import export, golden
from shared.events.compatibility import ENVELOPE, breaks, broken

Change = Callable[[dict[str, Any]], object]
TODAY = export.contracts()
SPLIT = "guarantee.claim.split_calculated.v1"
GRANT = "notify.subscription.grant_issued.v1"
LOAN = "credit.loan.contracted.v1"
LEGS = "/properties/legs/items"


def changed(name: str, change: Change) -> dict[str, Any]:
    """Return today's contract of an event with one change planted."""
    contract: dict[str, Any] = deepcopy(dict(TODAY[name]))
    change(contract)
    return contract


def fields(contract: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the data."""
    found: dict[str, Any] = contract["schema"]["properties"]
    return found


def leg(contract: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the part that the split holds several of."""
    found: dict[str, Any] = contract["schema"]["$defs"]["Leg"]
    return found


def rename(fields: dict[str, Any], name: str, to: str) -> dict[str, Any]:
    """Give a field another name."""
    fields[to] = fields.pop(name)
    return fields


def require(schema: dict[str, Any], name: str) -> None:
    """Add a required field."""
    schema["properties"][name] = {"type": "string"}
    schema["required"].append(name)


BREAKING: dict[str, tuple[str, Change, str, str]] = {
    "a field is removed": (
        SPLIT, lambda c: fields(c).pop("loan_id"), "/properties/loan_id", "is gone",
    ),
    "an optional field is removed": (
        GRANT, lambda c: fields(c).pop("enterprises"), "/properties/enterprises", "is gone",
    ),
    "a field is renamed": (
        SPLIT,
        lambda c: rename(fields(c), "programme", "scheme"),
        "/properties/programme",
        "is gone",
    ),
    "a unit is changed by the name": (
        SPLIT,
        lambda c: rename(fields(c), "eligible_loss_fen", "eligible_loss_yuan"),
        "/properties/eligible_loss_fen",
        "the unit changed with the name, to eligible_loss_yuan",
    ),
    "a unit is changed by its description": (
        SPLIT,
        lambda c: fields(c)["eligible_loss_fen"].update(description="yuan"),
        "/properties/eligible_loss_fen/description",
        "its unit",
    ),
    "a type is changed": (
        SPLIT,
        lambda c: fields(c)["rule_pack_version"].update(type="string"),
        "/properties/rule_pack_version/type",
        "was integer and is string",
    ),
    "a field becomes nullable": (
        LOAN,
        lambda c: fields(c).update(uscc={"anyOf": [fields(c)["uscc"], {"type": "null"}]}),
        "/properties/uscc/anyOf",
        "was absent",
    ),
    "a nullable field may be null no more": (
        LOAN,
        lambda c: fields(c).update(demand_id=fields(c)["demand_id"]["anyOf"][0]),
        "/properties/demand_id/anyOf",
        "is absent",
    ),
    "a bound inside a choice is changed": (
        LOAN,
        lambda c: fields(c)["demand_id"]["anyOf"][0].update(format="hex"),
        "/properties/demand_id/anyOf/0/format",
        "was uuid and is hex",
    ),
    "a format is changed": (
        GRANT,
        lambda c: fields(c)["valid_to"].update(format="date-time"),
        "/properties/valid_to/format",
        "was date and is date-time",
    ),
    "a pattern is changed": (
        GRANT,
        lambda c: fields(c)["feed"].update(pattern="^[a-z]+$"),
        "/properties/feed/pattern",
        "tighter refuses",
    ),
    "a pattern is dropped": (
        GRANT,
        lambda c: fields(c)["feed"].pop("pattern"),
        "/properties/feed/pattern",
        "is absent",
    ),
    "a bound is tightened": (
        GRANT,
        lambda c: fields(c)["purpose"].update(maxLength=499),
        "/properties/purpose/maxLength",
        "was 500 and is 499",
    ),
    "a bound is loosened": (
        SPLIT,
        lambda c: fields(c)["eligible_loss_fen"].update(minimum=-1),
        "/properties/eligible_loss_fen/minimum",
        "was 0 and is -1",
    ),
    "an enumeration is narrowed": (
        GRANT,
        lambda c: fields(c)["legal_basis"].update(enum=["consent"]),
        "/properties/legal_basis/enum",
        "gone: ['duty'], new: []",
    ),
    "an enumeration is widened": (
        GRANT,
        lambda c: fields(c)["legal_basis"]["enum"].append("contract"),
        "/properties/legal_basis/enum",
        "gone: [], new: ['contract']",
    ),
    "a new field is required": (
        SPLIT, lambda c: require(c["schema"], "reason"), "/properties/reason", "must be optional",
    ),
    "an optional field becomes required": (
        GRANT,
        lambda c: c["schema"]["required"].append("enterprises"),
        "/properties/enterprises",
        "became required",
    ),
    "a required field becomes optional": (
        SPLIT,
        lambda c: c["schema"]["required"].remove("legs"),
        "/properties/legs",
        "became optional",
    ),
    "a default is changed": (
        GRANT,
        lambda c: fields(c)["enterprises"].update(default=[]),
        "/properties/enterprises/default",
        "what the absence of the field means",
    ),
    "unknown fields are let in": (
        GRANT,
        lambda c: c["schema"].update(additionalProperties=True),
        "/additionalProperties",
        "was False and is True",
    ),
    "a field of a part is removed": (
        SPLIT,
        lambda c: leg(c)["properties"].pop("capped_fen"),
        f"{LEGS}/properties/capped_fen",
        "is gone",
    ),
    "a new field of a part is required": (
        SPLIT, lambda c: require(leg(c), "why"), f"{LEGS}/properties/why", "must be optional",
    ),
    "a bound of a part is changed": (
        SPLIT,
        lambda c: leg(c)["properties"]["share_ppm"].update(maximum=10_000),
        f"{LEGS}/properties/share_ppm/maximum",
        "was 1000000 and is 10000",
    ),
    "a list becomes bounded": (
        SPLIT,
        lambda c: fields(c)["legs"].update(maxItems=8),
        "/properties/legs/maxItems",
        "was absent and is 8",
    ),
    "items are of another kind": (
        SPLIT,
        lambda c: fields(c)["legs"].update(items={"type": "string"}),
        f"{LEGS}/type",
        "was object and is string",
    ),
    "a keyword nobody thought of appears": (
        GRANT,
        lambda c: c["schema"].update(dependentRequired={"feed": ["enterprises"]}),
        "/dependentRequired",
        "was absent",
    ),
    "the key is another field": (SPLIT, lambda c: c.update(key="loan_id"), "/key", "in order"),
    "the subject is another field": (
        SPLIT, lambda c: c.update(subject="loan_id"), "/subject", "watermarks",
    ),
    "the topic is another one": (SPLIT, lambda c: c.update(topic="x.v1"), "/topic", "looks for"),
    "the topic has more partitions": (
        SPLIT, lambda c: c.update(partitions=24), "/partitions", "other partitions",
    ),
    "the data class is another one": (
        SPLIT, lambda c: c.update(data_class="public"), "/data_class", "was confidential",
    ),
    "a header is removed": (
        ENVELOPE, lambda c: fields(c).pop("ce_causation"), "/properties/ce_causation", "is gone",
    ),
    "a header takes another form": (
        ENVELOPE,
        lambda c: fields(c)["ce_sequence"].update(pattern="^[0-9]+$"),
        "/properties/ce_sequence/pattern",
        "looser",
    ),
    "a header becomes required": (
        ENVELOPE,
        lambda c: c["schema"]["required"].append("ce_sequence"),
        "/properties/ce_sequence",
        "became required",
    ),
}  # fmt: skip

ALLOWED: dict[str, tuple[str, Change]] = {
    "an optional field": (SPLIT, lambda c: fields(c).update(note={"type": "string"})),
    "an optional field of a part": (
        SPLIT, lambda c: leg(c)["properties"].update(note={"type": "string"}),
    ),
    "an optional header": (ENVELOPE, lambda c: fields(c).update(ce_x={"type": "string"})),
    "another order of an enumeration": (
        GRANT, lambda c: fields(c)["legal_basis"]["enum"].reverse(),
    ),
    "another order of what is required": (SPLIT, lambda c: c["schema"]["required"].reverse()),
    "another name of a part": (
        SPLIT,
        lambda c: (
            rename(c["schema"]["$defs"], "Leg", "Share"),
            fields(c)["legs"].update(items={"$ref": "#/$defs/Share"}),
        ),
    ),
}  # fmt: skip


class TestPublishedVersions:
    def test_are_kept_today(self) -> None:
        assert breaks(export.published(export.ROOT), TODAY) == []

    @pytest.mark.parametrize("case", BREAKING)
    def test_refuse(self, case: str) -> None:
        name, change, pointer, rule = BREAKING[case]

        found = broken(TODAY[name], changed(name, change))

        assert [(one.event, one.pointer) for one in found if rule in one.rule] == [(name, pointer)]
        assert "take it back, or publish " in found[0].mend
        assert any(str(one).startswith(f"{name} at {pointer}: ") for one in found)

    @pytest.mark.parametrize("case", ALLOWED)
    def test_may_get(self, case: str) -> None:
        name, change = ALLOWED[case]

        assert broken(TODAY[name], changed(name, change)) == []

    def test_may_not_vanish(self) -> None:
        [found] = breaks({SPLIT: TODAY[SPLIT]}, {})

        assert "the published version is gone" in str(found)

    def test_may_get_a_newer_one_beside_them(self) -> None:
        newer = changed(SPLIT, lambda c: c.update(type="guarantee.claim.split_calculated.v2"))

        assert breaks({SPLIT: TODAY[SPLIT]}, {**TODAY, newer["type"]: newer}) == []

    def test_name_the_next_version_that_mends_it(self) -> None:
        [found] = broken(TODAY[SPLIT], changed(SPLIT, lambda c: c.update(key="loan_id")))

        assert found.mend == (
            "take it back, or publish guarantee.claim.split_calculated.v2 beside it"
        )


def exported(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the export in a copy of the tree, as ``make check`` does."""
    # Its own interpreter, this module of ours, and arguments from below.
    return subprocess.run(  # noqa: S603 - fixed
        [sys.executable, "-m", "shared.events.export", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the export reads and writes."""
    for name in ("shared", "docs/events", "deploy/kafka", "tests/contracts/corpus"):
        shutil.copytree(
            export.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    """Change a source file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


class TestExport:
    def test_stops_a_change_of_a_published_event(self, tree: Path) -> None:
        replace(tree / "shared/events/notify.py", "    reason: Text\n", "    why: Text\n")
        schema = tree / "shared/events/schemas/notify.subscription.grant_revoked.v1.json"
        before = schema.read_bytes()

        checked, written = exported(tree, "--check"), exported(tree)

        assert checked.returncode == written.returncode == 1
        for said in (checked.stdout, written.stdout):
            assert "notify.subscription.grant_revoked.v1 at /properties/reason: " in said
            assert "publish notify.subscription.grant_revoked.v2 beside it" in said
        assert schema.read_bytes() == before

    def test_publishes_an_addition_once_and_holds_it_from_then_on(self, tree: Path) -> None:
        source = tree / "shared/events/notify.py"
        addition = "    reason: Text\n    note: Text | None = None\n"
        replace(source, "    reason: Text\n", addition)
        corpus = tree / "tests/contracts/corpus/notify.subscription.grant_revoked.v1.jsonl"
        before = corpus.read_bytes().splitlines()

        assert exported(tree).returncode == 0
        after = corpus.read_bytes().splitlines()
        replace(source, addition, "    reason: Text\n")
        withdrawn = exported(tree, "--check")

        assert after[: len(before)] == before
        assert len(after) > len(before)
        assert "/properties/note: a published field is gone" in withdrawn.stdout

    def test_publishes_a_new_event_and_forgets_it_when_told(self, tree: Path) -> None:
        source = tree / "shared/events/notify.py"
        new = (
            "class Paused(Event):\n"
            '    """A subscription was paused."""\n\n'
            '    TYPE: ClassVar[str] = "notify.subscription.paused.v1"\n'
            '    SUBJECT: ClassVar[str] = "subscription_id"\n\n'
            "    subscription_id: Id\n"
        )
        source.write_text(f"{source.read_text(encoding='utf-8')}\n\n{new}", encoding="utf-8")
        assert exported(tree).returncode == 0
        replace(source, new, new.replace("Id\n", "OrgCode\n"))

        forgotten = exported(tree, "--forget", "notify.subscription.paused.v1")

        assert (forgotten.returncode, forgotten.stdout) == (0, "")
        promise = tree / "shared/events/published/notify.subscription.paused.v1.json"
        assert b"a-z" in promise.read_bytes()

    def test_stops_where_a_golden_record_was_touched(self, tree: Path) -> None:
        touched = tree / golden.path_of("registry.consent.revoked.v1")
        replace(touched, "1949-", "1950-")

        assert export.check(tree) == export.write(tree)
        assert any("changed or is gone" in line for line in export.check(tree))
