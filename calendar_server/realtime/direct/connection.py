"""One websocket of a client, from its opening handshake to its end."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Any

from calendar_server import measures
from calendar_server.realtime.direct import frames
from calendar_server.realtime.direct.frames import BrokenFrame, FrameReader, Message
from calendar_server.realtime.direct.outgoing import Outlet
from calendar_server.realtime.direct.surroundings import Transport
from calendar_server.realtime.packets import PACKET_MAX_BYTES, PONG, PROBE, PROBED, UPGRADE, is_sound_frame

_READ_BYTES = 16_384  # of one socket in one turn: that many bytes of tiny frames keep all others waiting for some 8 ms
INBOX_MESSAGES = 64
"""So many messages wait to be handled before no more are read; the client then waits as TCP has it."""

PROBING, UPGRADING, OPEN, LEAVING, GONE = range(5)
_NORMAL, _NOT_TEXT, _INTERNAL_ERROR = 1000, 1003, 1011  # RFC 6455, 7.4.1
_NO_MORE_SENT = 1  # SHUT_WR


LEAVE_SECONDS = 3.0
"""How long a goodbye waits for the client to read it and to hang up."""
READ_ON_SECONDS = 10.0
"""Within so long, who is sent the rest before a goodbye must have read more of it; else nobody would ever hang up."""


class Connection:
    """Reads packets and hands them on one after the other; ``outlet`` writes."""

    __slots__ = (
        "_inbox",
        "_reader",
        "_session",
        "_state",
        "_transport",
        "_turn_wanted",
        "_unread",
        "_unsaid_bytes",
        "fileno",
        "outlet",
        "sock",
    )

    def __init__(self, sock: Any, session: Any, transport: Transport, *, upgrading: bool) -> None:
        self.sock = sock
        self.fileno: int = sock.fileno()
        self.outlet = Outlet(sock, self)
        self._session = session
        self._transport = transport
        self._reader = FrameReader(PACKET_MAX_BYTES)
        self._state = PROBING if upgrading else OPEN
        self._inbox: deque[str | int] | None = None
        self._turn_wanted = False
        self._unread = False
        self._unsaid_bytes = 0

    @property
    def is_open(self) -> bool:
        """True while its client can be served."""
        return self._state == OPEN

    def readable(self) -> None:
        """Read what there is. Unsound frames and packets end the connection."""
        try:
            data = self.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.lost()
        elif self._state < LEAVING:
            self._take(data)

    def writable(self) -> None:
        """Go on with what waits."""
        self.outlet.drain()

    def _take(self, data: bytes) -> None:
        try:
            self._take_messages(self._reader.read(data))
        except BrokenFrame as broken:
            self._take_messages(broken.before)
            self._break_off(broken.status)

    def _take_messages(self, messages: list[Message]) -> None:
        ping = None
        for message in messages:
            if message.opcode == frames.PING:
                ping = message.data
            else:
                self._take_message(message)
            if self._state >= LEAVING:
                return
        if ping is not None:  # one answer for all that came together (RFC 6455, 5.5.3), as each costs a system call
            self.outlet.write(frames.frame(frames.PONG, ping))

    def _take_message(self, message: Message) -> None:
        if message.opcode == frames.CLOSE:
            self._break_off(_NORMAL)
        elif message.opcode != frames.PONG:
            packet = _text(message)
            if isinstance(packet, int):
                self._break_off(packet)
            else:
                self._take_packet(packet)

    def _take_packet(self, packet: str) -> None:
        if not is_sound_frame(packet):
            self._break_off(frames.PROTOCOL_ERROR)
        elif self._state == OPEN and packet not in (PROBE, UPGRADE):
            self._take_in(packet)
        elif self._state == PROBING and packet == PROBE and self._transport.sessions.probed(self._session):
            self._state = UPGRADING
            self.outlet.write(frames.frame(frames.TEXT, PROBED.encode()))
        elif self._state == UPGRADING and packet == UPGRADE:
            self._state = OPEN
            self._transport.sessions.taken_over(self._session, self.outlet)
        else:
            self._break_off(frames.PROTOCOL_ERROR)

    def _take_in(self, packet: str) -> None:
        if packet == PONG:
            self._transport.sessions.pong(self._session)
            return
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(packet)
        if len(self._inbox) >= INBOX_MESSAGES and not self._unread:
            self._unread = True
            self._transport.change(self, read=False, write=self.outlet.waits)
        self._ask_for_turn()

    def _ask_for_turn(self) -> None:
        """Who does not read what he has asked for is not served meanwhile."""
        if self._inbox and not self._turn_wanted and self._may_go_on(self._inbox):
            self._turn_wanted = True
            self._transport.want_turn(self)

    def _may_go_on(self, inbox: deque[str | int]) -> bool:
        return not self.outlet.waits or isinstance(inbox[-1], int)

    def take_turn(self) -> bool:
        """Handle the oldest packet; True where the next can follow."""
        inbox = self._inbox
        if inbox is None:
            self._turn_wanted = False
            return False
        try:
            self._handle(inbox.popleft())
        finally:
            self._turn_wanted = bool(inbox) and self._may_go_on(inbox)
            self._read_on(inbox)
        return self._turn_wanted

    def _read_on(self, inbox: deque[str | int]) -> None:
        if self._unread and len(inbox) < INBOX_MESSAGES // 2:
            self._unread = False
            if self._state < GONE:
                self._transport.change(self, read=True, write=self.outlet.waits)
        if not inbox:
            self._inbox = None

    def _handle(self, packet: str | int) -> None:
        if isinstance(packet, int):
            self._end(packet)
            return
        try:
            self._transport.sessions.receive(self._session, packet)
        except Exception:
            self._end(_INTERNAL_ERROR)
            raise

    def _end(self, status: int) -> None:
        """Say goodbye with ``status``, unless the connection is lost, and let everything go that belongs to it."""
        if self._state != GONE:
            self._leave(status)
        self._transport.sessions.lost(self._session)

    def _break_off(self, status: int) -> None:
        """Handle what has come before, then say why and hang up."""
        if self._state < OPEN:
            self._leave_session_alone(self._state)
            self._leave(status)
        elif self._state == OPEN:
            self._state = LEAVING
            self._put_last(status)

    def _put_last(self, status: int) -> None:
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(status)
        self._ask_for_turn()

    def _leave(self, status: int) -> None:
        """Say goodbye, then wait a little for the client to read it and hang up: closing at once could take it back."""
        if self.outlet.waits:
            self.lost()
            return
        self._state = LEAVING
        self.outlet.write(frames.close_frame(status))
        if self.outlet.waiting_messages:
            self.lost()
            return
        self.outlet.forget()  # what a room is still sent would find the socket shut, and end it before its time
        with suppress(OSError):
            self.sock.shutdown(_NO_MORE_SENT)
        self._transport.limit(self, LEAVE_SECONDS)

    def before_writing(self) -> None:
        """Called by the outlet, as the methods below."""
        self._transport.flush()

    def wait_until_writable(self, wanted: bool) -> None:
        if self._state < GONE:
            self._transport.change(self, read=not self._unread, write=wanted)

    def drained(self) -> None:
        self._ask_for_turn()

    def overflowed(self) -> None:
        """Too much waits: the connection ends at once, its client comes back with a cursor."""
        measures.overflows.inc()
        self.lost()

    def said_all(self) -> None:
        if self._state < LEAVING:
            self._leave(_NORMAL)

    def ends_after_waiting(self) -> None:
        self._unsaid_bytes = self.outlet.waiting_bytes
        self._transport.limit(self, READ_ON_SECONDS)

    def lost(self) -> None:
        """The connection is over, whoever ended it."""
        if self._state == GONE:
            return
        was, self._state = self._state, GONE
        self._transport.forget(self)
        self.outlet.forget()
        self.sock.close()
        if was < OPEN:
            self._leave_session_alone(was)
        elif self._session is not None:
            if self._inbox is not None:
                self._inbox.clear()
            self._put_last(_NORMAL)

    def _leave_session_alone(self, was: int) -> None:
        """It goes on polling, or another websocket takes it over."""
        if was == UPGRADING:
            self._transport.sessions.upgrade_failed(self._session)
        self._session = None

    def expire(self) -> None:
        """Its time is over: an upgrade that was not finished, or a goodbye that nobody reads."""
        if self._state != OPEN:
            self.lost()
        elif self.outlet.is_ending:
            self._end_unless_read_on()

    def _end_unless_read_on(self) -> None:
        if self.outlet.waiting_bytes < self._unsaid_bytes:
            self.ends_after_waiting()
        else:
            self.lost()


def _text(message: Message) -> str | int:
    """Its text, or the status that says why it has none: it is binary, or no UTF-8."""
    if message.opcode != frames.TEXT:
        return _NOT_TEXT
    try:
        return message.data.decode()
    except UnicodeDecodeError:
        return frames.NOT_UTF8
