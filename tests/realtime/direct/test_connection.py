"""One websocket from its first packet to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from realtime.direct.pretended import Wire
from realtime.direct.test_frames import from_client

from calendar_server.realtime.direct import frames
from calendar_server.realtime.direct.connection import INBOX_MESSAGES, READ_ON_SECONDS, Connection

JOIN = '42["join_department",{}]'


class Library:
    """The session's side: notes what it is told. ``answer`` may be called for each packet received."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.answer: Callable[[str], None] = lambda packet: None
        self.is_free = True

    def receive(self, _session: Any, packet: str) -> None:
        self.told.append(packet)
        self.answer(packet)

    def probed(self, _session: Any) -> bool:
        self.told.append("probed")
        return self.is_free

    def taken_over(self, _session: Any, _outlet: Any) -> None:
        self.told.append("taken over")

    def __getattr__(self, name: str) -> Any:
        return lambda _session: self.told.append(name)


class Around:
    """The transport: ``serve`` lets all who want have their turns."""

    def __init__(self) -> None:
        self.sessions = Library()
        self.wanted: list[Connection] = []
        self.interest: list[tuple[bool, bool]] = []
        self.limits: list[float] = []
        self.forgotten = False

    def flush(self) -> None:
        pass

    def change(self, _connection: Connection, *, read: bool, write: bool) -> None:
        assert not self.forgotten
        self.interest.append((read, write))

    def forget(self, _connection: Connection) -> None:
        self.forgotten = True

    def want_turn(self, connection: Connection) -> None:
        self.wanted.append(connection)

    def limit(self, _connection: Connection, seconds: float) -> None:
        self.limits.append(seconds)

    def serve(self, turns: int = 1000) -> None:
        while self.wanted and turns:
            connection = self.wanted.pop(0)
            turns -= 1
            if connection.take_turn():
                self.wanted.append(connection)


class Scene:
    def __init__(self, *, upgrading: bool = False) -> None:
        self.wire = Wire()
        self.around = Around()
        self.told = self.around.sessions.told
        self.connection = Connection(self.wire, "session", self.around, upgrading=upgrading)

    def client_sends(self, *packets: str | bytes) -> None:
        for packet in packets:
            data = packet if isinstance(packet, bytes) else from_client(frames.TEXT, packet.encode())
            self.wire.incoming.append(data)
            self.connection.readable()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_packets_are_handled_one_after_the_other_in_their_turn(scene: Scene) -> None:
    scene.client_sends("40", JOIN)
    assert scene.told == []
    scene.around.serve()
    assert scene.told == ["40", JOIN]


def test_a_pong_is_noted_at_once(scene: Scene) -> None:
    scene.client_sends("40", "3")
    assert scene.told == ["pong"]


def test_a_websocket_ping_is_answered(scene: Scene) -> None:
    scene.client_sends(from_client(frames.PING, b"there?"))
    assert scene.wire.sent == frames.frame(frames.PONG, b"there?")


def test_pings_that_come_together_are_answered_together(scene: Scene) -> None:
    pings = b"".join(from_client(frames.PING, bytes((number,))) for number in range(50))
    scene.client_sends(pings)
    assert scene.wire.sent == frames.frame(frames.PONG, b"\x31")
    assert scene.wire.calls == 1


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (from_client(frames.BINARY, b"40"), 1003),
        (from_client(frames.TEXT, b"\xff\xfe"), frames.NOT_UTF8),
        (from_client(frames.TEXT, b"garbage"), frames.PROTOCOL_ERROR),
        (from_client(frames.TEXT, b"451-[]"), frames.PROTOCOL_ERROR),
        (from_client(frames.TEXT, b"2probe"), frames.PROTOCOL_ERROR),
        (from_client(frames.TEXT, b"x", masked=False), frames.PROTOCOL_ERROR),
        (from_client(frames.CLOSE, b""), 1000),
    ],
)  # fmt: skip
def test_what_came_before_an_unsound_frame_is_handled_and_then_the_session_ends(
    scene: Scene, wrong: bytes, status: int
) -> None:
    scene.client_sends(JOIN, wrong, JOIN)
    scene.around.serve()
    assert scene.told == [JOIN, "lost"]
    assert scene.wire.sent == frames.close_frame(status)
    assert scene.wire.is_shut
    assert not scene.wire.is_closed
    scene.client_sends(b"")
    scene.around.serve()
    assert scene.wire.is_closed


def test_what_came_before_is_handled_also_where_it_came_together_with_an_unsound_frame(scene: Scene) -> None:
    scene.client_sends(from_client(frames.TEXT, JOIN.encode()) + from_client(frames.TEXT, b"x", masked=False))
    scene.around.serve()
    assert scene.told == [JOIN, "lost"]
    assert scene.wire.sent == frames.close_frame(frames.PROTOCOL_ERROR)


def test_a_goodbye_that_is_not_answered_ends_after_a_while(scene: Scene) -> None:
    scene.client_sends(from_client(frames.CLOSE, b""))
    scene.around.serve()
    assert scene.around.limits == [3.0]
    scene.connection.expire()
    assert scene.wire.is_closed
    assert scene.around.forgotten


def test_a_session_closed_from_this_side_says_goodbye_after_its_last_packet(scene: Scene) -> None:
    scene.connection.outlet.write(b"last")
    scene.connection.outlet.put(None)
    assert scene.wire.sent == b"last" + frames.close_frame()
    assert scene.wire.is_shut


