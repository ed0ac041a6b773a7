"""Every metric of the kernel, declared once, with what to do when it moves."""

from opentelemetry import metrics

_METER = metrics.get_meter("tongzhou")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds around the second within which a request is to be answered."""


EVENTS_PUBLISHED = _METER.create_counter(
    "tongzhou.relay.published", unit="{event}", description="Events that the broker acknowledged."
)
"""Flat while commands are accepted: the relay is down or the broker refuses; read its log."""

PUBLISH_FAILURES = _METER.create_counter(
    "tongzhou.relay.failures",
    unit="{failure}",
    description="Pages that could not be published and will be sent again.",
)
"""Rising: the broker is away or slow. Nothing is lost; watch the outbox depth."""

OUTBOX_DEPTH = _METER.create_gauge(
    "tongzhou.outbox.depth", unit="{event}", description="Events written and not yet sent."
)
"""Above 10,000: restore the broker, see docs/runbooks/outbox-grows.md."""

OUTBOX_AGE = _METER.create_gauge(
    "tongzhou.outbox.age", unit="s", description="Age of the oldest event not yet sent."
)
"""Above 60 s with a broker that answers: no relay holds the shard; look at its leases."""

OUTBOX_REFUSALS = _METER.create_counter(
    "tongzhou.outbox.refusals",
    unit="{write}",
    description="Writes refused because the outbox had reached its bound.",
)
"""Rising: callers get 503 outbox-full; restore the broker or the relay, the rest follows."""

RELAY_LAG = _METER.create_gauge(
    "tongzhou.relay.lag",
    unit="s",
    description="Age of the oldest event of the page that the broker acknowledged last.",
)
"""Above 1 s while the outbox is short: the broker acknowledges slowly; above 1 s with a long
outbox: the relay works a backlog off, and the depth must fall."""

EVENTS_CONSUMED = _METER.create_counter(
    "tongzhou.consumer.records",
    unit="{record}",
    description="Records by outcome: applied, duplicate, ignored, parked, queued.",
)
"""Parked or queued rising: see docs/runbooks/parked-event.md."""

CONSUMER_RETRIES = _METER.create_counter(
    "tongzhou.consumer.retries",
    unit="{retry}",
    description="Batches that met a transient error and were tried again in place.",
)
"""Rising steadily: the database is unwell; the log names the error."""

CONSUMER_LAG = _METER.create_gauge(
    "tongzhou.consumer.lag.records",
    unit="{record}",
    description="Records of a topic between the broker's end and what this consumer applied.",
)
"""Label topic. Growing for minutes: if the consumer is not stalled either, add consumers up to the
topic's partitions; if it is stalled, its log names the batch that does not go through."""

CONSUMER_STALLED = _METER.create_gauge(
    "tongzhou.consumer.stalled",
    unit="s",
    description="Seconds since the consumer's last progress.",
)
"""Above 60 s with a lag: it retries one batch in place or waits for its database or broker; the
log names the error. Without a lag there is nothing to apply, and nobody has to act."""

PARKED_KEYS = _METER.create_gauge(
    "tongzhou.parked.keys",
    unit="{key}",
    description="Keys whose events wait behind one that could not be applied.",
)
"""Above 0: each is a thing that learns nothing more; see docs/runbooks/parked-event.md."""

GAPS = _METER.create_gauge(
    "tongzhou.consumer.gaps",
    unit="{key}",
    description="Keys that wait because an event's predecessor has not been seen.",
)
"""Above 0 for a minute: an event was lost between publisher and broker, or a topic was cut; find
the missing sequence with `parked`, see docs/runbooks/parked-event.md."""

CONSUMER_HELD = _METER.create_gauge(
    "tongzhou.consumer.held",
    unit="{topic}",
    description="Topics whose consumer waits because as many keys are parked as are allowed.",
)
"""Above 0: a defect hits every event; mend it and redrive, see docs/runbooks/parked-event.md."""

POSITIONS_LOST = _METER.create_gauge(
    "tongzhou.consumer.positions.lost",
    unit="{partition}",
    description="Partitions whose next record the broker no longer has; they wait for a decision.",
)
"""Above 0: nothing of the partition is applied; see docs/runbooks/position-lost.md."""

REQUEST_SECONDS = _METER.create_histogram(
    "tongzhou.http.duration",
    unit="s",
    description="Time to answer a request, and their count, by route, method and status.",
    # The library's own bounds are milliseconds: all requests would be in the first.
    explicit_bucket_boundaries_advisory=SECONDS,
)
"""p99 above 1 s: look at the database first. The count's status 5xx rising: somebody must look at
the log; 4xx rising: an integrator is in trouble."""

PROCESSES_LATE = _METER.create_gauge(
    "tongzhou.process.late", unit="{process}", description="Processes past their deadline."
)
"""Above 0 for minutes: see docs/runbooks/stuck-process.md."""

PROCESS_AGE = _METER.create_gauge(
    "tongzhou.process.age",
    unit="s",
    description="How long the process that is latest has been past its deadline.",
)
"""Rising for a day: somebody is waited for, or it is stuck; see docs/runbooks/stuck-process.md."""

PROCESSES_STUCK = _METER.create_gauge(
    "tongzhou.process.stuck",
    unit="{process}",
    description="Late processes that were reminded as often as they are by themselves.",
)
"""Above 0: `processes` lists them; resume each once its cause is gone."""
