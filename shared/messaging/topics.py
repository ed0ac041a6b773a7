"""Create the catalogue's topics on a broker that has automatic creation switched off."""

from shared.events.broker import configuration
from shared.events.catalogue import TOPICS
from shared.messaging.kafka import KafkaSettings, create_topics


async def ensure_topics(bootstrap_servers: str, *, replication_factor: int = 1) -> list[str]:
    """Create what is missing; returns the names created."""
    wanted = [
        (topic.name, topic.partitions, configuration(topic, replicas=replication_factor))
        for topic in TOPICS
    ]
    settings = KafkaSettings(bootstrap_servers, "tongzhou-topics")
    return await create_topics(settings, wanted, replication_factor=replication_factor)