def test_a_goodbye_behind_what_nobody_reads_is_not_waited_for_for_ever(scene: Scene) -> None:
    scene.wire.room = 0
    scene.connection.outlet.write(b"never read")
    scene.connection.outlet.put(None)
    assert scene.around.limits == [READ_ON_SECONDS]
    scene.connection.expire()
    scene.around.serve()
    assert scene.wire.is_closed
    assert scene.told == ["lost"]


def test_who_goes_on_reading_gets_all_that_waits_before_the_goodbye(scene: Scene) -> None:
    scene.wire.room = 0
    scene.connection.outlet.write(b"read slowly")
    scene.connection.outlet.put(None)
    for _ in range(2):
        scene.wire.room = 4
        scene.connection.writable()
        scene.connection.expire()
    assert not scene.wire.is_closed
    scene.wire.room = 100
    scene.connection.writable()
    assert scene.wire.sent == b"read slowly" + frames.close_frame()


def test_what_a_room_is_still_sent_does_not_disturb_a_goodbye(scene: Scene) -> None:
    scene.connection.outlet.put(None)
    scene.wire.broken = True  # as a socket is that has been shut
    scene.connection.outlet.write(b"late")
    assert not scene.wire.is_closed
    assert scene.wire.sent == frames.close_frame()


@pytest.mark.parametrize("end", [b"", ConnectionResetError()])
def test_a_lost_connection_drops_what_was_not_handled_and_ends_the_session_once(scene: Scene, end: Any) -> None:
    scene.client_sends(JOIN)
    scene.wire.incoming.append(end)
    scene.connection.readable()
    scene.connection.lost()
    scene.around.serve()
    assert scene.told == ["lost"]
    assert scene.wire.is_closed


def test_who_sends_faster_than_he_can_be_served_is_read_no_further(scene: Scene) -> None:
    scene.client_sends(*[JOIN] * INBOX_MESSAGES)
    assert scene.around.interest == [(False, False)]
    scene.around.serve(INBOX_MESSAGES // 2)
    assert scene.around.interest == [(False, False)]
    scene.around.serve()
    assert scene.around.interest == [(False, False), (True, False)]
    assert len(scene.told) == INBOX_MESSAGES


def test_who_does_not_read_his_answers_is_served_no_further_until_he_does(scene: Scene) -> None:
    scene.wire.room = 0
    scene.around.sessions.answer = lambda packet: scene.connection.outlet.write(b"answer")
    scene.client_sends(JOIN, JOIN, JOIN)
    scene.around.serve()
    assert scene.told == [JOIN]
    scene.wire.room = 1 << 20
    scene.connection.writable()
    scene.around.serve()
    assert scene.told == [JOIN] * 3
    assert scene.wire.sent == b"answer" * 3


def test_who_overflows_is_cut_off_and_his_session_ends(scene: Scene) -> None:
    scene.wire.room = 0
    for _ in range(600):
        scene.connection.outlet.write(b"x" * 2048)
    scene.around.serve()
    assert scene.told == ["lost"]
    assert scene.wire.is_closed
    assert scene.connection.outlet.waiting_bytes == 0


def test_a_handler_that_fails_ends_the_session_with_an_internal_error(scene: Scene) -> None:
    def fail(_packet: str) -> None:
        raise RuntimeError

    scene.around.sessions.answer = fail
    scene.client_sends(JOIN)
    with pytest.raises(RuntimeError):
        scene.around.serve()
    assert scene.wire.sent == frames.close_frame(1011)
    assert scene.told == [JOIN, "lost"]


class TestUpgrade:
    @pytest.fixture
    def scene(self) -> Scene:
        return Scene(upgrading=True)

    def test_a_probe_is_answered_and_then_the_websocket_takes_over(self, scene: Scene) -> None:
        scene.client_sends("2probe")
        assert scene.wire.sent == frames.frame(frames.TEXT, b"3probe")
        assert scene.told == ["probed"]
        scene.client_sends("5", JOIN)
        scene.around.serve()
        assert scene.told == ["probed", "taken over", JOIN]

    @pytest.mark.parametrize("packets", [["5"], [JOIN], ["2probe", "2probe"], ["2probe", JOIN], ["3"]])
    def test_anything_else_leaves_the_session_to_polling(self, scene: Scene, packets: list[str]) -> None:
        scene.client_sends(*packets)
        scene.client_sends(b"")
        scene.around.serve()
        assert scene.told == (["probed", "upgrade_failed"] if packets[0] == "2probe" else [])
        assert scene.wire.is_closed

    def test_a_session_that_another_websocket_takes_over_is_left_to_it(self, scene: Scene) -> None:
        scene.around.sessions.is_free = False
        scene.client_sends("2probe", "5")
        scene.client_sends(b"")
        assert scene.told == ["probed"]
        assert scene.wire.sent == frames.close_frame(frames.PROTOCOL_ERROR)

    @pytest.mark.parametrize("packets", [[], ["2probe"]])
    def test_an_upgrade_that_stops_half_way_is_given_up(self, scene: Scene, packets: list[str]) -> None:
        scene.client_sends(*packets)
        scene.connection.expire()
        scene.around.serve()
        assert scene.told == (["probed", "upgrade_failed"] if packets else [])
        assert scene.wire.is_closed

    def test_once_taken_over_its_time_limit_means_nothing(self, scene: Scene) -> None:
        scene.client_sends("2probe", "5")
        scene.connection.expire()
        assert not scene.wire.is_closed
