"""Log lines, for people or for machines, each with the id of the request that it belongs to."""

from __future__ import annotations

import logging
import sys
import time
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from calendar_server.config import Settings

request_id: ContextVar[str] = ContextVar("request_id", default="-")
"""The id of the request that is being served in this thread or greenlet."""

_HANDLER_NAME = "calendar_server"
_TEXT = "%(asctime)s %(levelname)-7s %(name)s [%(request_id)s] %(message)s"
_TIME = "%Y-%m-%dT%H:%M:%S"
_TALKATIVE = ("boto3", "botocore", "urllib3", "s3transfer")
SOCKET_LIBRARY_LOGGER = "calendar_server.socket_library"

access_log = logging.getLogger("calendar_server.access")


def configure(settings: Settings) -> None:
    """Write the process's log to stderr at ``settings.log_level``; calling again replaces the earlier configuration."""
    handler = logging.StreamHandler(sys.stderr)
    handler.name = _HANDLER_NAME
    handler.setFormatter(_json_formatter() if settings.log_json else _text_formatter())
    handler.addFilter(_add_request_id)
    handler.addFilter(_is_not_werkzeugs_access_line)
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if each.name == _HANDLER_NAME]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def socket_library_logger() -> logging.Logger:
    """For the Socket.IO libraries: only what went wrong in them, not what clients do wrong (they log that as errors)."""
    logger = logging.getLogger(SOCKET_LIBRARY_LOGGER)
    if _is_failure not in logger.filters:
        logger.addFilter(_is_failure)
    logger.setLevel(logging.WARNING)
    return logger


def printable(text: str) -> str:
    """``text`` with control characters escaped, so that a request cannot write log lines of its own."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _text_formatter() -> logging.Formatter:
    return _in_utc(logging.Formatter(_TEXT, _TIME))


def _json_formatter() -> logging.Formatter:
    renamed = {"asctime": "time", "levelname": "level", "name": "logger"}
    fields = "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s"
    return _in_utc(JsonFormatter(fields, rename_fields=renamed, json_ensure_ascii=False))


def _in_utc(formatter: logging.Formatter) -> logging.Formatter:
    formatter.converter = time.gmtime
    formatter.default_time_format = _TIME
    formatter.default_msec_format = "%s.%03dZ"
    formatter.datefmt = None
    return formatter


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True


def _is_not_werkzeugs_access_line(record: logging.LogRecord) -> bool:
    """Werkzeug's development server writes a line per request of its own; those are the ones that have arguments."""
    return record.name != "werkzeug" or record.levelno > logging.INFO or not record.args


def _is_failure(record: logging.LogRecord) -> bool:
    return record.exc_info is not None
