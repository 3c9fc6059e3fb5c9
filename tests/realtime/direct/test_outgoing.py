"""What goes out over one websocket, also where the client does not read."""

from __future__ import annotations

import pytest
from realtime.direct.pretended import Holder, Packet, Wire

from calendar_server.realtime.direct import outgoing
from calendar_server.realtime.direct.frames import BINARY, TEXT, frame
from calendar_server.realtime.direct.outgoing import Outlet, write_to_all


def outlet_on(wire: Wire) -> tuple[Outlet, Holder]:
    holder = Holder()
    return Outlet(wire, holder), holder


def test_a_packet_is_sent_at_once_as_one_frame() -> None:
    wire = Wire()
    outlet, _ = outlet_on(wire)
    outlet.put(Packet('42["안녕"]'))
    assert wire.sent == frame(TEXT, '42["안녕"]'.encode())
    assert wire.calls == 1
    assert not outlet.waits


def test_bytes_are_sent_as_a_binary_frame() -> None:
    wire = Wire()
    outlet, _ = outlet_on(wire)
    outlet.put(Packet(b"\x00\x01"))
    assert wire.sent == frame(BINARY, b"\x00\x01")


@pytest.mark.parametrize("room", [0, 1, 5, 11])
def test_what_the_kernel_does_not_take_follows_in_order(room: int) -> None:
    wire = Wire(room)
    outlet, holder = outlet_on(wire)
    for piece in (b"one ", b"two ", b"three "):
        outlet.write(piece)
    assert outlet.waits
    assert holder.told == [True]
    while outlet.waits:
        wire.room = 2
        outlet.drain()
    assert wire.sent == b"one two three "
    assert outlet.waiting_bytes == 0
    assert holder.told == [True, False, "drained"]


def test_a_socket_that_is_writable_for_nothing_stays_as_it_is() -> None:
    wire = Wire(0)
    outlet, _ = outlet_on(wire)
    outlet.write(b"abc")
    outlet.drain()
    assert (outlet.waiting_bytes, outlet.waiting_messages, wire.sent) == (3, 1, b"")
    wire.room = 10
    outlet.drain()
    assert wire.sent == b"abc"


def test_beyond_so_many_bytes_the_client_overflows() -> None:
    outlet, holder = outlet_on(Wire(0))
    piece = b"x" * 2048
    for _ in range(outgoing.WAITING_MAX_BYTES // 2048 + 1):
        outlet.write(piece)
    assert "overflowed" not in holder.told
    kept = outlet.waiting_bytes
    outlet.write(piece)
    assert holder.told[-1] == "overflowed"
    assert outlet.waiting_bytes == kept


def test_beyond_so_many_messages_the_client_overflows() -> None:
    outlet, holder = outlet_on(Wire(0))
    for _ in range(outgoing.WAITING_MAX_MESSAGES):
        outlet.write(b"x")
    assert "overflowed" not in holder.told
    outlet.write(b"x")
    assert holder.told[-1] == "overflowed"


def test_a_few_answers_may_be_longer_than_the_bound() -> None:
    wire = Wire(10)
    outlet, holder = outlet_on(wire)
    answer = b"y" * (4 * outgoing.WAITING_MAX_BYTES)
    for _ in range(3):
        outlet.write(answer)
    wire.room = 1 << 30
    while outlet.waits:
        outlet.drain()
    assert wire.sent == answer * 3
    assert "overflowed" not in holder.told


@pytest.mark.parametrize(
    ("messages", "size", "too_much"),
    [(1, 15 << 20, False), (1, 17 << 20, True), (64, 1 << 20, False), (65, 2 << 20, True), (999, 100, False), (1000, 1, True)],
)  # fmt: skip
def test_how_much_may_wait(messages: int, size: int, too_much: bool) -> None:
    assert outgoing.is_too_much(messages, size) is too_much


def test_the_end_comes_after_what_waits() -> None:
    wire = Wire(0)
    outlet, holder = outlet_on(wire)
    outlet.put(Packet("1"))
    outlet.put(None)
    outlet.put(None)
    assert "said_all" not in holder.told
    wire.room = 100
    outlet.drain()
    assert wire.sent == frame(TEXT, b"1")
    assert holder.told == [True, "ends_after_waiting", False, "said_all"]


def test_a_broken_connection_is_lost_and_the_others_get_theirs() -> None:
    wires = [Wire(), Wire(), Wire(3), Wire()]
    wires[1].broken = True
    outlets, holders = zip(*(outlet_on(wire) for wire in wires), strict=True)
    write_to_all(outlets, b"hello")
    assert [wire.sent for wire in wires] == [b"hello", b"", b"hel", b"hello"]
    assert holders[1].told == ["lost"]
    assert outlets[2].waiting_bytes == 2


def test_nothing_is_sent_by_an_outlet_that_was_given_up() -> None:
    wire = Wire()
    outlet, holder = outlet_on(wire)
    outlet.forget()
    outlet.write(b"abc")
    outlet.put(None)
    assert (wire.sent, holder.told, outlet.waits) == (b"", [], False)
