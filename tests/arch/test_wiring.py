"""Every event is catalogued and every error is mapped at both edges; each check is seen to fail."""

import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from alembic.script import ScriptDirectory

import services
import shared
from shared.db import revision
from shared.db.migrations import configuration
from shared.errors import DomainError, NotFound
from shared.events.catalogue import TOPICS
from shared.events.envelope import EVENT_TYPES, Event
from shared.events.export import ROOT, stale
from shared.messaging.verdict import KINDS
from shared.web.problem import status_of
from tests.arch import wiring

SERVICES = ("registry", "credit", "guarantee", "insurance", "notify")
EVENTS = tuple(EVENT_TYPES.values())


class TestCatalogue:
    def test_lists_every_event(self) -> None:
        assert wiring.uncatalogued(EVENTS, TOPICS) == []

    def test_misses_an_event_whose_topic_is_taken_out(self) -> None:
        problems = wiring.uncatalogued(TOPICS[0].events, TOPICS[1:])

        assert len(problems) == len(TOPICS[0].events) > 0

    @pytest.mark.parametrize("wrong", [{"publisher": "notify"}, {"key": "colour"}])
    def test_sees_a_wrong_publisher_or_key(self, wrong: dict[str, str]) -> None:
        changed = replace(TOPICS[0], **wrong)  # type: ignore[arg-type] # a row of wrong values

        assert wiring.uncatalogued(TOPICS[0].events, [changed]) != []

    def test_describes_every_topic(self) -> None:
        assert wiring.topic_problems(TOPICS, SERVICES) == []

    @pytest.mark.parametrize(
        "wrong", [{"publisher": "weather"}, {"en": ""}, {"name": "tongzhou.registry.none.v1"}]
    )
    def test_sees_a_stranger_a_silence_and_a_void(self, wrong: dict[str, str]) -> None:
        changed = replace(TOPICS[0], **wrong)  # type: ignore[arg-type] # a row of wrong values

        assert wiring.topic_problems([changed], SERVICES) != []

    def test_is_exported_as_it_is_declared(self) -> None:
        assert stale(ROOT) == []


class TestGlossary:
    def test_names_every_event_and_no_ghost(self) -> None:
        text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
        named = set(re.findall(r"`([A-Z][A-Za-z]+)`", text))

        assert named - {"Money", "Rate", "Uscc"} == {event.__name__ for event in EVENTS}


class TestSubscriptions:
    def test_match_the_catalogue(self) -> None:
        subscribed = {
            name: tuple(
                importlib.import_module(f"services.{name}.subscriptions").SUBSCRIPTIONS.keys()
            )
            for name in SERVICES
        }

        assert wiring.subscription_problems(TOPICS, subscribed) == []

    def test_are_seen_when_they_differ_either_way(self) -> None:
        topic = next(topic for topic in TOPICS if topic.consumers)
        reader = topic.consumers[0]
        nobody: dict[str, tuple[type[Event], ...]] = {reader: ()}

        assert wiring.subscription_problems([topic], nobody) != []
        assert wiring.subscription_problems(
            [replace(topic, consumers=())], {reader: topic.events}
        ) == [f"{topic.name}: {reader} reads it and is not a listed consumer"]


def answered_by_http(error: DomainError) -> bool:
    """Tell whether the HTTP edge foresaw the error: a kind that it does not know has no status."""
    try:
        return 400 <= status_of(error) < 600
    except LookupError:
        return False


def judged_by_consumers(error: DomainError) -> bool:
    """Tell whether the consumer edge foresaw the kind of the error."""
    return isinstance(error, tuple(KINDS))


EDGES = [answered_by_http, judged_by_consumers]


def below_the_web(errors: Iterable[type[DomainError]]) -> list[type[DomainError]]:
    """Leave out what only a request can be: a consumer never imports the web edge."""
    return [error for error in errors if not error.__module__.startswith("shared.web.")]


@pytest.fixture(scope="module")
def declared() -> list[type[DomainError]]:
    wiring.import_all(shared)
    wiring.import_all(services)
    return wiring.subclasses_of(DomainError, {"shared", "services"})


class TestErrors:
    def test_all_have_an_http_status(self, declared: list[type[DomainError]]) -> None:
        assert NotFound in declared
        assert wiring.unmapped(declared, answered_by_http) == []

    def test_all_have_a_verdict_of_the_consumer(self, declared: list[type[DomainError]]) -> None:
        assert NotFound in below_the_web(declared)
        assert wiring.unmapped(below_the_web(declared), judged_by_consumers) == []

    @pytest.mark.parametrize("edge", EDGES)
    def test_are_seen_when_their_kind_is_new(self, edge: Callable[[DomainError], bool]) -> None:
        class OfNoKind(DomainError):
            code = "of-no-kind"

        assert wiring.unmapped([OfNoKind], edge) != []

    def test_have_a_code_and_titles_of_their_own(self, declared: list[type[DomainError]]) -> None:
        assert wiring.unclear_errors(declared) == []

    def test_are_seen_when_two_share_a_code(self) -> None:
        class Twin(NotFound):
            code = NotFound.code

        class Silent(NotFound):
            code = "silent"
            title_zh = " "

        class Heir(NotFound):
            title_en = "Heir"

        assert len(wiring.unclear_errors([NotFound, Twin])) == 2
        assert len(wiring.unclear_errors([Silent])) == 1
        assert len(wiring.unclear_errors([Heir])) == 1


class TestRevisions:
    @pytest.mark.parametrize("service", SERVICES)
    def test_newest_by_its_files_is_the_head_of_alembic(self, service: str) -> None:
        script = ScriptDirectory.from_config(configuration(service))

        assert script.get_heads() == [revision.head(service)]

    def test_of_a_service_without_history_are_missed(self) -> None:
        with pytest.raises(LookupError, match="weather"):
            revision.head("weather")

    def test_need_nothing_of_alembic_to_be_asked_for(self) -> None:
        modules = ", ".join(f"services.{service}.app" for service in SERVICES)
        told = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import sys, {modules}; print('sqlalchemy' in sys.modules)",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )

        assert told.stdout.strip() == "False"
