"""Clients of another library and another implementation of the protocol, as an integrator's are."""

from collections.abc import Callable, Iterator, Sequence

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka import Producer as ForeignProducer
from confluent_kafka.admin import AdminClient

from shared.messaging.kafka import KafkaSettings

_POLL_S = 0.1


def _settings(settings: KafkaSettings) -> dict[str, str]:
    common = {"bootstrap.servers": settings.bootstrap_servers}
    if settings.login is not None:
        common |= {
            "security.protocol": "SASL_SSL" if settings.login.tls else "SASL_PLAINTEXT",
            "sasl.mechanism": settings.login.mechanism,
            "sasl.username": settings.login.username,
            "sasl.password": settings.login.password,
        }
    return common


def admin(settings: KafkaSettings) -> AdminClient:
    """Return an administrative client."""
    return AdminClient(dict(_settings(settings)))


def records(
    settings: KafkaSettings, places: Sequence[tuple[str, int]], *, polls: int = 300
) -> Iterator[Message]:
    """Read partitions from their beginning, without a group; raises what the broker refuses.

    Ends after so many polls of a tenth of a second that brought nothing.
    """
    # The library wants a group's name even where none is joined.
    consumer = Consumer({**_settings(settings), "group.id": "none", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, place, OFFSET_BEGINNING) for topic, place in places])
    try:
        for _ in range(polls):
            for message in consumer.consume(500, _POLL_S):
                if (error := message.error()) is not None:
                    raise KafkaException(error)
                yield message
    finally:
        consumer.close()


def placed(settings: KafkaSettings, topic: str, keys: Sequence[str]) -> dict[str, int]:
    """Send a record per key as a client does that places keys as Java does; tell the partitions."""
    found: dict[str, int] = {}

    def noted(key: str) -> Callable[[object, Message], None]:
        def note(error: object, message: Message) -> None:
            if error is None and (partition := message.partition()) is not None:
                found[key] = partition

        return note

    producer = ForeignProducer({**_settings(settings), "partitioner": "murmur2_random"})
    for key in keys:
        producer.produce(topic, b"", key.encode(), on_delivery=noted(key))
    producer.flush(30)
    return found
