"""What differs between two versions is told in words, and nothing else is."""

from typing import Any

import pytest

from shared.rulepack.diff import changes
from shared.rulepack.loader import pack_from_data
from shared.rulepack.pack import Fee, Pack
from tests.support.packs import a_pack, pack_data


def changed(**sections: Any) -> Pack:  # noqa: ANN401 - any section
    return pack_from_data(pack_data(**sections))


class TestChanges:
    def test_are_none_between_a_pack_and_itself(self) -> None:
        assert changes(a_pack(), a_pack()) == ()

    def test_do_not_count_the_version(self) -> None:
        assert changes(a_pack(), changed(version=2)) == ()

    def test_say_a_share_in_percent(self) -> None:
        before = a_pack()
        tiers = [tier.model_dump(mode="json", exclude_none=True) for tier in before.tiers]
        parties = list(tiers[0]["shares"])
        shares = tiers[0]["shares"]
        shares[parties[0]] += 50_000
        shares[parties[1]] -= 50_000

        found = changes(before, before.model_copy(update={"tiers": changed(tiers=tiers).tiers}))

        assert [change.pointer for change in found] == [
            f"/tiers/{tiers[0]['name']}/shares/{party}" for party in parties[:2]
        ]
        assert found[0].after == found[0].before + 50_000
        assert " % becomes " in found[0].en
        assert "分担比例" in found[0].zh
        assert "改为" in found[0].zh

    @pytest.mark.parametrize(
        ("sections", "pointer", "en"),
        [
            ({"valid_to": "2030-01-01"}, "/valid_to", "first day after: added 2030-01-01"),
            (
                {"title": {"zh": "新", "en": "new"}},
                "/title/zh",
                None,
            ),
        ],
    )
    def test_name_the_place(self, sections: dict[str, Any], pointer: str, en: str | None) -> None:
        found = changes(a_pack(), changed(**sections))

        assert found[0].pointer == pointer
        assert en is None or found[0].en == en

    def test_tell_a_row_that_was_added_from_one_that_moved(self) -> None:
        row = {"code": "identity_card", "step": "claim", "zh": "证明", "en": "proof"}
        other = {"code": "ledger_extract", "step": "claim", "zh": "流水", "en": "extract"}

        added = changes(changed(evidence=[row]), changed(evidence=[other, row]))
        moved = changes(changed(evidence=[row, other]), changed(evidence=[other, row]))
        gone = changes(changed(evidence=[row, other]), changed(evidence=[row]))

        assert [c.pointer for c in added] == ["/evidence/ledger_extract"]
        assert added[0].before is None
        assert moved == ()
        assert [(c.pointer, c.after) for c in gone] == [("/evidence/ledger_extract", None)]
        assert "removed" in gone[0].en

    def test_tell_the_order_where_it_decides(self) -> None:
        title = {"zh": "费", "en": "fee"}
        low, high = (
            Fee.model_validate({"name": name, "title": title, "amount": "a", "rate_ppm": 1_000})
            for name in ("low", "high")
        )
        before, after = (
            a_pack().model_copy(update={"fees": f}) for f in ((low, high), (high, low))
        )

        [found] = changes(before, after)

        assert (found.pointer, found.before, found.after) == (
            "/fees/order",
            ["low", "high"],
            ["high", "low"],
        )
