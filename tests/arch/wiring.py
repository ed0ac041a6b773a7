"""Checks on what is declared in running code: events and their topics, errors and their edges.

Each function takes the declarations and returns problems, so that a test can plant one.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from types import ModuleType

from shared.errors import DomainError
from shared.events.catalogue import Topic
from shared.events.envelope import Event


def import_all(package: ModuleType) -> list[str]:
    """Import every module below a package, but not migrations, and return their names.

    A ``__main__`` is left out: it is a program, and its package's other modules hold what it runs.
    """
    names = [
        found.name
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if ".migrations" not in found.name and not found.name.endswith("__main__")
    ]
    for name in names:
        importlib.import_module(name)
    return names


def uncatalogued(events: Iterable[type[Event]], topics: Collection[Topic]) -> list[str]:
    """Every event travels on a catalogued topic, from its publisher, by the promised key."""
    by_name = {topic.name: topic for topic in topics}
    problems = []
    for event in events:
        topic = by_name.get(event.topic())
        if topic is None:
            problems.append(f"{event.TYPE}: the topic {event.topic()} is not in the catalogue")
            continue
        if topic.publisher != event.service():
            problems.append(f"{event.TYPE}: the catalogue lets {topic.publisher} publish it")
        if topic.key != event.KEY:
            problems.append(f"{event.TYPE}: its key is {event.KEY}, the topic's is {topic.key}")
        files = (event.service(), event.aggregate().replace(".", "_"))
        if event.__module__ not in {f"shared.events.{name}" for name in files}:
            problems.append(f"{event.TYPE}: declared in {event.__module__}")
        if event.read(event.example().model_dump_json().encode()) != event.example():
            problems.append(f"{event.TYPE}: its example does not survive the wire")
    return problems


def topic_problems(topics: Iterable[Topic], services: Collection[str]) -> list[str]:
    """Every topic has a known publisher and consumers, a key, words for people, and events."""
    problems = []
    for topic in topics:
        strangers = {topic.publisher, *topic.consumers} - set(services)
        problems += [f"{topic.name}: {name} is not a service" for name in sorted(strangers)]
        if not (topic.key and topic.zh and topic.en):
            problems.append(f"{topic.name}: no key, or no words in Chinese and English")
        if not topic.events:
            problems.append(f"{topic.name}: no event travels on it")
    return problems


def subscription_problems(
    topics: Iterable[Topic], subscribed: Mapping[str, Collection[type[Event]]]
) -> list[str]:
    """A topic's listed consumers are exactly the services that handle one of its events."""
    problems = []
    for topic in topics:
        for service, events in subscribed.items():
            reads = any(event.topic() == topic.name for event in events)
            listed = service in topic.consumers
            if reads and not listed:
                problems.append(f"{topic.name}: {service} reads it and is not a listed consumer")
            if listed and not reads:
                problems.append(f"{topic.name}: {service} is listed and handles none of its events")
    return problems


def subclasses_of(kind: type[DomainError], packages: Collection[str]) -> list[type[DomainError]]:
    """Return every subclass, at any depth, that one of our packages declares."""
    found: dict[type[DomainError], None] = {}
    waiting = kind.__subclasses__()
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        if error.__module__.split(".", 1)[0] in packages:
            found[error] = None
    return list(found)


def unmapped(
    errors: Iterable[type[DomainError]], is_mapped: Callable[[DomainError], bool]
) -> list[str]:
    """Every expected refusal is mapped at an edge; ``is_mapped`` tells it for one edge."""
    return [
        f"{error.__module__}.{error.__name__}: not mapped"
        for error in errors
        if not is_mapped(error.__new__(error))
    ]


def unclear_errors(errors: Iterable[type[DomainError]]) -> list[str]:
    """Every error has a code of its own, and a title in Chinese and in English."""
    listed = list(errors)
    count = Counter(error.code for error in listed)
    return [
        f"{error.__module__}.{error.__name__}: {error.code}"
        for error in listed
        if "code" not in vars(error)
        or count[error.code] > 1
        or not (error.title_zh.strip() and error.title_en.strip())
    ]
