"""What a client may send over a socket, strictly read, before the libraries see it.

Engine.IO protocol 4 (https://socket.io/docs/v4/engine-io-protocol/) around Socket.IO protocol 5
(https://socket.io/docs/v4/socket-io-protocol/), without binary packets, which this server has no use for. The libraries
read more leniently, fail inside their handlers on some of what they have read, and keep the session.
"""

from __future__ import annotations

import re
from typing import Any

from calendar_server.wire.strict_json import loads

PACKET_MAX_BYTES = 65_536
"""The longest packet or polling payload taken from a client; what the server sends is not limited."""

SEPARATOR = "\x1e"
PACKETS_IN_PAYLOAD = 16
CLOSE = "1"
RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)
"""Names that a client must not send as events (socket.io-parser 4, ``RESERVED_EVENTS``)."""

PROBE, PROBED, UPGRADE, PONG, MESSAGE = "2probe", "3probe", "5", "3", "4"
_CONNECT, _DISCONNECT, _EVENT, _ACK = "0", "1", "2", "3"
_SOCKET_PACKET = re.compile(
    r"(?P<type>[0-3])(?:(?P<namespace>/[^,]*)(?:,|$))?(?P<id>[0-9]{0,15})(?P<data>.*)", re.DOTALL
)
_NOTHING = object()


def is_sound_frame(frame: object) -> bool:
    """True for what may come in one websocket frame: one text packet."""
    if not isinstance(frame, str) or len(frame) > PACKET_MAX_BYTES:
        return False
    return frame in (PROBE, UPGRADE) or _is_sound_packet(frame)


def is_sound_payload(body: bytes) -> bool:
    """True for what may be POSTed to a polling session: packets of which only the last may close it."""
    try:
        packets = body.decode().split(SEPARATOR)
    except UnicodeDecodeError:
        return False
    if len(packets) > PACKETS_IN_PAYLOAD or CLOSE in packets[:-1]:
        return False
    return all(_is_sound_packet(packet) for packet in packets)


def _is_sound_packet(packet: str) -> bool:
    if packet[:1] == MESSAGE:
        return _is_sound_message(packet[1:])
    return packet in (CLOSE, PONG)


def _is_sound_message(message: str) -> bool:
    """A Socket.IO packet. Nested JSON beyond what the parser takes, or numbers beyond a double, are not sound."""
    match = _SOCKET_PACKET.fullmatch(message)
    if match is None:
        return False
    try:
        data = loads(match["data"]) if match["data"] else _NOTHING
    except ValueError:
        return False
    if match["type"] in (_CONNECT, _DISCONNECT) and match["id"]:
        return False
    if match["type"] == _CONNECT:
        return data is _NOTHING or isinstance(data, dict)
    if match["type"] == _DISCONNECT:
        return data is _NOTHING
    if match["type"] == _ACK:
        return bool(match["id"]) and isinstance(data, list)
    return _is_sound_event(data)


def _is_sound_event(data: Any) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in RESERVED_EVENTS
