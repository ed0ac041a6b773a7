"""The programmes' rules: what fits together, who may activate, what the counters answer."""

from dataclasses import replace
from datetime import date

import pytest

from services.guarantee.known.rules import KnownInstitution
from services.guarantee.programmes import rules
from services.guarantee.programmes.rules import (
    Counters,
    PackChanged,
    PinnedPack,
    Programme,
    ProgrammeNotDraft,
    ProgrammeState,
    ProgrammeUnworkable,
    YearNotOpened,
)
from shared.errors import FourEyes, Malformed
from shared.events.registry import InstitutionKind
from shared.rulepack.pack import Pack
from tests.support.packs import a_cap, a_condition, a_pack, pack_data, shipped, words

SCITECH, YUANKEDAI = shipped("nfgf-scitech-2024"), shipped("sip-yuankedai")


def a_programme(pack: Pack = SCITECH, **changes: object) -> Programme:
    programme = Programme(
        code="nfgf-scitech",
        title="示例",
        pack=PinnedPack.of(pack),
        fund="fund-nfgf",
        parties={"nfgf": "fund-nfgf", "province": "reguarantor-js"},
        quota_fen=1_000,
        period_months=6,
        guarantee_type="joint_and_several",
        enrolment_days=30,
        due_days=10,
        effective_from=date(2026, 3, 1),
        created_by="maker",
    )
    return replace(programme, **changes)  # type: ignore[arg-type] # a case names its fields


def a_counter(**changes: int | str) -> Counters:
    empty = Counters(programme="p", bank="", year=2026)
    return replace(empty, **changes)  # type: ignore[arg-type] # a case names its fields


def file(programme: Programme, pack: Pack, **kinds: InstitutionKind | None) -> Programme:
    """File with a directory in which every party is a fund unless ``kinds`` says otherwise."""
    known = {
        org: KnownInstitution(org, kind, date(2019, 1, 1), None)
        for party, org in programme.parties.items()
        if (kind := kinds.get(party, "fund")) is not None
    }
    return rules.file(programme, pack, institutions=known)


def misfits(programme: Programme, pack: Pack) -> list[tuple[str, str | None]]:
    with pytest.raises(ProgrammeUnworkable) as refusal:
        file(programme, pack)
    return [(violation.code, violation.field) for violation in refusal.value.violations]


class TestFile:
    def test_pins_the_pack_by_digest(self) -> None:
        filed = file(a_programme(pack=YUANKEDAI), SCITECH)

        assert filed.pack == PinnedPack("nfgf-scitech-2024", 1, SCITECH.digest)
        assert f"sha256:{filed.pack.digest_hex}" == SCITECH.digest
        assert len(filed.pack.digest_hex) == 64

    def test_needs_every_fixed_party_and_no_other(self) -> None:
        parties = {"nfgf": "fund-nfgf", "bank": "bank-haizhou"}

        assert misfits(a_programme(parties=parties), SCITECH) == [
            ("party-missing", "/parties/province"),
            ("party-unknown", "/parties/bank"),
        ]

    def test_needs_the_fund_of_the_packs_ledger_party(self) -> None:
        assert misfits(a_programme(fund="fund-lyg"), SCITECH) == [("fund-differs", "/fund")]

    def test_needs_a_pack_in_force_that_shares_losses(self) -> None:
        pack = a_pack(valid_to="2026-03-01")
        parties = {"left": "a-left", "right": "a-right"}

        assert misfits(a_programme(parties=parties), pack) == [
            ("not-in-force", "/effective_from"),
            ("no-shares", "/rule_pack"),
        ]

    def test_names_every_input_that_nobody_can_supply(self) -> None:
        data = pack_data(
            ledger_party="right",
            facts={"size": {"kind": "int", **words("size")}},
            counters={"room_fen": words("room"), "used_fen": words("used")},
            metrics={"colour_fen": words("colour")},
            caps=[a_cap(limit={"counter": "room_fen"}, used="used_fen")],
            overflow={"right": {"left": 1}},
            limits=[{"code": "size", "require": a_condition()}],
            breakers=[
                {
                    "name": "b",
                    "title": words("b"),
                    "numerator": "colour_fen",
                    "base": "colour_fen",
                    "suspended_ppm": 1,
                    "comparison": "ge",
                    "scope": ["bank"],
                }
            ],
        )
        pack = Pack.model_validate(data)
        parties = {"left": "a-left", "right": "fund-nfgf"}

        with pytest.raises(ProgrammeUnworkable) as refusal:
            file(a_programme(parties=parties), pack)

        told = [v.en.rpartition("supply ")[2] for v in refusal.value.violations]
        assert told == ["fact size", "counter room_fen", "counter used_fen", "metric colour_fen"]

    @pytest.mark.parametrize("pack", [SCITECH, YUANKEDAI, shipped("suzhou-xinbaodai")])
    def test_takes_the_shipped_packs(self, pack: Pack) -> None:
        fixed = {p: "fund-nfgf" for p in pack.order if p not in rules.PARTIES_OF_THE_LOAN}

        assert file(a_programme(parties=fixed), pack).pack.id == pack.id

    @pytest.mark.parametrize("kind", ["fund", "reguarantor", "guarantor", "insurer", "department"])
    def test_lets_a_party_be_of_a_kind_that_bears_losses(self, kind: InstitutionKind) -> None:
        assert file(a_programme(), SCITECH, province=kind).code == "nfgf-scitech"

    @pytest.mark.parametrize(
        ("kinds", "code", "field"),
        [
            ({"province": None}, "institution-unknown", "/parties/province"),
            ({"province": "bank"}, "institution-kind", "/parties/province"),
            ({"province": "platform"}, "institution-kind", "/parties/province"),
            ({"nfgf": "reguarantor"}, "institution-kind", "/parties/nfgf"),
        ],
    )
    def test_needs_parties_that_the_directory_knows(
        self, kinds: dict[str, InstitutionKind | None], code: str, field: str
    ) -> None:
        with pytest.raises(ProgrammeUnworkable) as refusal:
            file(a_programme(), SCITECH, **kinds)

        assert [(v.code, v.field) for v in refusal.value.violations] == [(code, field)]

    def test_needs_parties_that_are_valid_on_its_first_day(self) -> None:
        gone = {
            org: KnownInstitution(org, "fund", date(2019, 1, 1), date(2026, 3, 1))
            for org in ("fund-nfgf", "reguarantor-js")
        }

        with pytest.raises(ProgrammeUnworkable) as refusal:
            rules.file(a_programme(), SCITECH, institutions=gone)

        assert [v.code for v in refusal.value.violations] == ["institution-unknown"] * 2

    def test_is_its_funds_own(self) -> None:
        a_programme().require_fund("fund-nfgf")
        with pytest.raises(rules.NotTheFund):
            a_programme().require_fund("fund-lyg")


