"""Facts are parsed by declaration; what does not fit is refused by name."""

import pytest

from shared.errors import Violation
from shared.money import MAX_FEN
from shared.rulepack.errors import UnknownInput
from shared.rulepack.facts import Section, facts_read, parse_fact, read_facts, read_numbers
from shared.rulepack.pack import FactDeclaration
from tests.support.packs import shipped


def declared(kind: str, **changes: object) -> FactDeclaration:
    data: dict[str, object] = {"kind": kind, "zh": "事实", "en": "fact"} | changes
    return FactDeclaration.model_validate(data)


class TestParseFact:
    @pytest.mark.parametrize(
        ("declaration", "value", "code"),
        [
            (declared("int"), 1.0, "wrong_kind"),
            (declared("int"), "1", "wrong_kind"),
            (declared("int"), True, "wrong_kind"),
            (declared("int"), None, "wrong_kind"),
            (declared("int"), -1, "out_of_range"),
            (declared("int"), MAX_FEN + 1, "out_of_range"),
            (declared("int", most=1_000_000), 1_000_001, "out_of_range"),
            (declared("bool"), 1, "wrong_kind"),
            (declared("bool"), "true", "wrong_kind"),
            (declared("date"), "2026-02-30", "wrong_kind"),
            (declared("date"), "20260302", "wrong_kind"),
            (declared("date"), 20260302, "wrong_kind"),
            (declared("word", allowed=["a"]), "b", "word_not_allowed"),
            (declared("word", allowed=["a"]), ["a"], "wrong_kind"),
            (declared("words", allowed=["a"]), "a", "wrong_kind"),
            (declared("words", allowed=["a"]), ["a", 1], "wrong_kind"),
            (declared("words", allowed=["a"]), ["a", "b"], "word_not_allowed"),
        ],
    )
    def test_says_why_a_value_does_not_fit(
        self, declaration: FactDeclaration, value: object, code: str
    ) -> None:
        refused = parse_fact(declaration, value)

        assert isinstance(refused, Violation)
        assert refused.code == code
        assert refused.zh
        assert refused.en

    @pytest.mark.parametrize(
        ("declaration", "value"),
        [
            (declared("int"), 0),
            (declared("int"), MAX_FEN),
            (declared("int", least=-5), -5),
            (declared("int", most=1_000_000), 1_000_000),
            (declared("bool"), False),
            (declared("word", allowed=["a"]), "a"),
        ],
    )
    def test_keeps_a_value_that_fits(self, declaration: FactDeclaration, value: object) -> None:
        assert parse_fact(declaration, value) == value

    def test_turns_a_list_of_words_into_a_tuple(self) -> None:
        assert parse_fact(declared("words", allowed=["a", "b"]), ["b", "a"]) == ("b", "a")


class TestReadFacts:
    def test_names_every_fact_that_is_wrong_at_once(self) -> None:
        facts = {"amount_fen": -1, "low_carbon_listed": False, "colour": "red"}

        with pytest.raises(UnknownInput) as caught:
            read_facts(shipped("sip-yuankedai"), "terms", facts)

        assert {(v.field, v.code) for v in caught.value.violations} == {
            ("/facts/amount_fen", "out_of_range"),
            ("/facts/colour", "unknown_fact"),
            ("/facts/tenor_months", "missing_fact"),
        }

    @pytest.mark.parametrize("share", ["bank", "nfgf", "province", "guarantor"])
    def test_refuses_a_share_of_more_than_the_whole(self, share: str) -> None:
        name = f"{share}_share_ppm"
        whole = dict.fromkeys(facts_read(shipped("nfgf-scitech-2024"), "terms"), 1_000_000)
        facts = whole | {"firm_categories": ["hnte"], name: 1_000_001}

        with pytest.raises(UnknownInput) as caught:
            read_facts(shipped("nfgf-scitech-2024"), "terms", facts)

        [violation] = caught.value.violations
        assert (violation.field, violation.limit, violation.actual) == (
            f"/facts/{name}",
            1_000_000,
            1_000_001,
        )

    def test_asks_for_no_fact_that_the_section_does_not_read(self) -> None:
        assert read_facts(shipped("sip-yuankedai"), "split", {}) == {}

    @pytest.mark.parametrize(
        ("pack_id", "section", "names"),
        [
            ("nfgf-scitech-2024", "split", ("firm_categories",)),
            ("nfgf-scitech-2024", "fee", ("nfgf_share_ppm", "guaranteed_amount_fen")),
            (
                "nfgf-scitech-2024",
                "terms",
                (
                    "firm_categories",
                    "bank_share_ppm",
                    "nfgf_share_ppm",
                    "province_share_ppm",
                    "guarantor_share_ppm",
                    "firm_guaranteed_balance_fen",
                ),
            ),
            ("sip-yuankedai", "terms", ("amount_fen", "tenor_months", "low_carbon_listed")),
            (
                "first-set-2025",
                "subsidy",
                ("premium_paid_fen", "quota_fen", "qualified_before_application"),
            ),
        ],
    )
    def test_reads_what_the_contract_names(
        self,
        pack_id: str,
        section: Section,
        names: tuple[str, ...],
    ) -> None:
        assert facts_read(shipped(pack_id), section) == names


class TestReadNumbers:
    @pytest.mark.parametrize("value", [-1, 1.0, "1", True, None, MAX_FEN + 1])
    def test_refuses_what_is_no_number_of_ours(self, value: object) -> None:
        with pytest.raises(UnknownInput) as caught:
            read_numbers("metric", declared=["a_fen"], raw={"a_fen": value})

        assert caught.value.violations[0].field == "/metrics/a_fen"

    def test_refuses_unknown_and_missing_names(self) -> None:
        with pytest.raises(UnknownInput) as caught:
            read_numbers("counter", declared=["a"], raw={"b": 1}, required=["a"])

        codes = {violation.code for violation in caught.value.violations}
        assert codes == {"unknown_counter", "missing_counter"}
