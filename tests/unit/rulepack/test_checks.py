"""Every pack that is well formed and makes no sense is refused, at its place and with a code."""

from typing import Any

import pytest

from shared.errors import DomainError
from shared.money import PPM
from shared.rulepack.errors import MalformedPack
from shared.rulepack.loader import pack_from_data
from shared.rulepack.pack import Pack
from tests.support.packs import a_cap, a_condition, a_pack, pack_data, words

SIZE = {"size": {"kind": "int", **words("size")}}
KINDS = {
    "kind": {"kind": "word", "allowed": ["a", "b"], **words("kind")},
    "classes": {"kind": "words", "allowed": ["a", "b", "c"], **words("classes")},
    "listed": {"kind": "bool", **words("listed")},
    "since": {"kind": "date", **words("since")},
}
SPLIT_EXAMPLE = pack_data()["examples"][0]


def a_tier(name: str, *rows: dict[str, Any]) -> dict[str, Any]:
    shares = {"left": 400_000, "right": 600_000}
    return {"name": name, "title": words(name), "when": list(rows), "shares": shares}


def a_limit(row: dict[str, Any]) -> dict[str, Any]:
    return {"code": "limit", "require": row}


def a_breaker(**changes: object) -> dict[str, Any]:
    breaker: dict[str, Any] = {
        "name": "ratio",
        "title": words("ratio"),
        "numerator": "lost_fen",
        "base": "base_fen",
        "suspended_ppm": 100_000,
        "comparison": "ge",
        "scope": ["whole"],
    }
    return breaker | changes


METRICS = {"lost_fen": words("lost"), "base_fen": words("base")}
TERMS_EXAMPLE = {"kind": "terms", "name": "terms", "on": "2026-03-02"}
WITH_CAP = {"caps": [a_cap()], "overflow": {"right": {"left": PPM}}}


def problems(**changes: object) -> set[tuple[str, str]]:
    with pytest.raises(MalformedPack) as caught:
        pack_from_data(pack_data(**changes))
    assert isinstance(caught.value, DomainError)
    return {(problem.code, problem.pointer) for problem in caught.value.problems}


def tier_row(row: dict[str, Any]) -> set[tuple[str, str]]:
    tiers = [a_tier("first", row), a_tier("rest")]
    return problems(facts=SIZE | KINDS, tiers=tiers)


class TestHead:
    @pytest.mark.parametrize("valid_to", ["2026-01-01", "2025-12-31"])
    def test_refuses_an_empty_period(self, valid_to: str) -> None:
        assert problems(valid_to=valid_to) == {("period_empty", "/valid_to")}

    @pytest.mark.parametrize("title", [words("plain"), {"zh": "示例", "en": "plain"}])
    def test_refuses_illustrative_numbers_that_the_title_hides(self, title: object) -> None:
        assert problems(illustrative=True, title=title) == {("illustrative_unsaid", "/title")}

    def test_takes_illustrative_numbers_that_the_title_names(self) -> None:
        assert a_pack(illustrative=True, title={"zh": "示例", "en": "Illustrative"}).illustrative

    def test_refuses_a_name_that_stands_twice(self) -> None:
        assert ("duplicate", "/examples/1") in problems(examples=[SPLIT_EXAMPLE, SPLIT_EXAMPLE])


class TestShares:
    @pytest.mark.parametrize(
        ("shares", "found"),
        [
            ({"left": 400_000, "right": 599_999}, {("shares_sum", "/tiers/0/shares")}),
            ({"left": 1_000_000}, {("share_missing", "/tiers/0/shares")}),
            (
                {"left": 400_000, "right": 500_000, "third": 100_000},
                {("unknown_party", "/tiers/0/shares/third")},
            ),
        ],
    )
    def test_refuses_shares_that_make_no_whole_of_the_parties(
        self, shares: dict[str, int], found: set[tuple[str, str]]
    ) -> None:
        assert problems(tiers=[a_tier("all") | {"shares": shares}]) == found

    def test_takes_a_share_of_nothing(self) -> None:
        pack = a_pack(
            tiers=[a_tier("all") | {"shares": {"left": 0, "right": 1_000_000}}],
            examples=[SPLIT_EXAMPLE | {"amounts": {"left": 0, "right": 100}}],
        )

        assert pack.tiers[0].shares["left"] == 0

    def test_refuses_parties_without_tiers(self) -> None:
        assert ("tiers_missing", "") in problems(tiers=[])

    def test_refuses_a_ledger_party_that_is_no_party(self) -> None:
        assert problems(ledger_party="third") == {("unknown_party", "/ledger_party")}


