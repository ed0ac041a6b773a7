"""Traces and metrics: one trace runs from REST through outbox and Kafka to the last consumer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import Token
from threading import Event
from typing import cast

from opentelemetry import context, metrics, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event as SpanEvent
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes, AttributeValue

from shared import redaction

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("tongzhou")
_IDS = RandomIdGenerator()
_RECORDS = Event()
"""Set while somebody is given the spans of this process."""
_PARENT = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")


def set_up(
    service: str, *, otlp_endpoint: str | None, exporter: SpanExporter | None = None
) -> TracerProvider:
    """Install the providers of one process; shut the returned one down at the end.

    Without an endpoint nothing is recorded: spans have ids alone, so that those appear in logs and
    events. A recorded span costs as much as the row that a consumer writes.
    """
    _RECORDS.clear()
    resource = Resource.create({"service.name": f"tongzhou-{service}"})
    provider = TracerProvider(resource=resource)
    if exporter is None and otlp_endpoint is not None:
        exporter = OTLPSpanExporter(endpoint=otlp_endpoint)
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(_RedactingExporter(exporter)))
        _RECORDS.set()
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(
        MeterProvider(resource=resource, metric_readers=[PrometheusMetricReader()])
    )
    return provider


def current_traceparent() -> str | None:
    """Return the W3C traceparent of the running span, or None outside any trace."""
    ids = trace.get_current_span().get_span_context()
    if not ids.is_valid:
        return None
    return f"00-{ids.trace_id:032x}-{ids.span_id:016x}-{ids.trace_flags:02x}"


def current_trace_id() -> str | None:
    """Return the running trace's id as 32 hexadecimal digits, or None outside any trace."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    traceparent: str | None = None,
    links: tuple[str, ...] = (),
    attributes: Mapping[str, object] | None = None,
) -> AbstractContextManager[trace.Span]:
    """Run a block in a span, under the remote parent ``traceparent`` when one is given.

    ``links`` are traceparents of spans that led here without being the parent; ``attributes`` are
    worded only where they are recorded. An error that leaves the block marks the span; see
    :func:`fail`.
    """
    if not _RECORDS.is_set():
        return _IdsAlone(traceparent)
    return _recorded(name, kind=kind, traceparent=traceparent, links=links, attributes=attributes)


@contextmanager
def _recorded(
    name: str,
    *,
    kind: SpanKind,
    traceparent: str | None,
    links: tuple[str, ...],
    attributes: Mapping[str, object] | None,
) -> Iterator[trace.Span]:
    parent = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
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
        context=parent,
        kind=kind,
        links=linked,
        attributes={key: str(value) for key, value in (attributes or {}).items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as running:
        try:
            yield running
        except Exception as error:
            fail(running, error)
            raise


class _IdsAlone(trace.NonRecordingSpan):
    """A fresh span id of the parent's trace, or of a new one, drawn when somebody asks for it."""

    def __init__(self, traceparent: str | None) -> None:
        self._traceparent = traceparent
        self._around: trace.Span | None = None
        self._ids: trace.SpanContext | None = None
        self._token: Token[context.Context] | None = None

    def __enter__(self) -> trace.Span:
        self._around = trace.get_current_span()
        self._token = context.attach(trace.set_span_in_context(self))
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            context.detach(self._token)

    def get_span_context(self) -> trace.SpanContext:
        if self._ids is None:
            self._ids = self._drawn()
            self._around = None
        return self._ids

    def _drawn(self) -> trace.SpanContext:
        parent = _PARENT.fullmatch(self._traceparent) if self._traceparent else None
        around = self._around.get_span_context() if self._around else trace.INVALID_SPAN_CONTEXT
        if parent is not None:
            trace_id, flags = int(parent["trace"], 16), int(parent["flags"], 16)
        elif around.is_valid:
            trace_id, flags = around.trace_id, around.trace_flags
        else:
            trace_id, flags = _IDS.generate_trace_id(), trace.TraceFlags.SAMPLED
        span_id = _IDS.generate_span_id()
        return trace.SpanContext(trace_id, span_id, False, trace.TraceFlags(flags))


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
            SpanEvent(redaction.text(event.name), _attributes(event.attributes), event.timestamp)
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
