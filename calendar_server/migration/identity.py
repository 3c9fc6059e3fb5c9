"""Ids that stay the same however often a file is read.

A UUID stays itself, in lower case. Any other id becomes the name-based UUID (RFC 9562, version 5) of its kind and its
text, so the number 7 and the text ``"7"`` are one id, and every run finds the objects of the run before.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from calendar_server.domain.fields import canonical_id, uuid_text
from calendar_server.domain.text import clean, is_storable
from calendar_server.migration.records import Kind

NAMESPACE = uuid.UUID("5a1c8f0e-6d0b-5a53-9f0d-3c1f7a4be2d6")
"""Never to be changed: every id that a migration has ever made depends on it."""


def id_text(value: Any) -> str | None:
    """An id of a file as text; None where ``value`` can be none (empty, true, a list, a fraction ...)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else None
    text = clean(str(value))
    return canonical_id(text) if text and is_storable(text) else None


def stable_id(kind: Kind, text: str) -> str:
    """The UUID for the id ``text`` of a file."""
    try:
        return uuid_text(text)
    except ValueError:
        return str(uuid.uuid5(NAMESPACE, f"{kind}:{text}"))


def derived_id(kind: Kind, content: Sequence[str], ordinal: int = 0) -> str:
    """The UUID for an object without an id, from its content; ``ordinal`` tells exact duplicates apart."""
    name = json.dumps([kind, "without id", *content, ordinal], ensure_ascii=False)
    return str(uuid.uuid5(NAMESPACE, name))
