"""Who may do what on the topics: as declared, as applied, and as a real broker lets them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicCollection

from deploy.kafka import __main__ as operator
from deploy.local.kafka import EmbeddedKafka
from shared.events.broker import Binding, bindings, group_of, principal_of
from shared.events.catalogue import BY_NAME, TOPICS, Topic
from shared.messaging import acls, kafka
from shared.messaging.kafka import KafkaError, KafkaSettings, Login, TopicPartition
from tests.support import foreign

SERVICES = ("registry", "credit", "guarantee", "insurance", "notify")
STRANGER = "stranger"
PASSWORD = "of-a-throw-away-broker"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
LOAN = BY_NAME["tongzhou.credit.loan.v1"]
Rights = dict[tuple[str, str], set[str]]
"""What a service may do, by service and topic."""


def declared(topics: Iterable[Topic] = TOPICS) -> Rights:
    """Say in the catalogue's own words what each service may do with each topic."""
    rights: Rights = {}
    for topic in topics:
        for service in (*SERVICES, STRANGER):
            writes = {"WRITE", "DESCRIBE"} if service == topic.publisher else set()
            reads = {"READ", "DESCRIBE"} if service in topic.consumers else set()
            rights[service, topic.name] = writes | reads
    return rights


class TestBindings:
    def test_are_exactly_those_of_the_catalogue(self) -> None:
        found: Rights = {pair: set() for pair in declared()}
        for binding in bindings():
            if binding.resource == "topic":
                service = binding.principal.removeprefix("User:tongzhou.")
                found[service, binding.name].add(binding.operation.upper())

        assert found == declared()

    def test_let_only_consumers_use_a_group_and_only_their_own(self) -> None:
        consumers = {consumer for topic in TOPICS for consumer in topic.consumers}

        assert {binding for binding in bindings() if binding.resource == "group"} == {
            Binding(principal_of(service), "group", group_of(service), "Read")
            for service in consumers
        }

    def test_follow_a_new_consumer(self) -> None:
        [topic] = [topic for topic in TOPICS if topic.name == "tongzhou.credit.demand.v1"]

        before, after = (
            bindings([topic]),
            bindings([replace(topic, consumers=("notify", "insurance"))]),
        )

        assert [str(one.operation) for one in after if one not in before] == [
            "Read",
            "Describe",
            "Read",
        ]

    def test_are_what_the_operators_file_says(self) -> None:
        assert sorted(operator.bindings()) == bindings()


def users() -> dict[str, str]:
    """Return the broker's users: an operator, the services, and one whom no rule names."""
    names = ["operator", STRANGER, *(f"tongzhou.{service}" for service in SERVICES)]
    return dict.fromkeys(names, PASSWORD)


def guarded() -> dict[str, str]:
    """Return the settings of a broker that asks who speaks and knows rules for it."""
    listed = " ".join(f'user_{name}="{password}"' for name, password in users().items())
    login = f'{PLAIN} required username="operator" password="{PASSWORD}" {listed};'
    return {
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": login,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        # The broker reaches its own controller without a login; clients cannot get there.
        "super.users": "User:operator;User:ANONYMOUS",
    }


def as_user(name: str, broker: EmbeddedKafka) -> KafkaSettings:
    """Return how a user speaks with the broker."""
    login = Login(name, PASSWORD, "PLAIN", tls=False)
    return KafkaSettings(broker.bootstrap_servers, f"test-{name}", login)


def as_service(name: str, broker: EmbeddedKafka) -> KafkaSettings:
    """Return how a service speaks with the broker."""
    return as_user(name if name == STRANGER else f"tongzhou.{name}", broker)


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedKafka]:
    """A broker of its own with an authorizer, to which the operator's files are applied."""
    folder = tmp_path_factory.mktemp("guarded")
    made = EmbeddedKafka(run_dir=folder, log=folder / "kafka.log", more=guarded())
    await asyncio.to_thread(made.prepare, lambda _: None)
    await asyncio.to_thread(made.launch)
    try:
        await asyncio.to_thread(made.wait_ready)
        # A log per partition takes its time: all but one topic are made small before.
        small: list[tuple[str, int, dict[str, str]]] = [
            (topic.name, 1, {}) for topic in TOPICS if topic is not LOAN
        ]
        login = as_user("operator", made)
        await kafka.create_topics(login, small, replication_factor=1)
        await operator.apply(login, replicas=1)
        yield made
    finally:
        await asyncio.to_thread(made.stop)


def _operations(answer: Any) -> set[str]:  # noqa: ANN401 - a future of the client
    try:
        return {operation.name for operation in answer.result(10).authorized_operations}
    except KafkaException as refusal:
        if not refusal.args[0].name().endswith("AUTHORIZATION_FAILED"):
            raise
        return set()


