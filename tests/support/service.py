"""One service in process on a real database, with a fake bus in place of Kafka.

The fake bus carries records exactly as the relay would ship them: from the outbox rows of one
service to the applier of another. The same applier runs behind the real consumer.
"""

import base64
import importlib
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.db.database import Database, Row
from shared.events import wire
from shared.events.envelope import Cause, Event, Received, headers_of
from shared.ids import new_id
from shared.messaging.apply import Applier, Outcome
from shared.messaging.kafka import KafkaSettings
from shared.messaging.records import Record, read
from shared.operations.operator import Operator
from shared.runner import Service
from shared.signing import Signer
from shared.web.app import bind, create_app
from tests.support.clocks import ManualClock
from tests.support.tokens import TestIssuer

SIGNING_KEY = base64.b64encode(bytes(range(32))).decode()  # made for tests
OUTBOX = "SELECT topic, key, headers, payload FROM outbox ORDER BY position"


@dataclass
class ServiceUnderTest:
    """A service's API, consumer and outbox, without Kafka."""

    service: Service
    database: Database
    clock: ManualClock
    issuer: TestIssuer
    app: FastAPI
    client: httpx.AsyncClient
    _offsets: "count[int]" = field(default_factory=count)
    _sequences: dict[tuple[str, str], int] = field(default_factory=dict)

    def headers(
        self, org: str, *scopes: str, sub: str = "tester", key: str | None = None, **more: str
    ) -> dict[str, str]:
        """Return request headers for an organisation's caller, with a fresh Idempotency-Key."""
        token = self.issuer.token(org=org, scopes=scopes, sub=sub)
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": key or str(new_id()),
            **named,
        }

    async def deliver(self, *events: Event) -> list[Outcome]:
        """Deliver events as their publisher would: each the next version of its aggregate."""
        outcomes = []
        for event in events:
            aggregate = (event.aggregate(), event.subject)
            sequence = self._sequences.get(aggregate, 0) + 1
            self._sequences[aggregate] = sequence
            outcomes.append(await self.deliver_record(self.record(event, sequence=sequence)))
        return outcomes

    def record(self, event: Event, *, sequence: int | None, event_id: UUID | None = None) -> Record:
        """Make the record that the relay would ship for an event."""
        headers = headers_of(
            event,
            event_id=event_id or new_id(),
            sequence=sequence,
            recorded_at=self.clock(),
            cause=Cause(correlation=new_id()),
            traceparent=None,
        )
        return Record(
            topic=event.topic(),
            partition=0,
            offset=next(self._offsets),
            key=event.key,
            headers=dict(headers),
            value=event.model_dump_json().encode(),
        )

    async def deliver_record(self, record: Record) -> Outcome:
        """Apply one record and tell what became of it (the last thing, if several did)."""
        applier = Applier(self.database, self.service.name, self.service.subscriptions)
        counts = await applier.apply([record])
        return list(counts)[-1]

    def record_of(self, received: Received[Event]) -> Record:
        """Make the record that carries an event which this service published."""
        headers = headers_of(
            received.data,
            event_id=received.id,
            sequence=received.sequence,
            recorded_at=received.recorded_at,
            cause=received.cause,
            traceparent=received.traceparent,
        )
        return Record(
            topic=received.data.topic(),
            partition=0,
            offset=next(self._offsets),
            key=received.key,
            headers=dict(headers),
            value=received.data.model_dump_json().encode(),
        )

    async def published(self) -> list[Received[Event]]:
        """Return what the outbox holds, read as a consumer would read it."""
        async with self.database.read() as work:
            rows = await work.fetch(OUTBOX)
        return [read(_record(place, row)) for place, row in enumerate(rows)]

    async def published_types(self) -> list[str]:
        """Return the types in the outbox, in order."""
        return [received.data.TYPE for received in await self.published()]


def _record(place: int, row: Row) -> Record:
    headers = dict(wire.decoded(row["headers"]))
    return Record(row["topic"], 0, place, row["key"], headers, row["payload"])


def build(service: Service, database: Database, clock: ManualClock) -> ServiceUnderTest:
    """Put a service together around a database that is open."""
    issuer = TestIssuer(clock)
    verifier = issuer.verifier()
    app = _application(service.name)
    operator = Operator(
        service=service.name,
        database=database,
        applier=Applier(database, service.name, service.subscriptions),
        kafka=KafkaSettings("no-broker:9092", "test"),
        dsn=database.dsn,
        read_clock=clock,
        processes=service.processes,
        read_models=service.read_models,
    )
    state = {**service.state, "operator": operator, "signer": Signer(SIGNING_KEY)}
    bind(app, service=service.name, database=database, verifier=verifier, state=state)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://test"
    )
    return ServiceUnderTest(service, database, clock, issuer, app, client)


@cache
def _application(name: str) -> FastAPI:
    """Build a service's application once: FastAPI takes longer for that than a test does."""
    service: Service = importlib.import_module(f"services.{name}.app").SERVICE
    clock = ManualClock()
    return create_app(
        service=name,
        routers=service.routers,
        database=Database("postgresql://bound-by-each-test", read_clock=clock),
        verifier=TestIssuer(clock).verifier(),
        max_body_bytes=5 * 1024 * 1024,
        state=service.state,
    )
