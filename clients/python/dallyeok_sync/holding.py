"""Live messages that have to wait for those before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_HELD = 1_000
"""What is beyond is only counted, and asked for afterwards."""


@dataclass(frozen=True, slots=True)
class Message:
    """A change on its way to the state."""

    type: str
    data: dict[str, Any]
    meta: dict[str, Any]

    @classmethod
    def of_change(cls, history_id: str | None, change: dict[str, Any], cursor: str | None) -> Message:
        """From a row of a replay; only the last row has a cursor."""
        meta = {
            "department_id": history_id,
            "seq": change["seq"],
            "cursor": cursor,
            "mutation_id": change["mutation_id"],
            "at": change["at"],
        }
        return cls(change["type"], change["data"], meta)

    @property
    def seq(self) -> int:
        return int(self.meta["seq"])

    @property
    def is_removal(self) -> bool:
        return self.type.endswith("_deleted")


class HeldBack:
    """At most :data:`MOST_HELD` messages by number, and the highest number that was heard of."""

    def __init__(self) -> None:
        self._messages: dict[int, Message] = {}
        self.highest = 0
        self._highest_when_asked = 0

    def hold(self, message: Message) -> None:
        if len(self._messages) < MOST_HELD:
            self._messages[message.seq] = message

    def note(self, seq: int) -> None:
        """The history is known to have reached ``seq``."""
        self.highest = max(self.highest, seq)

    def asked(self) -> None:
        """The server is being asked: its answer holds all that has been heard of until now."""
        self._highest_when_asked = self.highest

    def has_news_beyond(self, seq: int) -> bool:
        """True where something after ``seq`` has been heard of since the question."""
        return self.highest > self._highest_when_asked and self.highest > seq

    def take(self, seq: int) -> Message | None:
        return self._messages.pop(seq, None)

    def drop_up_to(self, seq: int) -> None:
        for old in [each for each in self._messages if each <= seq]:
            del self._messages[old]

    def clear(self) -> None:
        self._messages.clear()
        self.highest = self._highest_when_asked = 0
