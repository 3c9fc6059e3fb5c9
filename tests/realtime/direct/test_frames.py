"""Frames of RFC 6455: what is written, and what is read from whatever pieces arrive."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_server.realtime.direct import frames
from calendar_server.realtime.direct.frames import BrokenFrame, FrameReader, Message

MASK = b"\x01\x80\xfe\x37"


def from_client(
    opcode: int, data: bytes, *, first: int = 0x80, masked: bool = True, length: bytes | None = None
) -> bytes:
    """A frame as a client sends it; the arguments after ``*`` make it wrong."""
    if length is None:
        size = len(data)
        short = size < 126
        length = (
            bytes((size,))
            if short
            else struct.pack("!BH", 126, size)
            if size < 65_536
            else struct.pack("!BQ", 127, size)
        )
    length = bytes((length[0] | (0x80 if masked else 0),)) + length[1:]
    payload = bytes(byte ^ MASK[at % 4] for at, byte in enumerate(data)) if masked else data
    return bytes((first | opcode,)) + length + (MASK if masked else b"") + payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_tells_its_length_in_the_shortest_form(size: int) -> None:
    written = frames.frame(frames.TEXT, b"x" * size)
    header = 2 if size <= 125 else 4 if size <= 65_535 else 10
    assert len(written) == header + size
    assert written[0] == 0x81
    assert written[1] & 0x80 == 0


def test_a_close_frame_carries_its_status() -> None:
    assert frames.close_frame(1009) == b"\x88\x02\x03\xf1"


@given(
    st.lists(
        st.tuples(st.sampled_from([frames.TEXT, frames.BINARY, frames.PING]), st.binary(max_size=125)), max_size=6
    ),
    st.lists(st.integers(1, 40), max_size=40),
)
def test_messages_are_the_same_however_they_are_cut(sent: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(from_client(opcode, data) for opcode, data in sent)
    reader, read = FrameReader(1000), []
    for size in [*cuts, len(stream)]:
        piece, stream = stream[:size], stream[size:]
        read += reader.read(piece)
    assert read == [Message(opcode, data) for opcode, data in sent]


@pytest.mark.parametrize("size", [126, 1000, 65_536])
def test_long_messages_are_read(size: int) -> None:
    data = bytes(at % 251 for at in range(size))
    assert FrameReader(65_536).read(from_client(frames.TEXT, data)) == [Message(frames.TEXT, data)]


def test_fragments_are_put_together_around_control_frames() -> None:
    stream = (
        from_client(frames.TEXT, b"one ", first=0)
        + from_client(frames.PING, b"?")
        + from_client(0, b"two ", first=0)
        + from_client(0, b"three")
    )
    assert FrameReader(100).read(stream) == [Message(frames.PING, b"?"), Message(frames.TEXT, b"one two three")]


def test_a_message_may_come_in_many_small_fragments_and_empty_ones_are_not_kept() -> None:
    begun, piece, empty = (
        from_client(opcode, data, first=0) for opcode, data in ((frames.TEXT, b"a"), (0, b"b"), (0, b""))
    )
    reader = FrameReader(3_001)
    assert reader.read(begun + (piece + empty) * 3_000) == []
    assert len(reader._fragments or ()) == 3_001
    assert reader.read(from_client(0, b"")) == [Message(frames.TEXT, b"a" + b"b" * 3_000)]
    assert reader.read(from_client(frames.TEXT, b"next")) == [Message(frames.TEXT, b"next")]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (from_client(frames.TEXT, b"x", masked=False), frames.PROTOCOL_ERROR),
        (from_client(frames.TEXT, b"x", first=0xC0), frames.PROTOCOL_ERROR),
        (from_client(0x3, b"x"), frames.PROTOCOL_ERROR),
        (from_client(0xB, b"x"), frames.PROTOCOL_ERROR),
        (from_client(0, b"x"), frames.PROTOCOL_ERROR),
        (from_client(frames.TEXT, b"x", first=0) + from_client(frames.TEXT, b"y"), frames.PROTOCOL_ERROR),
        (from_client(frames.PING, b"x", first=0), frames.PROTOCOL_ERROR),
        (from_client(frames.PING, b"x" * 126), frames.PROTOCOL_ERROR),
        (from_client(frames.CLOSE, b"\x03"), frames.PROTOCOL_ERROR),
        (from_client(frames.TEXT, b"x" * 101), frames.TOO_LONG),
        (from_client(frames.TEXT, b"", length=b"\x7f" + b"\xff" * 8)[:10], frames.TOO_LONG),
        (from_client(frames.TEXT, b"x" * 60, first=0) + from_client(0, b"x" * 60), frames.TOO_LONG),
    ],
)  # fmt: skip
def test_what_a_client_must_not_send_is_refused(wrong: bytes, status: int) -> None:
    with pytest.raises(BrokenFrame) as refused:
        FrameReader(100).read(wrong)
    assert refused.value.status == status


def test_a_length_that_is_too_long_is_refused_before_its_bytes_come() -> None:
    header = from_client(frames.TEXT, b"", length=b"\x7e\xff\xff")[:8]
    with pytest.raises(BrokenFrame):
        FrameReader(100).read(header)