class TestCapsAndOverflow:
    def test_takes_a_cap_with_overflow(self) -> None:
        assert a_pack(**WITH_CAP).caps[0].party == "right"

    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({"caps": [a_cap()]}, ("overflow_missing", "/caps/0")),
            ({"caps": [a_cap()], "overflow": {"right": {}}}, ("overflow_missing", "/caps/0")),
            ({"overflow": {"right": {"left": PPM}}}, ("overflow_unused", "/overflow/right")),
            (
                WITH_CAP | {"overflow": {"right": {"x": PPM}}},
                ("unknown_party", "/overflow/right/x"),
            ),
            (
                WITH_CAP | {"overflow": {"right": {"left": 0}}},
                ("overflow_weight", "/overflow/right/left"),
            ),
            (
                WITH_CAP | {"overflow": {"right": {"left": 600_000}}},
                ("overflow_sum", "/overflow/right"),
            ),
            (
                WITH_CAP | {"overflow": {"right": {"left": 500_000, "right": 500_000}}},
                ("overflow_to_self", "/overflow/right/right"),
            ),
            (
                {
                    "caps": [a_cap("left"), a_cap("right")],
                    "overflow": {"left": {"right": PPM}, "right": {"left": PPM}},
                },
                ("overflow_circle", "/overflow/left"),
            ),
            (WITH_CAP | {"caps": [a_cap("third")]}, ("unknown_party", "/caps/0/party")),
            (
                WITH_CAP | {"caps": [a_cap(kind="year_share_of_base")]},
                ("cap_without_counter", "/caps/0"),
            ),
            (
                WITH_CAP | {"caps": [a_cap(used="used_fen")], "counters": {"used_fen": words("u")}},
                ("cap_with_counter", "/caps/0/used"),
            ),
            (
                WITH_CAP | {"caps": [a_cap(kind="per_subject", used="used_fen")]},
                ("unknown_counter", "/caps/0/used"),
            ),
            (
                WITH_CAP | {"caps": [a_cap(limit={"counter": "base_fen"})]},
                ("unknown_counter", "/caps/0/limit/counter"),
            ),
            (
                WITH_CAP | {"caps": [a_cap(limit={"fact": "size"})], "facts": SIZE},
                ("cap_source", "/caps/0/limit"),
            ),
            (WITH_CAP | {"caps": [a_cap(limit={})]}, ("quantity_source", "/caps/0/limit")),
            (
                WITH_CAP | {"caps": [a_cap(limit={"fixed": 1, "counter": "c"})]},
                ("quantity_source", "/caps/0/limit"),
            ),
        ],
    )
    def test_refuses_what_leaves_money_without_a_bearer(
        self, changes: dict[str, Any], found: tuple[str, str]
    ) -> None:
        assert found in problems(**changes)

    def test_refuses_a_circle_of_three(self) -> None:
        parties = [{"name": name, **words(name)} for name in ("one", "two", "three", "free")]
        shares = dict.fromkeys(("one", "two", "three", "free"), 250_000)
        overflow = {
            "one": {"two": 500_000, "free": 500_000},
            "two": {"three": PPM},
            "three": {"one": PPM},
        }

        found = problems(
            parties=parties,
            tiers=[a_tier("all") | {"shares": shares}],
            caps=[a_cap(name) for name in ("one", "two", "three")],
            overflow=overflow,
        )

        assert found == {("overflow_circle", f"/overflow/{name}") for name in overflow}


class TestDeclarations:
    @pytest.mark.parametrize(
        ("name", "declared", "code"),
        [
            ("kind", {"kind": "word"}, "allowed_words"),
            ("kind", {"kind": "words"}, "allowed_words"),
            ("size", {"kind": "int", "allowed": ["a"]}, "allowed_words"),
            ("size", {"kind": "int", "unit": "fen"}, "unit"),
            ("size_fen", {"kind": "int", "unit": "ppm"}, "unit"),
            ("size_fen", {"kind": "bool", "unit": "fen"}, "unit"),
        ],
    )
    def test_refuses_a_fact_that_is_declared_badly(
        self, name: str, declared: dict[str, Any], code: str
    ) -> None:
        assert (code, f"/facts/{name}") in problems(facts={name: declared | words("x")})

    @pytest.mark.parametrize(
        ("section", "declared"),
        [
            ("facts", SIZE["size"]),
            ("counters", words("x")),
            ("metrics", words("x")),
            ("benchmarks", words("x")),
        ],
    )
    def test_refuses_a_name_that_no_rule_reads(self, section: str, declared: object) -> None:
        assert problems(**{section: {"size": declared}}) == {("unread", f"/{section}/size")}


