"""
Logs are events with facts, on standard error: for people (console) or for machines (json).

    log = structlog.stdlib.get_logger()
    log.info("incident.opened", target="shop", queryid=42)

Whatever is logged, by us or by a library, passes redact() last.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TextIO, cast

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor

_HIDDEN = "***"
_SECRET_NAME = re.compile(r"passw|pwd|secret|token|api_?key|authorization", re.IGNORECASE)

_Replacement = tuple[re.Pattern[str], str]


def _hide(pattern: str, replacement: str) -> _Replacement:
    return re.compile(pattern, re.IGNORECASE), replacement


# Each takes rather too much than too little: up to the last @ of a word, because a password may hold one.
_SECRETS: tuple[_Replacement, ...] = (
    _hide(r"(://[^\s:/?#@]*:)[^\s'\"]*@", rf"\1{_HIDDEN}@"),
    _hide(r"\b\d{5,}:[\w-]{20,}", _HIDDEN),
    _hide(r"/bot[^/\s]+", f"/bot{_HIDDEN}"),
    _hide(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", rf"\1 {_HIDDEN}"),
    _hide(
        r"(\w*(?:password|passwd|pwd|secret|token|api_?key)\w*[\"']?\s*[=:]\s*)"
        r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s,;&)}\]]+)",
        rf"\1{_HIDDEN}",
    ),
    _hide(r"(\bpassword\s+(?:E|U&)?)'(?:[^']|'')*'", rf"\1{_HIDDEN}"),
)


class LogFormat(StrEnum):
    """How events are written."""

    CONSOLE = "console"
    JSON = "json"


def setup(
    log_format: LogFormat = LogFormat.CONSOLE, *, stream: TextIO | None = None, level: int = logging.INFO
) -> None:
    """Send every event, ours and the libraries', to *stream* (standard error). Called by who owns the process."""
    handler = _StandardError() if stream is None else logging.StreamHandler(stream)
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[ProcessorFormatter.remove_processors_meta, redact, _renderer(log_format, stream)],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # A server that cannot be reached is told by whoever wanted it, in better words and once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what is standard error by then: whoever captures it may have put another in its place."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Remove everything that looks like a password or a token from an event, nested values included."""
    return cast("EventDict", _without_secrets(event))


def without_secrets(text: str) -> str:
    """Return *text* without what looks like the password of a connection string, a password or a token."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _without_secrets(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {name: _by_name(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets(inner) for inner in value]
    return without_secrets(str(value))


def _by_name(name: str, value: Any) -> Any:
    # Numbers stay: they count tokens, they are none.
    return _HIDDEN if isinstance(value, str) and _SECRET_NAME.search(name) else _without_secrets(value)


def _renderer(log_format: LogFormat, stream: TextIO) -> Processor:
    if log_format is LogFormat.JSON:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty() and "NO_COLOR" not in os.environ,
        exception_formatter=structlog.dev.plain_traceback,
        timestamp_key="time",
    )
