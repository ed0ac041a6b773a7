"""Structured logs: JSON for machines, lines for people; ids and trace ids, never personal data."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from shared.telemetry import current_trace_id

REDACTED = "[redacted]"
_SECRET_NAME = re.compile(
    r"password|secret|token|authorization|dsn|database_url|payload|body|name_zh|contact|phone",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"(?P<head>://[^:/@\s]+:)[^@\s]+(?=@)"  # password inside a URL
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"  # JSON web token
    r"|(?<!\d)\d{17}[\dXx](?!\d)"  # resident identity number
    r"|(?<!\d)1[3-9]\d{9}(?!\d)"  # mobile number
)

Entry = MutableMapping[str, Any]


def redact(_logger: object, _method: str, entry: Entry) -> Entry:
    """Blank values whose name or form is secret or personal; nested values included."""
    return {key: _redacted(key, value) for key, value in entry.items()}


def _redacted(key: str, value: object) -> object:
    if _SECRET_NAME.search(key):
        return REDACTED
    if isinstance(value, str):
        return _SECRET_TEXT.sub(lambda found: (found["head"] or "") + REDACTED, value)
    if isinstance(value, dict):
        return {name: _redacted(str(name), part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(key, part) for part in value]
    return value


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
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
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
