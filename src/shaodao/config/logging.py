"""Structured logs: one JSON line for each thing worth knowing, and nothing about anybody.

Our own code logs event names with ids and codes. What libraries log may hold anything: a path with
a tracking token, a value of a form. So of their records only the template is kept, never what was
filled in, and of exceptions the type and the places, never the message.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]


def configure(settings: Mapping[str, bool]) -> None:
    """Send every record to standard error as a JSON line (Django's LOGGING_CONFIG).

    settings : is_debug, to keep messages and tracebacks whole while developing
    """
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    strip = [] if settings["is_debug"] else [_without_exception_text]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, *([] if settings["is_debug"] else [_template_only])],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *strip,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("shaodao", "procrastinate.worker"):
        logging.getLogger(name).setLevel(logging.INFO)
    # Each repeats, with the path in it, what our own line for the request says.
    for name in ("django.request", "django.server", "django.security"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in ("django", "django.request", "django.server"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _template_only(logger: object, method: str, event: Event) -> Event:
    """Keep what a library's record says before its values are filled in."""
    record: logging.LogRecord = event["_record"]
    event["event"] = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    if not record.args and record.name.startswith("django"):
        event["event"] = record.funcName  # already filled in
    event.pop("stack_info", None)
    return event


def _without_exception_text(logger: object, method: str, event: Event) -> Event:
    """Replace an exception by its type and where it passed, innermost last."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if found and found[0] is not None:
        frames = traceback.extract_tb(found[2])[-12:]
        event["exception"] = found[0].__name__
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event
