"""Telling other processes and hearing from them, with a queue that does what the test says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from calendar_server.realtime import neighbours, notes, viewer_notes
from calendar_server.realtime.neighbours import (
    PING_SECONDS,
    SILENCE_SECONDS,
    TAKEN_TOGETHER,
    TIMEOUT_SECONDS,
    Neighbours,
    connect_to,
)
from calendar_server.realtime.topics import UNSENT_MAX, Heads, ViewersOfProcess
from calendar_server.realtime.viewer_notes import Viewer, Viewers

TEAM = "5f0c6b0e-7d53-4c3c-9d3c-0a3c35c3e0aa"
OTHER = "0e3c35c3-4c3c-9d3c-7d53-5f0c6b0e0aaa"


class Over(BaseException):
    """The test has seen enough of an endless task."""


class Queue:
    """Stands for Redis, for its client and for a subscription: publishes and hears what the test says."""

    def __init__(self) -> None:
        self.published: list[tuple[str, dict[str, int]]] = []
        self.viewers_published: list[tuple[str, dict[str, Viewers]]] = []
        self.while_publishing: Callable[[], None] = lambda: None
        self.messages: Iterator[Any] = iter(())
        self.refuses: Exception | None = None
        self.pings = 0
        self.is_flooded = False
        self.closed = 0

    def connect(self) -> Queue:
        return self

    def publish(self, channel: str, message: bytes) -> None:
        if self.refuses:
            raise self.refuses
        if channel == "heads":
            found = notes.read(message)
            assert found is not None
            self.published.append(found)
        else:
            told = viewer_notes.read(message)
            assert (channel, told is None) == ("viewers", False)
            self.viewers_published += [told] if told else []
        self.while_publishing()

    def pubsub(self) -> Queue:
        if self.refuses:
            raise self.refuses
        return self

    def __enter__(self) -> Queue:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def subscribe(self, *channels: str) -> None:
        assert channels == ("heads", "viewers")

    def get_message(self, timeout: float) -> Any:
        message = next(self.messages, Over)
        if message is Over:
            raise Over
        if isinstance(message, Exception):
            raise message
        return message

    @property
    def connection(self) -> Queue:
        return self

    def can_read(self, timeout: float) -> bool:
        return self.is_flooded

    def ping(self) -> None:
        self.pings += 1

    def close(self) -> None:
        self.closed += 1


class Place:
    """A process: its neighbours, its clock, and for how long it has slept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []
        self.sleeps_left = 1_000
        self.heard: list[dict[str, int]] = []
        self.queue = Queue()
        monkeypatch.setattr(neighbours, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.viewers_heard: list[tuple[str, str, Viewers]] = []
        heads, viewers = Heads("heads"), ViewersOfProcess("viewers")
        heads.heard = self.heard.append
        viewers.heard = lambda *heard: self.viewers_heard.append(heard)
        self.neighbours = Neighbours(self, self.queue.connect, heads, viewers)  # type: ignore[arg-type]
        self.send, self.listen = self.neighbours.background_tasks()

    @property
    def server(self) -> Any:
        return SimpleNamespace(eio=SimpleNamespace(create_event=lambda: self))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.sleeps_left -= 1
        if self.sleeps_left < 0:
            raise Over

    is_set = False

    def wait(self, seconds: float) -> bool:
        if not self.is_set:
            raise Over
        return True

    def set(self) -> None:
        self.is_set = True

    def clear(self) -> None:
        self.is_set = False

    def tell(self, history: str, *seqs: int) -> None:
        self.neighbours.tell([SimpleNamespace(history=history, seq=seq) for seq in seqs])  # type: ignore[misc]

    def send_all(self) -> list[dict[str, int]]:
        with pytest.raises(Over):
            self.send()
        return [told for _sender, told in self.queue.published]

    def listen_to(self, messages: Iterable[Any]) -> None:
        self.queue.messages = iter(messages)
        with pytest.raises(Over):
            self.listen()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(monkeypatch)


def message(data: bytes, channel: bytes = b"heads") -> dict[str, Any]:
    return {"type": "message", "channel": channel, "data": data}


SUBSCRIBED = {"type": "subscribe", "data": 1}


def test_only_the_highest_number_of_a_history_is_told(place: Place) -> None:
    place.tell(TEAM, 1, 2, 3)
    place.tell(OTHER, 7)
    place.tell(TEAM, 2)
    assert place.send_all() == [{TEAM: 3, OTHER: 7}]


def test_what_is_committed_while_sending_is_told_next(place: Place) -> None:
    place.tell(TEAM, 1)
    later = iter([lambda: place.tell(TEAM, 2)])
    place.queue.while_publishing = lambda: next(later, lambda: None)()
    assert place.send_all() == [{TEAM: 1}, {TEAM: 2}]


def test_what_could_not_be_told_is_told_when_the_queue_is_back(place: Place) -> None:
    place.queue.refuses = ConnectionError("gone")
    place.sleeps_left = 3
    place.tell(TEAM, 1)
    assert place.send_all() == []
    place.queue.refuses, place.sleeps_left = None, 3
    place.tell(TEAM, 2)
    assert place.send_all() == [{TEAM: 2}]
    assert place.queue.closed == 5


def test_what_waits_for_the_queue_is_bounded_and_the_newest_is_kept(place: Place) -> None:
    for number in range(UNSENT_MAX + 10):
        place.tell(f"history {number}", 1)
    told = [history for some in place.send_all() for history in some]
    assert len(told) == UNSENT_MAX
    assert told[-1] == f"history {UNSENT_MAX + 9}"
    assert "history 9" not in told


def test_many_long_names_are_told_in_messages_that_can_be_read(place: Place) -> None:
    for number in range(500):
        place.tell(f"{number:04}" + "가" * 340, 2**53 - 1)
    assert sum(len(some) for some in place.send_all()) == 500


def test_a_queue_that_is_idle_is_asked_whether_it_still_answers(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, False])

    def wait(seconds: float) -> bool:
        assert seconds == PING_SECONDS
        for answer in answers:
            return answer
        raise Over

    monkeypatch.setattr(place, "wait", wait)
    assert place.send_all() == []
    assert place.queue.pings == 2


