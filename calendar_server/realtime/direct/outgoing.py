"""What goes out over one websocket: at once where the kernel takes it, and else kept, within bounds, in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from calendar_server.realtime.direct import frames

WAITING_MAX_MESSAGES = 1_000
WAITING_MAX_BYTES = 1024 * 1024
FEW_MESSAGES, FEW_MAX_BYTES = 64, 16 * 1024 * 1024
"""A few long answers may wait, because the client has asked for them."""

KERNEL_BUFFER_BYTES = 128 * 1024
"""``SO_SNDBUF``: what the kernel keeps beside that; left to itself it would take megabytes for each slow client."""

_SEND_MAX_BYTES = 256 * 1024


def is_too_much(messages: int, size: int) -> bool:
    """True where a socket for which so much waits is closed when the next message comes; its client asks for what it
    missed.
    """
    bytes_allowed = WAITING_MAX_BYTES if messages > FEW_MESSAGES else FEW_MAX_BYTES
    return messages >= WAITING_MAX_MESSAGES or size > bytes_allowed


class Holder(Protocol):
    """The connection behind an outlet."""

    def before_writing(self) -> None:
        """Send what was emitted to rooms before."""

    def wait_until_writable(self, wanted: bool) -> None:
        """Call :meth:`Outlet.drain` when the kernel takes more, or no longer."""

    def lost(self) -> None:
        """The other side is gone."""

    def overflowed(self) -> None:
        """The client does not read what it is sent."""

    def drained(self) -> None:
        """Nothing waits any more."""

    def said_all(self) -> None:
        """Everything is sent, and nothing more will be."""

    def ends_after_waiting(self) -> None:
        """Nothing more will be written, and :meth:`said_all` follows when the client has read what waits."""


class Outlet:
    """Stands where engineio keeps a session's queue: what is put in is sent."""

    __slots__ = ("_ending", "holder", "send", "waiting", "waiting_bytes")

    def __init__(self, sock: Any, holder: Holder) -> None:
        self.send = sock.send
        self.holder = holder
        self.waiting: deque[bytes] | None = None
        self._ending = False
        self.waiting_bytes = 0

    @property
    def is_ending(self) -> bool:
        """True where nothing more will be written."""
        return self._ending

    @property
    def waits(self) -> bool:
        """True while the client has to read before more can be sent."""
        return self.waiting is not None

    @property
    def waiting_messages(self) -> int:
        """How many pieces are kept."""
        return len(self.waiting or ())

    def put(self, packet: Any) -> None:
        """Send an Engine.IO packet; None ends the connection after what was put in before."""
        self.holder.before_writing()
        if packet is not None:
            self.write(framed(packet.encode()))
        elif not self._ending:
            self._ending = True
            if self.waiting is None:
                self.holder.said_all()
            else:
                self.holder.ends_after_waiting()

    def join(self) -> None:
        """Part of a queue's interface. Nobody waits for a client to read."""

    def write(self, data: bytes) -> None:
        """Send ``data``, whole frames, after everything that was written before."""
        write_to_all((self,), data)

    def keep(self, data: bytes) -> None:
        """Send ``data`` when the client has read what was written before."""
        if self.waiting is None:
            self.waiting = deque()
            self.holder.wait_until_writable(True)
        elif is_too_much(len(self.waiting), self.waiting_bytes):
            self.holder.overflowed()
            return
        self.waiting.append(data)
        self.waiting_bytes += len(data)

    def drain(self) -> None:
        """Send what waits, as far as the kernel takes it."""
        waiting = self.waiting
        if waiting is None:
            return
        piece = _first_pieces(waiting)
        try:
            sent = self.send(piece)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.holder.lost()
            return
        self.waiting_bytes -= sent
        if sent < len(piece):
            waiting.appendleft(piece[sent:])
        elif not waiting:
            self.waiting = None
            self._empty()

    def _empty(self) -> None:
        self.holder.wait_until_writable(False)
        if self._ending:
            self.holder.said_all()
        else:
            self.holder.drained()

    def forget(self) -> None:
        """Drop what waits; nothing can be sent any more."""
        self.waiting = None
        self._ending = True
        self.waiting_bytes = 0
        self.send = _swallow


def write_to_all(outlets: Iterable[Outlet], data: bytes) -> None:
    """:meth:`Outlet.write` for many; the loop that a message to ten thousand sockets spends its time in."""
    size = len(data)
    for outlet in outlets:
        if outlet.waiting is not None:
            outlet.keep(data)
            continue
        try:
            sent = outlet.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            outlet.holder.lost()
            continue
        if sent != size:
            outlet.keep(data[sent:] if sent else data)


def framed(encoded: str | bytes) -> bytes:
    """The websocket frame of an encoded Engine.IO packet."""
    if isinstance(encoded, str):
        return frames.frame(frames.TEXT, encoded.encode())
    return frames.frame(frames.BINARY, encoded)


def _first_pieces(waiting: deque[bytes]) -> bytes:
    """Take pieces off the front, as many as one send may be worth."""
    taken, size = [waiting.popleft()], 0
    size = len(taken[0])
    while waiting and size + len(waiting[0]) <= _SEND_MAX_BYTES:
        size += len(waiting[0])
        taken.append(waiting.popleft())
    return b"".join(taken)


def _swallow(data: bytes) -> int:
    return len(data)
