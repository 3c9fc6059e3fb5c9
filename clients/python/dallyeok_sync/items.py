"""The objects of one history, as they are after the last change that was applied."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from dallyeok_sync.holding import Message

Item = dict[str, Any]


class Items:
    """Changed in one thread, read in any."""

    def __init__(self) -> None:
        self._by_id: dict[str, Item] = {}
        self._guard = threading.Lock()

    def snapshot(self) -> dict[str, Item]:
        """The objects by their ids: a dictionary of the caller's own."""
        with self._guard:
            return dict(self._by_id)

    def get(self, object_id: str) -> Item | None:
        return self._by_id.get(object_id)

    def replace(self, items: Iterable[Item]) -> None:
        """All of it at once."""
        by_id = {item["id"]: item for item in items}
        with self._guard:
            self._by_id = by_id

    def apply(self, message: Message) -> None:
        """What the change makes of it."""
        with self._guard:
            if message.is_removal:
                self._by_id.pop(message.data["id"], None)
            else:
                self._by_id[message.data["id"]] = message.data

    def are_changed_by(self, message: Message) -> bool:
        """False where they are already as the change makes them."""
        held = self._by_id.get(message.data["id"])
        return held is not None if message.is_removal else held != message.data


def creation_order(department: Item) -> tuple[str, str]:
    """Of the list of departments."""
    return (department["created_at"], department["id"])


def time_order(event: Item) -> tuple[str, str, str]:
    """Of a department's events."""
    return (event["event_date"], event["start_time"] or "", event["id"])
