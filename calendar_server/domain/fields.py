"""The rule of each single field: takes what a client sent, gives the clean value or raises :class:`FieldProblem`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from unicodedata import category
from urllib.parse import urlsplit

from calendar_server.domain.text import clean, has_control_characters, is_blank, is_storable

NAME_MAX = 100
TITLE_MAX = 200
DESCRIPTION_MAX = 5_000
TIME_MAX = 100
VIEWER_NAME_MAX = 40
VIEWERS_NAMED_MAX = 100
SEARCH_MAX = 200
URL_MAX = 2_048
ID_BYTES_MAX = 1_024
"""No stored id is longer (UTF-8); it is also the most that DynamoDB takes as a sort key."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Rule = Callable[[Any], str]


class FieldProblem(ValueError):
    """A single field's broken rule: a stable code and the numbers that its sentence needs."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldProblem("type_string")
    if not is_storable(value):
        raise FieldProblem("not_unicode")
    return clean(value)


def required_text(longest: int) -> Rule:
    """A text with something visible in it, at most ``longest`` characters after trimming."""

    def rule(value: Any) -> str:
        if value is None:
            raise FieldProblem("required")
        text = _text(value)
        if is_blank(text):
            raise FieldProblem("required")
        return _at_most(text, longest)

    return rule


def display_name(value: Any) -> str:
    """The name that a person wants to be seen by: one line of 1 to :data:`VIEWER_NAME_MAX` characters."""
    name = required_text(VIEWER_NAME_MAX)(value)
    if has_control_characters(name):
        raise FieldProblem("control_characters")
    return name


def optional_text(longest: int) -> Rule:
    """A text that may be empty; null counts as empty."""

    def rule(value: Any) -> str:
        return "" if value is None else _at_most(_text(value), longest)

    return rule


def _at_most(text: str, longest: int) -> str:
    if len(text) > longest:
        raise FieldProblem("too_long", max=longest, actual=len(text))
    return text


def real_date(value: Any) -> str:
    """``YYYY-MM-DD`` of a day that the calendar has."""
    if value is None or value == "":
        raise FieldProblem("required")
    text = _text(value)
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise FieldProblem("invalid_date") from None


def web_address(value: Any) -> str:
    """Empty, or an absolute http or https URL (RFC 3986) of a host, without white space or control characters."""
    text = optional_text(URL_MAX)(value)
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(c.isspace() or category(c) == "Cc" or c in '\\<>"' for c in text):
        raise FieldProblem("invalid_url")
    return text


def uuid_text(value: Any) -> str:
    """A UUID in its 8-4-4-4-12 form (RFC 9562), in lower case."""
    text = _text(value)
    if not _UUID.fullmatch(text):
        raise FieldProblem("invalid_uuid")
    return text.lower()


def canonical_id(text: str) -> str:
    """An id out of a path or a message: UUIDs in lower case, anything else as it is.

    Stores that an earlier version filled may hold ids that are no UUIDs; they stay reachable.
    """
    return text.lower() if _UUID.fullmatch(text) else text


def is_possible_id(text: str) -> bool:
    """False where no stored object can have this id, so that no store need be asked."""
    return is_storable(text) and 0 < len(text.encode()) <= ID_BYTES_MAX
