"""Create the catalogue's topics on a broker that has automatic creation switched off."""

from shared.events.catalogue import TOPICS
from shared.messaging.kafka import KafkaSettings, create_topics


async def ensure_topics(bootstrap_servers: str, *, replication_factor: int = 1) -> list[str]:
    """Create what is missing; returns the names created.

    An event leaves the outbox once all replicas in sync have it: with several, two at least must
    be, and one that was not may not lead, or an acknowledged event could be lost with its leader.
    """
    safety = {
        "min.insync.replicas": str(min(2, replication_factor)),
        "unclean.leader.election.enable": "false",
    }
    wanted = [
        (topic.name, topic.partitions, {"retention.ms": str(topic.retention_ms), **safety})
        for topic in TOPICS
    ]
    settings = KafkaSettings(bootstrap_servers, "tongzhou-topics")
    return await create_topics(settings, wanted, replication_factor=replication_factor)
