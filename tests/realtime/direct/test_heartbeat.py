"""One timer for all pings."""

from __future__ import annotations

from typing import Any

import pytest

from calendar_server.realtime.direct.heartbeat import Deadlines, Heartbeat


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Sessions:
    """Sessions are names; ``silent`` ones do not answer, ``gone`` ones are over, ``broken`` ones raise."""

    def __init__(self) -> None:
        self.pinged: list[str] = []
        self.timed_out: list[str] = []
        self.silent: set[str] = set()
        self.gone: set[str] = set()
        self.broken: set[str] = set()

    def ping(self, session: Any) -> bool:
        if session in self.broken:
            raise RuntimeError(session)
        if session not in self.gone:
            self.pinged.append(session)
        return session not in self.gone

    def is_overdue(self, session: Any) -> bool:
        return session in self.silent

    def time_out(self, session: Any) -> None:
        self.timed_out.append(session)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def heart(clock: Clock, sessions: Sessions) -> Heartbeat:
    return Heartbeat(25, 20, sessions, clock)


def test_each_session_is_pinged_an_interval_after_its_last_answer(
    heart: Heartbeat, clock: Clock, sessions: Sessions
) -> None:
    heart.schedule("a")
    clock.now += 10
    heart.schedule("b")
    clock.now += 14.9
    heart.tick()
    assert sessions.pinged == []
    clock.now += 0.1
    heart.tick()
    assert sessions.pinged == ["a"]
    clock.now += 10
    heart.tick()
    assert sessions.pinged == ["a", "b"]
    heart.schedule("a")
    clock.now += 25
    heart.tick()
    assert sessions.pinged == ["a", "b", "a"]


def test_who_does_not_answer_in_time_is_ended_and_nobody_else(
    heart: Heartbeat, clock: Clock, sessions: Sessions
) -> None:
    for name in ("answers", "silent", "gone"):
        heart.schedule(name)
    sessions.silent = {"silent"}
    sessions.gone = {"gone"}
    clock.now += 25
    heart.tick()
    clock.now += 19
    heart.tick()
    assert sessions.timed_out == []
    clock.now += 1
    heart.tick()
    assert sessions.timed_out == ["silent"]


def test_a_session_that_cannot_be_pinged_holds_up_nobody(heart: Heartbeat, clock: Clock, sessions: Sessions) -> None:
    sessions.broken = {"broken"}
    heart.schedule("broken")
    heart.schedule("sound")
    clock.now += 25
    heart.tick()
    assert sessions.pinged == ["sound"]


def test_deadlines_are_called_in_their_order_whatever_the_earlier_ones_do(clock: Clock) -> None:
    called: list[str] = []
    deadlines = Deadlines(clock)

    def broken() -> None:
        called.append("broken")
        raise RuntimeError

    deadlines.after(3, lambda: called.append("late"))
    deadlines.after(1, broken)
    deadlines.after(2, lambda: called.append("soon"))
    clock.now += 2
    deadlines.tick()
    assert called == ["broken", "soon"]
    clock.now += 1
    deadlines.tick()
    deadlines.tick()
    assert called == ["broken", "soon", "late"]