class TestRows:
    WHERE = "/tiers/0/when/0"

    @pytest.mark.parametrize(
        ("row", "code", "under"),
        [
            (a_condition("unheard"), "unknown_fact", ""),
            ({"sum": ["unheard"]}, "left_side", ""),
            (a_condition("size", "any_of", ["a"]), "operator", "/op"),
            (a_condition("classes", "eq", "a"), "operator", "/op"),
            (a_condition("kind", "le", "a"), "operator", "/op"),
            (a_condition("listed", "ge", True), "operator", "/op"),
            (a_condition("size", "le", "ten"), "value_kind", "/value"),
            (a_condition("size", "le", True), "value_kind", "/value"),
            (a_condition("size", "le", ["a"]), "value_kind", "/value"),
            (a_condition("size", "le", -1), "value_kind", "/value"),
            (a_condition("listed", "eq", 1), "value_kind", "/value"),
            (a_condition("kind", "eq", "z"), "value_kind", "/value"),
            (a_condition("kind", "in", ["a", "z"]), "value_kind", "/value"),
            (a_condition("kind", "in", "a"), "value_kind", "/value"),
            (a_condition("kind", "in", []), "value_kind", "/value"),
            (a_condition("classes", "any_of", ["z"]), "value_kind", "/value"),
            (a_condition("classes", "none_of", []), "value_kind", "/value"),
            (a_condition("since", "ge", "yesterday"), "value_kind", "/value"),
            (a_condition("listed", "eq", {"fixed": 1}), "value_kind", "/value"),
            (a_condition("size", "le", {"fact": "listed"}), "not_whole", "/value/fact"),
            (a_condition("size", "le", {"fact": "unheard"}), "unknown_fact", "/value/fact"),
            (
                a_condition("size", "le", {"benchmark": "1Y"}),
                "unknown_benchmark",
                "/value/benchmark",
            ),
            (a_condition("size", "le", {"counter": "c"}), "counter_outside_caps", "/value/counter"),
        ],
    )
    def test_refuses_a_row_that_does_not_fit_its_facts(
        self, row: dict[str, Any], code: str, under: str
    ) -> None:
        row = a_condition() | row if "sum" in row else row

        assert (code, f"{self.WHERE}{under}") in tier_row(row)

    def test_refuses_a_sum_of_what_is_not_whole(self) -> None:
        row = {"sum": ["size", "listed"], "op": "le", "value": 1, "why": words("x")}

        assert ("operator", f"{self.WHERE}/op") in tier_row(row)

    def test_refuses_a_sum_of_lists(self) -> None:
        row = {"sum": ["classes"], "op": "any_of", "value": ["a"], "why": words("x")}

        assert ("operator", f"{self.WHERE}/op") in tier_row(row)

    def test_refuses_an_operator_that_does_not_exist(self) -> None:
        found = tier_row(a_condition(op="like"))

        assert ("literal_error", f"{self.WHERE}/op") in found


def tiers_that(*tiers: dict[str, Any]) -> dict[str, Any]:
    facts = {name: d for name, d in (SIZE | KINDS).items() if f"'{name}'" in repr(tiers)}
    return {"facts": facts, "tiers": list(tiers)}