def test_others_are_heard_and_oneself_is_not(place: Place) -> None:
    place.tell(TEAM, 1)
    place.send_all()
    own = place.queue.published[0]
    place.listen_to([SUBSCRIBED, message(notes.written(*own)), message(notes.written("another", {OTHER: 4}))])
    assert place.heard == [{OTHER: 4}]


def test_viewers_of_other_processes_are_heard_and_own_are_told(place: Place) -> None:
    seen = Viewers((Viewer("x", "김하나", None),), 1)
    place.neighbours.tell_viewers(TEAM, Viewers((), 0))
    place.neighbours.tell_viewers(TEAM, seen)
    place.send_all()
    ((own, told),) = place.queue.viewers_published
    assert told == {TEAM: seen}
    messages = [viewer_notes.written(sender, {TEAM: seen}) for sender in (own, "another")]
    place.listen_to([SUBSCRIBED, *(message(each, b"viewers") for each in messages)])
    assert place.viewers_heard == [("another", TEAM, seen)]
    assert place.heard == []


def test_viewers_that_change_while_they_are_told_are_told_again(place: Place) -> None:
    one, two = (Viewers((Viewer("x", name, None),), 1) for name in ("하나", "둘"))
    place.neighbours.tell_viewers(TEAM, one)
    later = iter([lambda: place.neighbours.tell_viewers(TEAM, two)])
    place.queue.while_publishing = lambda: next(later, lambda: None)()
    place.send_all()
    assert [told for _sender, told in place.queue.viewers_published] == [{TEAM: one}, {TEAM: two}]


def test_changes_go_before_viewers(place: Place) -> None:
    order: list[str] = []
    place.neighbours.tell_viewers(TEAM, Viewers((), 0))
    place.tell(TEAM, 1)
    place.queue.while_publishing = lambda: order.append("viewers" if place.queue.viewers_published else "heads")
    place.send_all()
    assert order == ["heads", "viewers"]


def test_changes_without_end_do_not_keep_viewers_from_being_told(place: Place) -> None:
    place.sleeps_left = 10
    place.tell(TEAM, 1)
    place.neighbours.tell_viewers(TEAM, Viewers((), 0))
    place.queue.while_publishing = lambda: place.tell(TEAM, len(place.queue.published) + 1)
    place.send_all()
    assert len(place.queue.published) > 5
    assert [told for _sender, told in place.queue.viewers_published] == [{TEAM: Viewers((), 0)}]


def test_viewers_that_wait_for_the_queue_are_bounded(place: Place) -> None:
    for number in range(UNSENT_MAX + 10):
        place.neighbours.tell_viewers(f"department {number}", Viewers((), 0))
    place.send_all()
    told = [department for _sender, some in place.queue.viewers_published for department in some]
    assert (len(told), told[-1]) == (UNSENT_MAX, f"department {UNSENT_MAX + 9}")


