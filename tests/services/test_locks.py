"""Locks of histories."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Sequence

import pytest

from calendar_server.errors import StoreUnavailable
from calendar_server.services.locks import HistoryLocks


def finished(threads: Sequence[threading.Thread]) -> bool:
    """Start ``threads``; True where all of them end in time."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return not any(thread.is_alive() for thread in threads)


def test_one_history_has_one_holder_at_a_time() -> None:
    locks = HistoryLocks()
    inside: list[int] = []
    most = []

    def hold() -> None:
        with locks.holding(["a"]):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.002)
            inside.pop()

    assert finished([threading.Thread(target=hold) for _ in range(8)])
    assert most == [1] * 8


def test_different_histories_do_not_wait_for_each_other() -> None:
    locks = HistoryLocks()
    held = []

    def hold() -> None:
        with locks.holding(["b"]):
            held.append("b")

    with locks.holding(["a"]):
        assert finished([threading.Thread(target=hold)])
    assert held == ["b"]


def test_holders_of_two_histories_in_either_order_do_not_block_each_other() -> None:
    locks = HistoryLocks()
    rounds = []

    def hold(*histories: str) -> None:
        for _ in range(200):
            with locks.holding(histories):
                rounds.append(histories)

    pairs = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "a")]
    assert finished([threading.Thread(target=hold, args=pair, daemon=True) for pair in pairs])
    assert len(rounds) == 800


def test_a_history_named_twice_is_taken_once() -> None:
    with HistoryLocks(wait_seconds=0.05).holding(iter(["a", "a"])):
        pass


def test_who_waits_too_long_is_told_and_holds_nothing() -> None:
    locks = HistoryLocks(wait_seconds=0.05)
    with locks.holding(["b"]):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable), locks.holding(["a", "b"]):
            pytest.fail("the lock is held by somebody else")
        assert 0.04 < time.monotonic() - began < 5
        with locks.holding(["a"]):
            pass
    with locks.holding(["a", "b"]):
        pass


def test_an_error_inside_gives_the_locks_back() -> None:
    locks = HistoryLocks(wait_seconds=0.05)
    with pytest.raises(KeyboardInterrupt), locks.holding(["a", "b"]):
        raise KeyboardInterrupt
    with locks.holding(["a", "b"]):
        pass


def test_locks_that_nobody_holds_are_forgotten() -> None:
    locks = HistoryLocks(wait_seconds=0.01)
    with locks.holding(["held"]):
        for number in range(100):
            with locks.holding([str(number)]):
                pass
        with pytest.raises(StoreUnavailable), locks.holding(["held"]):
            pytest.fail("the lock is held")
        gc.collect()
        assert list(locks._locks) == ["held"]
    gc.collect()
    assert not locks._locks
