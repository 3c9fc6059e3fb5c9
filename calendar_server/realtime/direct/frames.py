"""Frames of RFC 6455, as a server writes and reads them. No extensions."""

from __future__ import annotations

import struct
from typing import NamedTuple

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUATION = 0x0
_FIN, _MASKED = 0x80, 0x80
_CONTROL_MAX_BYTES = 125

PROTOCOL_ERROR, NOT_UTF8, TOO_LONG = 1002, 1007, 1009
"""Status codes of section 7.4.1."""


class Message(NamedTuple):
    """A whole message, or a control frame. ``opcode`` is one of this module's."""

    opcode: int
    data: bytes


class BrokenFrame(Exception):
    """What came is no frame that a client may send. ``status`` says why, as a close frame does; ``before`` came first."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status
        self.before: list[Message] = []


def frame(opcode: int, data: bytes) -> bytes:
    """One unmasked, final frame (section 5.2)."""
    length = len(data)
    if length <= _CONTROL_MAX_BYTES:
        return bytes((_FIN | opcode, length)) + data
    if length <= 0xFFFF:
        return struct.pack("!BBH", _FIN | opcode, 126, length) + data
    return struct.pack("!BBQ", _FIN | opcode, 127, length) + data


def close_frame(status: int = 1000) -> bytes:
    """A close frame without a reason text (section 5.5.1)."""
    return frame(CLOSE, struct.pack("!H", status))


class FrameReader:
    """Puts a client's messages together from whatever pieces the network delivers.

    It keeps no more than one message of at most ``max_bytes`` and the beginning of the next frame.
    """

    __slots__ = ("_fragments", "_fragments_bytes", "_max_bytes", "_opcode", "_rest")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._rest = b""
        self._opcode = 0
        self._fragments: list[bytes] | None = None
        self._fragments_bytes = 0

    def read(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes.

        :raises BrokenFrame: the connection is to be closed after the messages before it.
        """
        if self._rest:
            data = self._rest + data
        messages: list[Message] = []
        at = 0
        try:
            while (found := self._frame_at(data, at)) is not None:
                opcode, final, payload, at = found
                message = self._message(opcode, final, payload)
                if message is not None:
                    messages.append(message)
        except BrokenFrame as broken:
            broken.before = messages
            raise
        self._rest = data[at:]
        return messages

    def _frame_at(self, data: bytes, at: int) -> tuple[int, bool, bytes, int] | None:
        """Opcode, final, unmasked payload and where the next frame begins; None where more must come."""
        if len(data) - at < 2:
            return None
        first, second = data[at], data[at + 1]
        length, mask_at = second & 0x7F, at + 2
        _check_header(first, second, length)
        if length >= 126:
            size = 2 if length == 126 else 8
            if len(data) - mask_at < size:
                return None
            length = int.from_bytes(data[mask_at : mask_at + size], "big")
            mask_at += size
        if length > self._max_bytes:
            raise BrokenFrame(TOO_LONG)
        payload_at = mask_at + 4
        end = payload_at + length
        if len(data) < end:
            return None
        payload = _unmasked(data[payload_at:end], data[mask_at:payload_at])
        return first & 0x0F, first >= _FIN, payload, end

    def _message(self, opcode: int, final: bool, payload: bytes) -> Message | None:
        if opcode >= CLOSE:
            return _control_message(opcode, payload)
        if (opcode == _CONTINUATION) != (self._fragments is not None):
            raise BrokenFrame(PROTOCOL_ERROR)
        if opcode != _CONTINUATION:
            self._opcode, self._fragments, self._fragments_bytes = opcode, [], 0
        return self._put_together(final, payload)

    def _put_together(self, final: bool, payload: bytes) -> Message | None:
        fragments = self._fragments or []
        self._fragments_bytes += len(payload)
        if self._fragments_bytes > self._max_bytes:
            raise BrokenFrame(TOO_LONG)
        if payload:  # of empty ones a client may send as many as it likes
            fragments.append(payload)
        self._fragments = None if final else fragments
        return Message(self._opcode, b"".join(fragments)) if final else None


def _check_header(first: int, second: int, length: int) -> None:
    """:raises BrokenFrame: reserved bits or opcodes, no mask, or a control frame that is long or in parts."""
    opcode = first & 0x0F
    if first & 0x70 or not second & _MASKED or opcode not in (_CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
        raise BrokenFrame(PROTOCOL_ERROR)
    if opcode >= CLOSE and (first < _FIN or length > _CONTROL_MAX_BYTES):
        raise BrokenFrame(PROTOCOL_ERROR)


def _control_message(opcode: int, payload: bytes) -> Message:
    """:raises BrokenFrame: a close frame with half a status (section 5.5.1)."""
    if opcode == CLOSE and len(payload) == 1:
        raise BrokenFrame(PROTOCOL_ERROR)
    return Message(opcode, payload)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    """Section 5.3; one operation on big integers, because a loop over bytes costs a hundred times as much."""
    length = len(payload)
    repeated = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(length, "big")