class TestActivate:
    def test_is_done_by_another_person(self) -> None:
        active, event = rules.activate(a_programme(), SCITECH, by="checker")

        assert (active.state, active.activated_by) == (ProgrammeState.ACTIVE, "checker")
        assert (event.rule_pack_id, event.rule_pack_digest) == (
            "nfgf-scitech-2024",
            SCITECH.digest.removeprefix("sha256:"),
        )

    def test_is_refused_to_the_maker(self) -> None:
        with pytest.raises(FourEyes):
            rules.activate(a_programme(), SCITECH, by="maker")

    def test_is_refused_when_active(self) -> None:
        with pytest.raises(ProgrammeNotDraft):
            rules.activate(a_programme(state=ProgrammeState.ACTIVE), SCITECH, by="checker")

    def test_is_refused_when_the_pack_changed_under_its_version(self) -> None:
        with pytest.raises(PackChanged):
            rules.activate(a_programme(), SCITECH.model_copy(update={"regions": ()}), by="checker")


class TestProgramme:
    def test_enrols_from_its_first_day_once_active(self) -> None:
        active = a_programme(state=ProgrammeState.ACTIVE)

        assert active.enrols_on(date(2026, 3, 1))
        assert not active.enrols_on(date(2026, 2, 28))
        assert not a_programme().enrols_on(date(2026, 3, 1))

    def test_takes_bank_and_guarantor_from_the_loan(self) -> None:
        orgs = [
            a_programme().org_of(party, bank="bank-a", guarantor="guarantor-b")
            for party in SCITECH.order
        ]

        assert orgs == ["bank-a", "fund-nfgf", "reguarantor-js", "guarantor-b"]

    def test_has_room_to_the_last_fen(self) -> None:
        programme = a_programme(enrolled_fen=900)

        assert rules.quota_refusal(programme, amount_fen=100) is None
        refusal = rules.quota_refusal(programme, amount_fen=101)
        assert refusal is not None
        assert (refusal.limit, refusal.actual) == (100, 101)


class TestCounters:
    def test_answer_a_pack_by_its_names(self) -> None:
        counters = a_counter(prior_year_end_balance_fen=80, pool_paid_fen=7, claims_paid_fen=9)

        assert counters.as_inputs(YUANKEDAI) == {
            "prior_year_end_balance_fen": 80,
            "pool_paid_this_year_fen": 7,
        }
        assert counters.as_inputs(SCITECH) == {
            "rate_cap_base_fen": 80,
            "claims_paid_this_year_fen": 9,
        }

    @pytest.mark.parametrize(("bank", "named"), [("", "^p has"), ("bank-a", "^bank bank-a in p")])
    def test_have_no_base_before_the_year_is_opened(self, bank: str, named: str) -> None:
        with pytest.raises(YearNotOpened, match=named):
            a_counter(bank=bank).as_inputs(YUANKEDAI)

    def test_do_not_answer_a_name_that_is_not_kept(self) -> None:
        data = pack_data(
            counters={"room_fen": words("room")},
            caps=[a_cap(kind="free_balance", limit={"counter": "room_fen"})],
            overflow={"right": {"left": 1}},
        )
        pack = Pack.model_validate(data)

        with pytest.raises(Malformed, match="room_fen"):
            a_counter().as_inputs(pack)

    def test_move_by_what_a_split_uses_up(self) -> None:
        moved = a_counter(pool_paid_fen=1).moved(
            {"pool_paid_this_year_fen": 5, "claims_paid_this_year_fen": 6}
        )

        assert (moved.pool_paid_fen, moved.claims_paid_fen) == (6, 6)
        assert a_counter().moved({}) == a_counter()
