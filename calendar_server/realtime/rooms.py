"""The rooms in which sockets gather."""

from __future__ import annotations

from typing import Any

_PREFIX = "department:"


def room_of(department_id: str) -> str:
    """The room of a department's watchers.

    The prefix keeps the names that clients choose apart from the rooms that the library gives to single sockets.
    """
    return f"{_PREFIX}{department_id}"


def count_rooms(manager: Any) -> int:
    """How many departments are watched by the sockets of a ``socketio.Manager``."""
    return sum(1 for name in list(manager.rooms.get("/", ())) if isinstance(name, str) and name.startswith(_PREFIX))
