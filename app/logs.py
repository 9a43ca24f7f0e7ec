"""Logs: one line for each event, as JSON or as text, with the ids of what it is about.

The ids come from the context (:func:`about`), or from the event itself:
``logger.info("…", extra={"run_id": id_})``.
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any, Final, Literal

LogFormat = Literal["json", "text"]

IDS: Final = ("request_id", "key_id", "search_id", "job_id", "study_id", "run_id")
ACCESS_LOG: Final = "uvicorn.access"
ACCESS_FIELDS: Final = ("client", "method", "path", "http_version", "status")
"""The fields of uvicorn's access log, in its order."""

logger = logging.getLogger(__name__)

Id = str | Sequence[str]
"""One id, or several."""

_about: ContextVar[Mapping[str, Id]] = ContextVar("about", default=MappingProxyType({}))


class about:  # noqa: N801 - used as contextlib's context managers are
    """Add ids (of the kinds in ``IDS``) to all that this task or thread logs in this block."""

    __slots__ = ("_ids", "_token")

    def __init__(self, **ids: Id) -> None:
        self._ids = ids

    def __enter__(self) -> None:
        self._token = _about.set({**_about.get(), **self._ids})

    def __exit__(self, *_: object) -> None:
        _about.reset(self._token)


def set_up(log_format: LogFormat | None = None) -> None:
    """Log to standard error; without a format, text to a terminal and JSON to anything else.

    Warnings and exceptions that nobody caught are logged too, so that each line is an event.
    """
    handler = logging.StreamHandler()
    is_json = log_format == "json" or (log_format is None and not sys.stderr.isatty())
    handler.setFormatter(JsonFormatter() if is_json else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (RFC 3339), ``level``, ``logger``, ``pid``, ``message``.

    The ids follow, then a request's method, path and status, or an exception's ``trace``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Format an event."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
            **_ids(record),
            **_access(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """Lines for people: time, level, message, and the ids that the message does not name."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s%(ids)s")

    def format(self, record: logging.LogRecord) -> str:
        """Format an event."""
        message = record.getMessage()
        ids = {name: [id_] if isinstance(id_, str) else id_ for name, id_ in _ids(record).items()}
        unnamed = " ".join(
            f"{name}={','.join(several)}"
            for name, several in ids.items()
            if not all(id_ in message for id_ in several)
        )
        record.ids = f" [{unnamed}]" if unnamed else ""
        return super().format(record)


def _ids(record: logging.LogRecord) -> dict[str, Id]:
    own = {name: getattr(record, name) for name in IDS if hasattr(record, name)}
    return {**_about.get(), **own}


def _access(record: logging.LogRecord) -> dict[str, Any]:
    arguments = record.args
    if record.name != ACCESS_LOG or not isinstance(arguments, tuple):
        return {}
    return dict(zip(ACCESS_FIELDS, arguments, strict=False))


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logger.critical("ended by an exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        _log_uncaught(ended.exc_type, ended.exc_value, ended.exc_traceback)
