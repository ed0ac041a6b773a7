"""The catalogue is whole: every name in it means something, and corrections are marked."""

from typing import get_args

import pytest

from services.notify.catalogue.rules import (
    CLEARANCE,
    FEEDS,
    STRICTNESS,
    Feed,
    Field,
    UnknownFeed,
    cleared,
    feed_of,
    feeds_of,
)
from shared.events.credit import LoanClosed
from shared.events.envelope import DataClass
from shared.events.guarantee import BreakerRestored, BreakerTripped
from shared.events.registry import (
    InstitutionKind,
    ListMemberRemoved,
    QualificationAmended,
    QualificationGranted,
    QualificationRevoked,
)

QUALIFICATIONS = feed_of("enterprise-qualifications")
feeds = pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.code)


class TestFeeds:
    def test_are_found_by_their_code(self) -> None:
        assert [feed_of(feed.code) for feed in FEEDS] == list(FEEDS)
        with pytest.raises(UnknownFeed):
            feed_of("no-such-feed")

    def test_are_found_by_the_types_that_they_carry(self) -> None:
        assert feeds_of(QualificationRevoked) == (QUALIFICATIONS,)
        assert feeds_of(LoanClosed) == ()

    @feeds
    def test_name_each_field_once_and_only_fields_that_some_event_has(self, feed: Feed) -> None:
        carried = {name for kind in feed.types for name in kind.model_fields}

        assert len(set(feed.names)) == len(feed.names)
        assert set(feed.names) <= carried

    @feeds
    def test_tell_states_apart_by_fields_that_they_have(self, feed: Feed) -> None:
        assert {*feed.state_key} <= {*feed.names, "type"}
        assert feed.shared_attribute in feed.names

    @feeds
    def test_are_about_somebody_in_every_entry_of_a_type_that_is_corrected(
        self, feed: Feed
    ) -> None:
        for correction in feed.corrections:
            for kind in (correction.kind, *correction.corrected):
                assert kind in feed.types
                assert feed.shared_attribute in kind.model_fields

    def test_give_a_field_by_its_name(self) -> None:
        category = QUALIFICATIONS.field("category")

        assert category is not None
        assert category.en == "category"
        assert QUALIFICATIONS.field("tax_grade") is None

    def test_have_only_the_fields_of_the_catalogue_in_an_event(self) -> None:
        assert QUALIFICATIONS.fields_of(QualificationRevoked) == (
            "uscc",
            "qualification_id",
            "category",
            "revoked_by",
            "reason",
            "revoked_on",
        )


class TestCorrections:
    @pytest.mark.parametrize(
        ("kind", "corrected"),
        [
            (QualificationGranted, set()),
            (QualificationAmended, {"certificate_no", "granted_by", "valid_from", "valid_to"}),
            (
                QualificationRevoked,
                {"certificate_no", "granted_by", "amended_by", "reason", "valid_from", "valid_to"},
            ),
        ],
    )
    def test_are_for_the_readers_of_what_they_correct(
        self, kind: type[QualificationGranted], corrected: set[str]
    ) -> None:
        always = {"qualification_id", "category"} if corrected else set()

        assert QUALIFICATIONS.corrected_by(kind.TYPE) == corrected | always

    def test_of_a_list_are_for_the_readers_of_lists(self) -> None:
        assert QUALIFICATIONS.corrected_by(ListMemberRemoved.TYPE) == {"list_code", "list_version"}

    def test_end_a_breakers_warning_and_suspension(self) -> None:
        programmes = feed_of("guarantee-programmes")

        assert programmes.corrected_by(BreakerRestored.TYPE) >= {"bank", "numerator_fen"}
        assert programmes.corrected_by(BreakerTripped.TYPE) == frozenset()

    def test_are_none_of_a_type_that_the_feed_does_not_carry(self) -> None:
        assert QUALIFICATIONS.corrected_by("no.such.type.v1") == frozenset()


class TestClearance:
    @pytest.mark.parametrize(
        ("kind", "strictest"),
        [
            ("department", "confidential"),
            ("fund", "confidential"),
            ("reguarantor", "confidential"),
            ("guarantor", "confidential"),
            ("bank", "sensitive"),
            ("insurer", "sensitive"),
            ("platform", "internal"),
        ],
    )
    def test_ends_with_the_strictest_class_of_a_kind(
        self, kind: InstitutionKind, strictest: str
    ) -> None:
        may = [
            data_class
            for data_class in DataClass
            if cleared(kind, Field("x", "x", "x", data_class))
        ]

        assert may == list(STRICTNESS[: STRICTNESS.index(DataClass(strictest)) + 1])

    def test_is_said_of_every_kind_of_institution(self) -> None:
        assert set(CLEARANCE) == set(get_args(InstitutionKind))
