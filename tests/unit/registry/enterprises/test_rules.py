"""The rules of the enterprises: place, registration, profile."""

from dataclasses import replace

import pytest

from services.registry.enterprises.rules import (
    CHAINS,
    REGIONS,
    Enterprise,
    NotTheRegisteringOrganisation,
    Profile,
    UnknownRegionOrChain,
    check_place,
    contested,
    record_profile,
    register,
)
from shared.uscc import Uscc
from tests.support.city import FIRM

ENTERPRISE = Enterprise(
    uscc=Uscc(FIRM),
    name="示例企业",
    region="320706",
    chain="new_energy",
    registered_by="dept-kj",
)
PROFILE = Profile(staff=51, sales_fen=2_010_000_000, tax_grade="A", recorded_by="dept-sw")


class TestPlace:
    @pytest.mark.parametrize("region", REGIONS)
    @pytest.mark.parametrize("chain", CHAINS)
    def test_is_every_county_and_every_chain_of_the_city(self, region: str, chain: str) -> None:
        assert check_place(region, chain) == ()

    @pytest.mark.parametrize(
        ("region", "chain", "fields"),
        [
            ("320700", "new_energy", ["region"]),
            ("", "new_energy", ["region"]),
            ("320706", "coal", ["chain"]),
            ("x" * 99, "y" * 99, ["region", "chain"]),
        ],
    )
    def test_elsewhere_is_named_and_cut_short(
        self, region: str, chain: str, fields: list[str]
    ) -> None:
        reasons = check_place(region, chain)

        assert [reason.field for reason in reasons] == fields
        assert all(len(str(reason.actual)) <= 40 for reason in reasons)


class TestRegistering:
    def test_tells_a_new_enterprise(self) -> None:
        enterprise, events = register(None, ENTERPRISE)

        assert enterprise == ENTERPRISE
        assert [event.model_dump() for event in events] == [
            {"uscc": FIRM, "name": "示例企业", "region": "320706", "chain": "new_energy"}
        ]

    def test_tells_nothing_that_is_known(self) -> None:
        known = replace(ENTERPRISE, profile=PROFILE)

        assert register(known, ENTERPRISE) == (known, [])

    @pytest.mark.parametrize(
        ("field", "value"), [("name", "新名"), ("region", "320707"), ("chain", "silicon_materials")]
    )
    def test_tells_a_correction_and_keeps_the_profile(self, field: str, value: str) -> None:
        known = replace(ENTERPRISE, profile=PROFILE)
        corrected = replace(ENTERPRISE, **{field: value})  # type: ignore[arg-type]  # names a text

        enterprise, events = register(known, corrected)

        assert enterprise == replace(corrected, profile=PROFILE)
        assert [getattr(event, field) for event in events] == [value]

    @pytest.mark.parametrize(
        ("field", "value"), [("name", "新名"), ("region", "320707"), ("chain", "silicon_materials")]
    )
    def test_refuses_a_correction_by_another_organisation(self, field: str, value: str) -> None:
        stated = replace(ENTERPRISE, **{field: value, "registered_by": "dept-gx"})  # type: ignore[arg-type]  # names texts

        with pytest.raises(NotTheRegisteringOrganisation) as refused:
            register(ENTERPRISE, stated)

        assert contested(ENTERPRISE, stated) == (field,)
        assert [v.field for v in refused.value.violations] == [f"/{field}"]

    def test_lets_another_organisation_state_the_same(self) -> None:
        stated = replace(ENTERPRISE, registered_by="dept-gx")

        assert contested(ENTERPRISE, stated) == ()
        assert register(ENTERPRISE, stated) == (ENTERPRISE, [])

    def test_refuses_a_place_elsewhere(self) -> None:
        with pytest.raises(UnknownRegionOrChain) as refused:
            register(None, replace(ENTERPRISE, region="320100", chain="coal"))

        assert [v.field for v in refused.value.violations] == ["region", "chain"]


class TestProfile:
    def test_is_told_when_it_changes_and_by_whom(self) -> None:
        other = replace(PROFILE, staff=52, recorded_by="dept-kj")

        known, first = record_profile(ENTERPRISE, PROFILE)
        same, nothing = record_profile(known, PROFILE)
        changed, second = record_profile(known, other)

        assert (known.profile, same, nothing) == (PROFILE, known, [])
        assert changed.profile == other
        assert [(event.recorded_by, event.staff) for event in (*first, *second)] == [
            ("dept-sw", 51),
            ("dept-kj", 52),
        ]

    def test_is_told_when_another_department_vouches_for_the_same_figures(self) -> None:
        known = replace(ENTERPRISE, profile=PROFILE)

        _, [event] = record_profile(known, replace(PROFILE, recorded_by="dept-kj"))

        assert event.recorded_by == "dept-kj"

    def test_is_shown_to_its_department_and_to_whom_all_is_open(self) -> None:
        known = replace(ENTERPRISE, profile=PROFILE)

        shown = [known.profile_for(reader) for reader in ("dept-sw", None, "dept-kj", "")]

        assert shown == [PROFILE, PROFILE, None, None]
        assert ENTERPRISE.profile_for(None) is None