def told(broker: EmbeddedKafka) -> Rights:
    """Ask the broker's authorizer what each service may do with each topic."""
    rights: Rights = {}
    for service in (*SERVICES, STRANGER):
        client = foreign.admin(as_service(service, broker))
        answers = client.describe_topics(
            TopicCollection([topic.name for topic in TOPICS]),
            include_authorized_operations=True,
        )
        rights |= {(service, topic): _operations(answer) for topic, answer in answers.items()}
    return rights


@pytest.mark.integration
class TestBroker:
    async def test_lets_each_service_do_what_is_declared_and_nothing_else(
        self, broker: EmbeddedKafka
    ) -> None:
        assert await asyncio.to_thread(told, broker) == declared()

    async def test_shows_one_right_too_few_and_one_too_many(self, broker: EmbeddedKafka) -> None:
        wanted = bindings()
        lost = Binding(principal_of("notify"), "topic", LOAN.name, "Read")
        found = Binding(principal_of("notify"), "topic", LOAN.name, "Write")
        await acls.reconcile(as_user("operator", broker), {*wanted, found} - {lost})
        try:
            planted = await asyncio.to_thread(told, broker)
        finally:
            changed = await operator.apply(as_user("operator", broker), replicas=1)

        assert planted["notify", LOAN.name] == {"WRITE", "DESCRIBE"}
        assert planted != declared()
        assert len(changed) == 2

    async def test_has_nothing_to_do_the_second_time(self, broker: EmbeddedKafka) -> None:
        assert await operator.apply(as_user("operator", broker), replicas=1) == []

    async def test_takes_a_numbered_record_of_the_publisher_alone(
        self, broker: EmbeddedKafka
    ) -> None:
        await _send("credit", LOAN.name, broker)

        for other in ("guarantee", "notify", STRANGER):
            with pytest.raises(KafkaError, match="Authorization"):
                await _send(other, LOAN.name, broker)

    async def test_gives_records_to_the_consumers_in_their_own_group(
        self, broker: EmbeddedKafka
    ) -> None:
        await _join("notify", group_of("notify"), LOAN.name, broker)

        for other in ("credit", STRANGER):
            with pytest.raises(KafkaError, match="GroupAuthorization"):
                await _join("notify", group_of(other), LOAN.name, broker)
        with pytest.raises(KafkaError, match="TopicAuthorization"):
            await _join("insurance", group_of("insurance"), LOAN.name, broker)

    async def test_gives_records_to_a_consumer_without_a_group(self, broker: EmbeddedKafka) -> None:
        await _send("credit", LOAN.name, broker)

        assert await _replay("guarantee", LOAN.name, broker) == b"{}"
        for other in ("insurance", STRANGER):
            with pytest.raises(KafkaError, match="TopicAuthorization"):
                await _replay(other, LOAN.name, broker)

    async def test_lets_no_service_make_a_topic(self, broker: EmbeddedKafka) -> None:
        with pytest.raises(KafkaError, match="Authorization"):
            await kafka.create_topics(
                as_service("credit", broker), [("tongzhou.x.v1", 1, {})], replication_factor=1
            )


async def _send(service: str, topic: str, broker: EmbeddedKafka) -> None:
    producer = kafka.producer(as_service(service, broker))
    try:
        async with asyncio.timeout(20):
            await producer.start()
            await producer.send_and_wait(topic, b"{}", key=b"k", partition=0)
    finally:
        await kafka.discard(producer, within_s=2)


async def _join(service: str, group: str, topic: str, broker: EmbeddedKafka) -> None:
    consumer = kafka.consumer(as_service(service, broker), group=group)
    consumer.subscribe([topic])
    try:
        async with asyncio.timeout(20):
            await consumer.start()
            while not consumer.assignment():
                await consumer.getmany(timeout_ms=50)
            await consumer.end_offsets([TopicPartition(topic, 0)])
    finally:
        await consumer.stop()


async def _replay(service: str, topic: str, broker: EmbeddedKafka) -> bytes | None:
    """Read the first record as a rebuild does, by the one reader that joins no group."""
    reader = kafka.reader(as_service(service, broker))
    partition = TopicPartition(topic, 0)
    # Asked before it starts, the library says that it may not; later it would ask again for ever.
    reader.subscribe([topic])
    try:
        async with asyncio.timeout(20):
            await reader.start()
            reader.unsubscribe()
            reader.assign([partition])
            reader.seek(partition, 0)
            value: bytes | None = (await reader.getone(partition)).value
    finally:
        await reader.stop()
    return value
