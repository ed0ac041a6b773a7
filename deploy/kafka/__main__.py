"""Create the topics and set the rights that topics.json and acls.json beside this file declare.

``python -m deploy.kafka`` takes the address and the operator's login from the environment
(``TONGZHOU_KAFKA_…``, as the services do). It can be run again at any time: it creates what is
missing, and gives each principal that it names these rights and no others.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from shared.events.broker import Binding
from shared.messaging import acls
from shared.messaging.kafka import KafkaSettings, create_topics
from shared.settings import BrokerSettings

_HERE = Path(__file__).parent
CLIENT_ID = "tongzhou-deploy"


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads((_HERE / name).read_bytes())
    return document


def bindings() -> Iterator[Binding]:
    for principal, resources in _document("acls.json")["principals"].items():
        for resource, names in resources.items():
            for name, operations in names.items():
                for operation in operations:
                    yield Binding(principal, resource, name, operation)


async def apply(settings: KafkaSettings, *, replicas: int | None = None) -> list[str]:
    """Create the topics, set the rights, and return what was done, in words."""
    document = _document("topics.json")
    count = document["replicas"] if replicas is None else replicas
    topics = [
        (topic["name"], topic["partitions"], _on(topic["configuration"], count))
        for topic in document["topics"]
    ]
    created = await create_topics(settings, topics, replication_factor=count)
    changed = await acls.reconcile(settings, bindings())
    return [
        *(f"created topic {name}" for name in created),
        *(f"added right {rule}" for rule in changed.added),
        *(f"removed right {rule}" for rule in changed.removed),
    ]


def _on(configuration: dict[str, str], replicas: int) -> dict[str, str]:
    in_sync = min(replicas, int(configuration["min.insync.replicas"]))
    return {**configuration, "min.insync.replicas": str(in_sync)}


def main() -> int:
    """Apply both files to the brokers of the environment."""
    given = BrokerSettings()
    settings = KafkaSettings(given.kafka_bootstrap_servers, CLIENT_ID, given.kafka_login)
    for line in asyncio.run(apply(settings)):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
