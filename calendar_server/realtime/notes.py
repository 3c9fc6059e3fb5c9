"""What processes tell one another over the message queue: "history H is at seq N", and nothing more.

A note only says where to look; what is announced comes from the log. So a note that is lost, late, doubled or forged
costs a look at a head and never shows a client anything that is not so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from calendar_server.config import Settings
from calendar_server.domain.fields import is_possible_id

NOTES_MAX = 500
"""How many histories one message names at the most."""

MESSAGE_MAX_BYTES = 65_536
_SEQ_MAX = 2**53
_SEQ_BYTES = len(f":{_SEQ_MAX},")
_SENDER_MAX = 64
_ENVELOPE_BYTES = len('["",{}]') + _SENDER_MAX


def channel(settings: Settings, topic: str) -> str:
    """The channel for ``topic`` of all processes that serve this store; others may use the same Redis."""
    embedded = settings.store == "embedded"
    store = (
        [str(settings.embedded_path.resolve())]
        if embedded
        else [settings.dynamodb_endpoint_url, settings.aws_region, settings.departments_table, settings.changes_table]
    )
    return f"dallyeok:{topic}:" + hashlib.sha256(json.dumps([settings.store, *store]).encode()).hexdigest()[:16]


def first_of(notes: Mapping[str, int]) -> dict[str, int]:
    """As many of ``notes`` as fit into one message; at least one, of any."""
    size, some = _ENVELOPE_BYTES, {}
    for history, seq in islice(notes.items(), NOTES_MAX):
        size += len(json.dumps(history)) + _SEQ_BYTES
        if size > MESSAGE_MAX_BYTES:
            break
        some[history] = seq
    return some


def written(sender: str, notes: Mapping[str, int]) -> bytes:
    """The message that tells ``notes`` (history: seq)."""
    return json.dumps([sender, notes], separators=(",", ":")).encode()


def read(message: object) -> tuple[str, dict[str, int]] | None:
    """Sender and notes; None for anything that no process of ours has written."""
    found = read_envelope(message)
    return found if found is not None and _are_notes(found[1]) else None


def read_envelope(message: object) -> tuple[str, dict[str, Any]] | None:
    """Sender, and what is said of each history; None where the message has no such form."""
    if not isinstance(message, bytes) or len(message) > MESSAGE_MAX_BYTES:
        return None
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or len(found) != 2:
        return None
    sender, notes = found
    if not isinstance(sender, str) or not 0 < len(sender) <= _SENDER_MAX:
        return None
    return (sender, notes) if isinstance(notes, dict) and 0 < len(notes) <= NOTES_MAX else None


def _are_notes(notes: dict[str, Any]) -> bool:
    return all(is_possible_id(history) and type(seq) is int and 0 < seq < _SEQ_MAX for history, seq in notes.items())