class TestReach:
    @pytest.mark.parametrize(
        ("tiers", "position"),
        [
            ([a_tier("all"), a_tier("late", a_condition())], 1),
            ([a_tier("one", a_condition()), a_tier("two", a_condition(op="lt"))], 1),
            ([a_tier("one", a_condition(), a_condition(op="gt")), a_tier("rest")], 0),
            (
                [
                    a_tier("low", a_condition(value=5)),
                    a_tier("high", a_condition(op="gt", value=3)),
                    a_tier("never"),
                ],
                2,
            ),
            (
                [
                    a_tier("yes", a_condition("listed", "eq", True)),
                    a_tier("no", a_condition("listed", "ne", True)),
                    a_tier("never"),
                ],
                2,
            ),
            (
                [
                    a_tier("ab", a_condition("kind", "in", ["a", "b"])),
                    a_tier("never", a_condition("kind", "eq", "b")),
                ],
                1,
            ),
            (
                [
                    a_tier(
                        "never",
                        a_condition("classes", "any_of", ["a"]),
                        a_condition("classes", "none_of", ["a", "b"]),
                    ),
                    a_tier("rest"),
                ],
                0,
            ),
            (
                [
                    a_tier("early", a_condition("since", "lt", "2026-01-01")),
                    a_tier("never", a_condition("since", "le", "2025-12-31")),
                ],
                1,
            ),
        ],
    )
    def test_refuses_a_tier_that_never_matches(
        self, tiers: list[dict[str, Any]], position: int
    ) -> None:
        found = problems(**tiers_that(*tiers))

        assert found == {("tier_never_matches", f"/tiers/{position}")}

    def test_takes_tiers_that_overlap_in_part(self) -> None:
        tiers = [
            a_tier("a", a_condition("classes", "any_of", ["a", "b"])),
            a_tier("b", a_condition("classes", "any_of", ["b", "c"])),
        ]

        assert isinstance(pack_from_data(pack_data(**tiers_that(*tiers))), Pack)

    @pytest.mark.parametrize(
        ("fact", "value"), [("size", 10), ("since", "2026-01-01")], ids=["number", "day"]
    )
    @pytest.mark.parametrize(("below", "above"), [("le", "gt"), ("lt", "ge")])
    def test_takes_tiers_that_meet_at_a_threshold(
        self, fact: str, value: object, below: str, above: str
    ) -> None:
        tiers = [
            a_tier("low", a_condition(fact, below, value)),
            a_tier("high", a_condition(fact, above, value)),
        ]

        assert isinstance(pack_from_data(pack_data(**tiers_that(*tiers))), Pack)

    def test_refuses_too_many_words_to_try(self) -> None:
        many = [f"w{i}" for i in range(13)]
        facts = {"classes": {"kind": "words", "allowed": many, **words("classes")}}
        tiers = [a_tier("some", a_condition("classes", "any_of", many)), a_tier("rest")]

        assert problems(facts=facts, tiers=tiers) == {("tiers_too_tangled", "/tiers")}

    def test_refuses_what_is_too_tangled_to_try(self) -> None:
        names = [f"size_{i}" for i in range(12)]
        rows = [a_condition(name) for name in names]
        facts = dict.fromkeys(names, SIZE["size"])

        found = problems(facts=facts, tiers=[a_tier("one", *rows), a_tier("rest")])

        assert found == {("tiers_too_tangled", "/tiers")}


class TestBreakers:
    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({"numerator": "unheard"}, ("unknown_metric", "/breakers/0/numerator")),
            ({"base": "unheard"}, ("unknown_metric", "/breakers/0/base")),
            ({"warning_ppm": 100_000}, ("warning_too_late", "/breakers/0/warning_ppm")),
        ],
    )
    def test_refuses_a_breaker_that_cannot_work(
        self, changes: dict[str, Any], found: tuple[str, str]
    ) -> None:
        assert found in problems(metrics=METRICS, breakers=[a_breaker(**changes)])


class TestFacts:
    def test_refuses_a_range_that_holds_nothing(self) -> None:
        facts = {"size": SIZE["size"] | {"least": 2, "most": 1}}

        assert ("empty_range", "/facts/size/most") in problems(facts=facts)


class TestAmounts:
    def test_refuses_an_amount_that_may_be_negative(self) -> None:
        fee = {"name": "fee", "title": words("fee"), "amount": "size", "rate_ppm": 1}
        facts = {"size": SIZE["size"] | {"least": -1}}

        assert ("may_be_negative", "/fees/0/amount") in problems(facts=facts, fees=[fee])


class TestExamples:
    def test_refuses_rules_without_an_example(self) -> None:
        limits = [a_limit(a_condition())]

        assert problems(facts=SIZE, limits=limits) == {("rule_without_example", "/examples")}

    def test_refuses_an_example_without_rules(self) -> None:
        found = problems(examples=[SPLIT_EXAMPLE, TERMS_EXAMPLE])

        assert found == {("example_without_rule", "/examples/1/kind")}

    def test_refuses_a_pack_without_examples(self) -> None:
        assert problems(examples=[]) == {("too_short", "/examples")}
