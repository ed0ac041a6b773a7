"""Traces and metrics: one trace runs from REST through outbox and Kafka to the last consumer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes, AttributeValue

from shared import redaction

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("tongzhou")


def set_up(
    service: str, *, otlp_endpoint: str | None, exporter: SpanExporter | None = None
) -> TracerProvider:
    """Install the providers of one process; shut the returned one down at the end.

    Without an endpoint spans still exist, so that trace ids appear in logs and events, and are
    dropped at their end.
    """
    resource = Resource.create({"service.name": f"tongzhou-{service}"})
    provider = TracerProvider(resource=resource)
    if exporter is None and otlp_endpoint is not None:
        exporter = OTLPSpanExporter(endpoint=otlp_endpoint)
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(_RedactingExporter(exporter)))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(
        MeterProvider(resource=resource, metric_readers=[PrometheusMetricReader()])
    )
    return provider


def current_traceparent() -> str | None:
    """Return the W3C traceparent of the running span, or None outside any trace."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """Return the running trace's id as 32 hexadecimal digits, or None outside any trace."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    traceparent: str | None = None,
    links: tuple[str, ...] = (),
    attributes: dict[str, str | int] | None = None,
) -> Iterator[trace.Span]:
    """Run a block in a span, under the remote parent ``traceparent`` when one is given.

    ``links`` are traceparents of spans that led here without being the parent. An error that
    leaves the block marks the span; see :func:`fail`.
    """
    context = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
    linked = [
        Link(remote)
        for text in links
        if (
            remote := trace.get_current_span(
                _PROPAGATOR.extract({"traceparent": text})
            ).get_span_context()
        ).is_valid
    ]
    with _TRACER.start_as_current_span(
        name,
        context=context,
        kind=kind,
        links=linked,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as running:
        try:
            yield running
        except Exception as error:
            fail(running, error)
            raise


def fail(running: trace.Span, error: Exception) -> None:
    """Mark a span as failed by the error's type alone: its message may quote a person's data."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    running.set_status(StatusCode.ERROR)
    running.add_event("exception", {"exception.type": kind})


class _RedactingExporter(SpanExporter):
    """Shows of any span, also of a library's, what a log line would show."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_shown(ended) for ended in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


_QUOTES = frozenset({"exception.message", "exception.stacktrace", "url.query", "url.full"})
"""Attributes that hold whatever a caller or a row did, under any name within."""


def _shown(ended: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=redaction.text(ended.name),
        context=ended.context,
        parent=ended.parent,
        resource=ended.resource,
        attributes=_attributes(ended.attributes),
        events=[
            Event(redaction.text(event.name), _attributes(event.attributes), event.timestamp)
            for event in ended.events
        ],
        links=ended.links,
        kind=ended.kind,
        # Without the description: libraries put the message of an error there.
        status=Status(ended.status.status_code),
        start_time=ended.start_time,
        end_time=ended.end_time,
        instrumentation_scope=ended.instrumentation_scope,
    )


def _attributes(given: Attributes) -> Mapping[str, AttributeValue]:
    return {
        name: cast("AttributeValue", redaction.value(name, found))
        for name, found in (given or {}).items()
        if name not in _QUOTES
    }
