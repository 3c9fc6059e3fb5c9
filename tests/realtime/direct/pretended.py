"""Doubles of what stands around a direct connection."""

from __future__ import annotations

from collections import deque
from typing import Any


class Wire:
    """A non-blocking socket. The kernel takes ``room`` bytes; what the client sends comes from ``incoming``."""

    def __init__(self, room: int = 1 << 30) -> None:
        self.room = room
        self.sent = b""
        self.calls = 0
        self.incoming: deque[bytes | OSError] = deque()
        self.is_closed = False
        self.is_shut = False
        self.broken = False

    def fileno(self) -> int:
        return 7

    def send(self, data: bytes) -> int:
        self.calls += 1
        if self.broken:
            raise BrokenPipeError
        if not self.room:
            raise BlockingIOError
        taken = data[: self.room]
        self.sent += taken
        self.room -= len(taken)
        return len(taken)

    def recv(self, _size: int) -> bytes:
        if not self.incoming:
            raise BlockingIOError
        piece = self.incoming.popleft()
        if isinstance(piece, OSError):
            raise piece
        return piece

    def shutdown(self, _how: int) -> None:
        self.is_shut = True

    def close(self) -> None:
        self.is_closed = True


class Holder:
    """Counts what an outlet tells its connection."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def before_writing(self) -> None:
        pass

    def wait_until_writable(self, wanted: bool) -> None:
        self.told.append(wanted)

    def __getattr__(self, name: str) -> Any:
        if name in ("lost", "overflowed", "drained", "said_all", "ends_after_waiting"):
            return lambda: self.told.append(name)
        raise AttributeError(name)


class Packet:
    """An Engine.IO packet that is encoded already."""

    def __init__(self, encoded: str | bytes) -> None:
        self._encoded = encoded

    def encode(self) -> str | bytes:
        return self._encoded
