"""Traces and metrics: one trace runs from REST through outbox and Kafka to the last consumer."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

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
        provider.add_span_processor(BatchSpanProcessor(exporter))
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

    ``links`` are traceparents of spans that led here without being the parent.
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
        name, context=context, kind=kind, links=linked, attributes=attributes
    ) as running:
        yield running
