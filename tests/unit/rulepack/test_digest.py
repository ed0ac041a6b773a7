"""Equal content has one digest, whatever the file looks like; any change has another."""

import copy

import pytest

from shared.rulepack.digest import canonical_json, digest_of
from shared.rulepack.loader import draft_pack, pack_from_data
from tests.support.packs import GUARANTEE_PACKS, a_pack, pack_data, words


class TestCanonicalJson:
    def test_sorts_keys_and_keeps_lists_and_text(self) -> None:
        assert canonical_json({"b": [2, 1], "a": "同舟"}) == '{"a":"同舟","b":[2,1]}'.encode()

    @pytest.mark.parametrize("value", [1.0, {"a": 1.0}, [[1.0]], {"a": [{"b": float("nan")}]}])
    def test_refuses_a_float_at_any_depth(self, value: object) -> None:
        with pytest.raises(TypeError, match="float"):
            canonical_json(value)

    def test_is_digested_with_the_name_of_the_algorithm(self) -> None:
        empty_object = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

        assert digest_of({}) == f"sha256:{empty_object}"


class TestPackDigest:
    def test_is_pinned_for_a_pack_that_decisions_may_keep(self) -> None:
        pinned = "sha256:7be01dac599831a72f68cf8a89a5577cc2e91faa46d7bb0e9cdb044fc258ae83"

        assert a_pack().digest == pinned

    def test_does_not_change_with_comments_or_the_order_of_keys(self) -> None:
        content = (GUARANTEE_PACKS / "sip-yuankedai.yaml").read_bytes()
        pack = draft_pack(content, "sip-yuankedai.yaml")

        turned = dict(reversed(pack.model_dump(mode="json").items()))

        assert pack_from_data(turned).digest == pack.digest
        assert draft_pack(b"# a comment\n" + content, "x").digest == pack.digest

    def test_does_not_change_when_a_default_is_written_out(self) -> None:
        assert a_pack(illustrative=False, valid_to=None).digest == a_pack().digest

    @pytest.mark.parametrize(
        "changes",
        [
            {"version": 2},
            {"title": words("other")},
            {"valid_from": "2026-01-02"},
            {"ledger_party": "left"},
            {"parties": list(reversed(pack_data()["parties"]))},
        ],
    )
    def test_changes_with_the_content(self, changes: dict[str, object]) -> None:
        assert a_pack(**changes).digest != a_pack().digest

    def test_belongs_to_the_copy_that_was_changed(self) -> None:
        pack = a_pack()
        before = pack.digest

        changed = pack.model_copy(update={"version": 2})

        assert changed.digest == a_pack(version=2).digest != before
        assert copy.copy(pack).digest == before