def test_junk_is_logged_once_a_minute_and_disturbs_nothing(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    junk = [
        message(b"\xff"),
        message(b"[]"),
        message(b"x" * 70_000),
        message(b"[]", b"viewers"),
        {"type": "pmessage", "data": b"x"},
    ]
    place.listen_to([SUBSCRIBED, *junk * 5, message(notes.written("another", {TEAM: 1}))])
    assert place.heard == [{TEAM: 1}]
    assert caplog.text.count("junk") == 1
    place.now += 61
    place.listen_to(junk)
    assert caplog.text.count("junk") == 2


@pytest.mark.parametrize(("size", "rests"), [(1, 10), (60_000, 50)])
def test_a_flood_of_messages_lets_others_have_their_turn(place: Place, size: int, rests: int) -> None:
    place.listen_to([message(b"x" * size)] * (10 * TAKEN_TOGETHER))
    assert len(place.slept) >= rests


def test_who_cannot_keep_up_begins_anew_with_what_is_fresh(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    place.queue.is_flooded = True
    place.listen_to([SUBSCRIBED, *[message(b"x")] * 150 * TAKEN_TOGETHER])
    assert place.queue.closed == 2
    assert max(place.slept) == 0.5
    assert caplog.text.count("more than can be read") == 1
    assert "does not answer" not in caplog.text


def test_a_process_that_was_busy_while_reading_rested_is_not_behind(place: Place) -> None:
    def busy(seconds: float) -> None:
        place.now += 1.2
        place.queue.is_flooded = True

    place.neighbours._socketio.sleep = busy  # type: ignore[method-assign]
    few = [message(notes.written("another", {TEAM: seq})) for seq in range(1, 20)]
    place.listen_to([SUBSCRIBED, *[message(b"x")] * TAKEN_TOGETHER, *few])
    assert len(place.heard) == len(few)
    assert place.queue.closed == 1


def test_who_has_waited_is_not_behind(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """The answer to a ping after a second of silence, or a burst after it."""

    def silent_then_busy() -> Iterator[Any]:
        yield SUBSCRIBED
        for _ in range(5):
            place.now += 1.0
            place.queue.is_flooded = True  # by the time that it looks again
            yield None
            place.queue.is_flooded = False
            yield {"type": "pong", "data": b""}
            place.now += 0.9
            place.queue.is_flooded = True
            yield message(notes.written("another", {TEAM: 1}))
            for _ in range(5):
                place.now += 0.1
                yield message(notes.written("another", {TEAM: 2}))
            place.queue.is_flooded = False
            yield message(notes.written("another", {TEAM: 3}))

    place.listen_to(silent_then_busy())
    assert place.queue.closed == 1
    assert "junk" not in caplog.text
    assert len(place.heard) == 5 * 7


def test_a_queue_that_has_fallen_silent_is_connected_to_anew(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    def silence() -> Iterator[Any]:
        yield SUBSCRIBED
        while place.queue.closed == 0:
            place.now += 1
            yield None

    began = place.now
    place.listen_to(silence())
    assert SILENCE_SECONDS < place.now - began < SILENCE_SECONDS + 3
    assert place.queue.pings >= 2
    assert "no answer to a ping" in caplog.text


def test_a_lost_queue_is_logged_once_and_its_return_too(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    gone = ConnectionError("gone")
    place.tell(TEAM, 1)
    place.sleeps_left, place.queue.refuses = 4, gone
    place.send_all()
    place.sleeps_left = 4
    place.listen_to([])
    assert caplog.text.count("does not answer") == 1
    assert "connected" not in caplog.text
    place.queue.refuses, place.sleeps_left = None, 9
    place.listen_to([SUBSCRIBED, gone, gone, gone])
    assert caplog.text.count("is connected") == 1
    assert caplog.text.count("does not answer") == 2


def test_a_queue_that_may_be_heard_but_not_told_is_logged_once(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    place.listen_to([SUBSCRIBED])
    place.queue.refuses, place.sleeps_left = PermissionError("no publishing"), 20
    place.tell(TEAM, 1)
    place.send_all()
    assert caplog.text.count("does not answer: no publishing") == 1
    assert max(place.slept) <= 2
    place.queue.refuses, place.sleeps_left = None, 3
    place.tell(TEAM, 2)
    place.send_all()
    assert caplog.text.count("is connected") == 2


def test_no_call_to_the_queue_waits_longer_than_its_timeout() -> None:
    for url in ("redis://127.0.0.1:1/0", "rediss://127.0.0.1:1", "unix:///nowhere/redis.sock"):
        client = connect_to(url)()
        connection = client.connection_pool.make_connection()
        assert (connection.socket_timeout, connection.socket_connect_timeout) == (TIMEOUT_SECONDS, TIMEOUT_SECONDS)
        client.close()
