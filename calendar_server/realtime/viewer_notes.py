"""What processes tell one another of viewers: "of my sockets, these look at department D", whole each time.

Nothing is kept of it but in memory, for seconds; who writes junk to the channel can at most make up viewers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from calendar_server.domain.fields import (
    VIEWERS_NAMED_MAX,
    FieldProblem,
    display_name,
    is_possible_id,
    uuid_text,
)
from calendar_server.realtime.notes import MESSAGE_MAX_BYTES, NOTES_MAX, read_envelope

_COUNT_MAX = 1_000_000
_VIEWER_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_SENDER_BYTES = 80
"""Of the message around the departments, amply."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """``id`` names the viewer and nothing else; ``editing`` is the event that he has open for editing."""

    id: str
    name: str
    editing: str | None


@dataclass(frozen=True, slots=True)
class Viewers:
    """The first hundred by name, and how many there are."""

    named: tuple[Viewer, ...]
    count: int


Heard = Callable[[str, str, Viewers], None]
"""Is told which process has which viewers in which department."""


def first_of(unsent: Mapping[str, Viewers]) -> dict[str, Viewers]:
    """As many departments as fit into one message; at least one, because any fits."""
    size = _SENDER_BYTES
    some: dict[str, Viewers] = {}
    for department_id, viewers in unsent.items():
        size += len(_json({department_id: _plain(viewers)}))
        if some and (size > MESSAGE_MAX_BYTES or len(some) == NOTES_MAX):
            break
        some[department_id] = viewers
    return some


def written(sender: str, told: Mapping[str, Viewers]) -> bytes:
    """The message that tells the viewers of departments."""
    return _json([sender, {department_id: _plain(viewers) for department_id, viewers in told.items()}])


def read(message: object) -> tuple[str, dict[str, Viewers]] | None:
    """Sender and viewers; None for anything that no process of ours has written."""
    found = read_envelope(message)
    if found is None:
        return None
    try:
        return found[0], {_required_id(department): _viewers(told) for department, told in found[1].items()}
    except (FieldProblem, ValueError, TypeError):
        return None


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(viewers: Viewers) -> list[Any]:
    return [viewers.count, [[each.id, each.name, each.editing] for each in viewers.named]]


def _viewers(told: Any) -> Viewers:
    count, named = told
    if type(count) is not int or type(named) is not list or not len(named) <= count < _COUNT_MAX:
        raise ValueError(count)
    if len(named) > VIEWERS_NAMED_MAX:
        raise ValueError(len(named))
    return Viewers(tuple(_viewer(*each) for each in named), count)


def _viewer(viewer_id: Any, name: Any, editing: Any) -> Viewer:
    if not _VIEWER_ID.fullmatch(viewer_id):
        raise ValueError(viewer_id)
    return Viewer(viewer_id, display_name(name), None if editing is None else uuid_text(editing))


def _required_id(department_id: str) -> str:
    if not is_possible_id(department_id):
        raise ValueError(department_id)
    return department_id
