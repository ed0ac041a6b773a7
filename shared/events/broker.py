"""What the catalogue asks of the brokers: topics, and who may do what on them.

Each service logs in as its own principal. It may write the topics that it publishes, read those
that it consumes, and use its consumer group; a reader without a group needs nothing further.
Nobody else is named, and with ``allow.everyone.if.no.acl.found=false`` nobody else may do anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.events.catalogue import TOPICS, Topic

REPLICAS = 3
Resource = Literal["topic", "group"]
Operation = Literal["Describe", "Read", "Write"]


@dataclass(frozen=True, slots=True, order=True)
class Binding:
    """A principal may do one operation on the one resource of that name."""

    principal: str
    resource: Resource
    name: str
    operation: Operation


def principal_of(service: str) -> str:
    """As whom a service logs in, in the brokers' notation."""
    return f"User:tongzhou.{service}"


def group_of(service: str) -> str:
    """The one consumer group of a service."""
    return f"tongzhou.{service}"


def bindings(topics: Sequence[Topic] = TOPICS) -> list[Binding]:
    """Return every right that the services need, in order.

    A producer that numbers its records needs no right of its own: Write on a topic includes it.
    """
    wanted: set[Binding] = set()
    for topic in topics:
        publisher = principal_of(topic.publisher)
        wanted |= {
            Binding(publisher, "topic", topic.name, "Write"),
            Binding(publisher, "topic", topic.name, "Describe"),
        }
        for consumer in topic.consumers:
            reader = principal_of(consumer)
            wanted |= {
                Binding(reader, "topic", topic.name, "Read"),
                Binding(reader, "topic", topic.name, "Describe"),
                Binding(reader, "group", group_of(consumer), "Read"),
            }
    return sorted(wanted)


def configuration(topic: Topic, *, replicas: int) -> dict[str, str]:
    """Return a topic's configuration on so many replicas.

    An event leaves the outbox once all replicas in sync have it: with several, two at least must
    be, and one that was not may not lead, or an acknowledged event could be lost with its leader.
    """
    return {
        "retention.ms": str(topic.retention_ms),
        "cleanup.policy": "delete",
        "min.insync.replicas": str(min(2, replicas)),
        "unclean.leader.election.enable": "false",
    }


def topics_document() -> dict[str, object]:
    """Return the topics in the form that ``python -m deploy.kafka`` creates."""
    return {
        "replicas": REPLICAS,
        "topics": [
            {
                "name": topic.name,
                "partitions": topic.partitions,
                "configuration": configuration(topic, replicas=REPLICAS),
            }
            for topic in TOPICS
        ],
    }


def access_document() -> dict[str, object]:
    """Return the rights per principal in the form that ``python -m deploy.kafka`` applies."""
    principals: dict[str, dict[str, dict[str, list[str]]]] = {}
    for binding in bindings():
        of_one = principals.setdefault(binding.principal, {"topic": {}, "group": {}})
        of_one[binding.resource].setdefault(binding.name, []).append(binding.operation)
    return {"permission": "Allow", "host": "*", "pattern": "Literal", "principals": principals}
