"""The spans that this process has ended, for tests of telemetry."""

from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@dataclass(frozen=True, slots=True)
class TraceLog:
    """Reads spans back by trace."""

    provider: TracerProvider
    exporter: InMemorySpanExporter

    def spans_of(self, trace_id: str) -> list[ReadableSpan]:
        """Return the ended spans of a trace, by its 32 hexadecimal digits."""
        self.provider.force_flush()
        return [
            span
            for span in self.exporter.get_finished_spans()
            if span.context is not None and f"{span.context.trace_id:032x}" == trace_id
        ]
