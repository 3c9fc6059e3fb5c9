"""The rooms in which sockets gather."""

from __future__ import annotations


def room_of(department_id: str) -> str:
    """The room of a department's watchers.

    The prefix keeps the names that clients choose apart from the rooms that the library gives to single sockets.
    """
    return f"department:{department_id}"
