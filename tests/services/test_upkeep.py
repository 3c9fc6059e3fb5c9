"""Looking after the store of a running server."""

from __future__ import annotations

from typing import Any

import pytest

from calendar_server.errors import StoreUnavailable, StoreUnusable
from calendar_server.services.upkeep import ROUND_SECONDS, keep_up, look_after


class Ended(Exception):
    """Ends the upkeep, which otherwise lasts as long as the process."""


class Patient:
    """A store whose checks end as the test wants: an error is raised, None is well."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends = list(ends)
        self.finished = 0
        self.forgotten = 0

    def describe(self) -> str:
        return "a store in a test"

    def check(self) -> None:
        end = self.ends.pop(0) if self.ends else None
        if end is not None:
            raise end

    def finish_deletions(self, department_id: str | None = None) -> bool:
        self.finished += 1
        return False

    def forget_expired(self) -> None:
        self.forgotten += 1


def pauses_of(store: Patient, count: int) -> list[float]:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == count:
            raise Ended

    with pytest.raises(Ended):
        keep_up(store, sleep)  # type: ignore[arg-type]
    return pauses


def test_a_healthy_store_is_named_and_looked_at_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    store = Patient()
    with caplog.at_level("INFO"):
        assert pauses_of(store, 3) == [ROUND_SECONDS] * 3
    assert (store.finished, store.forgotten) == (3, 3)
    assert "a store in a test" in caplog.text


def test_a_store_that_is_down_is_tried_again_at_growing_intervals() -> None:
    down = StoreUnavailable("no answer")
    store = Patient(*[down] * 8, None, down)
    assert pauses_of(store, 10) == [1, 2, 4, 8, 16, 32, 60, 60, ROUND_SECONDS, 1]
    assert (store.finished, store.forgotten) == (1, 1)


def test_every_problem_of_an_unusable_store_is_logged_plainly(caplog: pytest.LogCaptureFixture) -> None:
    unusable: Any = Patient(StoreUnusable(["'departments' 테이블이 없습니다.", "'events' 테이블이 없습니다."]))
    assert look_after(unusable) is False
    assert [record.getMessage() for record in caplog.records] == [
        "'departments' 테이블이 없습니다.",
        "'events' 테이블이 없습니다.",
    ]


def test_an_unexpected_error_does_not_end_the_upkeep(caplog: pytest.LogCaptureFixture) -> None:
    broken: Any = Patient(ZeroDivisionError())
    assert look_after(broken) is False
    assert "looking after the store failed" in caplog.text
