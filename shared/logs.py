"""Structured logs: JSON for machines, lines for people; ids and trace ids, never personal data."""

import copy
import logging
import sys
from collections.abc import Mapping, MutableMapping
from numbers import Number
from typing import Any

import structlog

from shared import redaction
from shared.telemetry import current_trace_id

Entry = MutableMapping[str, Any]
_META = frozenset({"_record", "_from_structlog"})
"""What the formatter keeps in an entry for itself and takes out again."""


def redact(_logger: object, _method: str, entry: Entry) -> Entry:
    """Blank values whose name or form is secret or personal; nested values included."""
    return {
        name: found if name in _META else redaction.value(name, found)
        for name, found in entry.items()
    }


def _render_error(_logger: object, _method: str, entry: Entry) -> Entry:
    """Put the traceback into the entry, without the messages that quote input or rows."""
    given = entry.pop("exc_info", None)
    if isinstance(given, tuple):
        given = given[1]
    error = given if isinstance(given, BaseException) or not given else sys.exc_info()[1]
    if error:
        entry["exception"] = redaction.render(error)
    return entry


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Takes what a library logs apart before its text is put together, when names are lost."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one record; other handlers see it as it was."""
        if not record.args or isinstance(record.msg, dict):
            return super().format(record)
        shown = copy.copy(record)
        shown.args = (
            {name: redaction.value(name, part) for name, part in record.args.items()}
            if isinstance(record.args, Mapping)
            else tuple(_argument(part) for part in record.args)
        )
        try:
            shown.msg = shown.getMessage()
        except (TypeError, ValueError, KeyError):
            # Left to itself, logging would print the arguments to say that they do not fit.
            shown.msg = str(record.msg)
        shown.args = ()
        return super().format(shown)


def _argument(part: object) -> object:
    # A number may have to fit %d; as text it is looked at together with the rest.
    return part if isinstance(part, Number) else redaction.value("", part)


def _add_trace(_logger: object, _method: str, entry: Entry) -> Entry:
    trace_id = current_trace_id()
    if trace_id is not None:
        entry["trace_id"] = trace_id
    return entry


def set_up(service: str, *, as_json: bool, level: str = "INFO") -> None:
    """Send the logs of this process and of its libraries to standard output, one line each."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    shared_steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _render_error,
        redact,
    ]
    structlog.configure(
        processors=[*shared_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=shared_steps,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "uvicorn.access", "aiokafka", "kafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; bind ids with ``logger.bind(loan_id=…)`` or pass them as keywords."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
