"""Waiting for the next change of a history."""

from __future__ import annotations

import threading

import pytest

from calendar_server.services.waiting import Waiting


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_a_change_wakes_all_who_wait_for_its_history_and_nobody_else(waiting: Waiting) -> None:
    with waiting.waiter("a") as first, waiting.waiter("a") as second, waiting.waiter("b") as other:
        assert sorted(waiting.histories()) == ["a", "b"]
        waiting.wake("a")
        assert (first.is_set(), second.is_set(), other.is_set()) == (True, True, False)


def test_a_change_between_taking_the_event_and_waiting_is_not_missed(waiting: Waiting) -> None:
    with waiting.waiter("a") as changed:
        waiting.wake("a")
        assert changed.wait(0)


def test_a_thread_that_waits_goes_on_at_once(waiting: Waiting) -> None:
    woken: list[bool] = []
    ready = threading.Event()

    def wait() -> None:
        with waiting.waiter("a") as changed:
            ready.set()
            woken.append(changed.wait(10))

    thread = threading.Thread(target=wait)
    thread.start()
    assert ready.wait(5)
    waiting.wake("a")
    thread.join(5)
    assert woken == [True]


def test_who_has_gone_is_forgotten(waiting: Waiting) -> None:
    with pytest.raises(KeyboardInterrupt), waiting.waiter("a"):
        raise KeyboardInterrupt
    with waiting.waiter("a"), waiting.waiter("a"):
        pass
    waiting.wake("a")
    waiting.wake("nobody waits for this one")
    assert waiting.histories() == []
    assert not waiting._waiters


def test_the_end_lets_everybody_go(waiting: Waiting) -> None:
    assert waiting.closed is False
    with waiting.waiter("a") as first, waiting.waiter("b") as second:
        waiting.close()
        assert (waiting.closed, first.is_set(), second.is_set()) == (True, True, True)
