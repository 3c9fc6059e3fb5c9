"""A message to a room is framed once, and leaves with those that came together with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from realtime.direct.pretended import Holder, Packet, Wire

from calendar_server.realtime.direct.fanout import GATHER_MAX_SECONDS, Fanout, Recipients
from calendar_server.realtime.direct.frames import TEXT, frame
from calendar_server.realtime.direct.outgoing import Outlet


class Bench:
    """A fan-out whose tasks are run by hand. ``seconds`` pass while a room is being written to."""

    def __init__(self) -> None:
        self.tasks: list[Callable[[], None]] = []
        self.slept: list[float] = []
        self.polled: list[tuple[str, object]] = []
        self.seconds = 0.0
        self._now = 0.0
        self.fanout = Fanout(
            lambda task: self.tasks.append(task),
            lambda seconds: self.slept.append(seconds),
            lambda session_id, packet: self.polled.append((session_id, packet)),
            self._clock,
        )

    def _clock(self) -> float:
        self._now += self.seconds
        return self._now

    def emit(self, room: str, recipients: Recipients, words: str) -> None:
        self.fanout.add(room, recipients, text(words), Packet(words))

    def end_turn(self) -> None:
        while self.tasks:
            self.tasks.pop(0)()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def room_of(*wires: Wire) -> Callable[[], tuple[list[Outlet], list[str]]]:
    outlets = [Outlet(wire, Holder()) for wire in wires]
    return lambda: (outlets, [])


def text(words: str) -> bytes:
    return frame(TEXT, words.encode())


def test_messages_of_one_turn_reach_each_socket_with_one_call(bench: Bench) -> None:
    wires = [Wire(), Wire()]
    room = room_of(*wires)
    for words in ("a", "b", "c"):
        bench.emit("room", room, words)
    assert wires[0].calls == 0
    bench.end_turn()
    assert [(wire.calls, wire.sent) for wire in wires] == [(1, text("a") + text("b") + text("c"))] * 2


def test_the_order_across_rooms_is_that_of_emitting(bench: Bench) -> None:
    both = Wire()
    one, other = room_of(both), room_of(both)
    bench.emit("one", one, "1")
    bench.emit("other", other, "2")
    bench.emit("one", one, "3")
    bench.end_turn()
    assert both.sent == text("1") + text("2") + text("3")


def test_a_flush_sends_at_once_and_nothing_twice(bench: Bench) -> None:
    wire = Wire()
    bench.emit("room", room_of(wire), "a")
    bench.fanout.flush()
    assert wire.sent == text("a")
    bench.end_turn()
    assert wire.sent == text("a")


def test_those_without_a_websocket_get_the_packets_one_by_one(bench: Bench) -> None:
    packets = [Packet("a"), Packet("b")]
    for packet in packets:
        bench.fanout.add("room", lambda: ([], ["polling"]), b"", packet)
    bench.end_turn()
    assert bench.polled == [("polling", packets[0]), ("polling", packets[1])]


def test_who_ends_in_the_middle_of_a_flush_lets_nothing_overtake(bench: Bench) -> None:
    def send_packet(session_id: str, packet: Packet) -> None:
        bench.polled.append((session_id, packet.encode()))
        bench.fanout.flush()  # as leaving a room does

    bench.fanout = Fanout(bench.tasks.append, lambda _seconds: None, send_packet)
    for room in ("one", "other"):
        bench.fanout.add(room, lambda: ([], ["ending", "polling"]), b"", Packet(room))
    bench.end_turn()
    assert bench.polled == [("ending", "one"), ("polling", "one"), ("ending", "other"), ("polling", "other")]


def test_a_single_writer_is_never_kept_waiting(bench: Bench) -> None:
    bench.seconds = 1.0
    room = room_of(Wire())
    for _ in range(3):
        bench.emit("room", room, "a")
        bench.end_turn()
    assert bench.slept == []


def test_after_messages_came_together_the_next_wait_for_each_other_a_while(bench: Bench) -> None:
    bench.seconds = 0.008
    room = room_of(Wire())
    bench.emit("room", room, "a")
    bench.emit("room", room, "b")
    bench.end_turn()
    bench.emit("room", room, "c")
    bench.end_turn()
    bench.emit("room", room, "d")
    bench.end_turn()
    assert bench.slept == [pytest.approx(0.004)]


@pytest.mark.parametrize(("took", "waits"), [(0.0001, []), (60.0, [GATHER_MAX_SECONDS])])
def test_small_rooms_wait_for_nobody_and_large_ones_not_for_long(bench: Bench, took: float, waits: list[float]) -> None:
    bench.seconds = took
    room = room_of(Wire())
    for words in ("a", "b"):
        bench.emit("room", room, words)
    bench.end_turn()
    bench.emit("room", room, "c")
    bench.end_turn()
    assert bench.slept == waits
