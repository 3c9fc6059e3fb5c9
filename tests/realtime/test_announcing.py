"""Who is told what about a change."""

from __future__ import annotations

import queue
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.realtime.announcing import Announcer, meta_message, subject_message
from calendar_server.wire.objects import department_json, event_json

AT = "2024-01-15T10:30:00.000Z"
DEPARTMENT = Department("d1", "개발팀", "", AT, AT)
EVENT = CalendarEvent("e1", "d1", "2024-01-20", "팀 회의", "", "오후 2:00", "", AT, AT)


class Emitting:
    """Stands for SocketIO: keeps what is emitted, in order, from a real background thread."""

    def __init__(self) -> None:
        self.emitted: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.started = 0
        self.fail_on: str | None = None
        self.server = SimpleNamespace(eio=SimpleNamespace(create_queue=queue.Queue))

    def start_background_task(self, target: Any) -> None:
        self.started += 1
        threading.Thread(target=target, daemon=True).start()

    def emit(self, event: str, message: Any, to: str | None = None) -> None:
        if event == self.fail_on:
            raise OSError("broken")
        self.emitted.put((event, message, to))

    def close_room(self, room: str) -> None:
        self.emitted.put(("close_room", room))

    def sleep(self, seconds: float) -> None:
        assert seconds == 0

    def next(self) -> tuple[Any, ...]:
        return self.emitted.get(timeout=5)


@pytest.fixture
def emitting() -> Emitting:
    return Emitting()


def change(change_type: Any, seq: int = 1, mutation_id: str | None = None) -> Change:
    in_list = change_type.startswith("department")
    history = DEPARTMENTS_HISTORY if in_list else "d1"
    return Change(history, seq, change_type, DEPARTMENT if in_list else EVENT, AT, mutation_id)


def test_departments_go_to_everyone_and_events_to_their_room(emitting: Emitting) -> None:
    announcer = Announcer(emitting)  # type: ignore[arg-type]
    announcer.announce([change("department_created", 4), change("event_created", 7, "m-1")])
    meta_of_list = {"department_id": None, "seq": 4, "mutation_id": None}
    meta_of_event = {"department_id": "d1", "seq": 7, "mutation_id": "m-1"}
    assert emitting.next() == ("department_created", (department_json(DEPARTMENT), meta_of_list), None)
    assert emitting.next() == ("event_created", (event_json(EVENT), meta_of_event), "department:d1")


def test_of_what_is_deleted_only_the_ids_are_told() -> None:
    assert subject_message(change("department_deleted")) == {"id": "d1"}
    assert subject_message(change("event_deleted")) == {"id": "e1", "department_id": "d1"}
    assert meta_message(change("event_deleted", 9))["seq"] == 9


def test_the_room_of_a_deleted_department_is_reset_and_closed(emitting: Emitting) -> None:
    Announcer(emitting).announce([change("department_deleted")])  # type: ignore[arg-type]
    assert emitting.next()[0] == "department_deleted"
    reset = {"department_id": "d1", "reason": "department_deleted"}
    assert emitting.next() == ("sync_reset", reset, "department:d1")
    assert emitting.next() == ("close_room", "department:d1")


def test_many_changes_are_sent_in_their_order_by_one_task(emitting: Emitting) -> None:
    announcer = Announcer(emitting)  # type: ignore[arg-type]
    for seq in range(1, 101):
        announcer.announce([change("event_updated", seq)])
    assert [emitting.next()[1][1]["seq"] for _ in range(100)] == list(range(1, 101))
    assert emitting.started == 1


def test_a_failing_emit_is_logged_and_the_next_one_goes_on(
    emitting: Emitting, caplog: pytest.LogCaptureFixture
) -> None:
    emitting.fail_on = "event_created"
    announcer = Announcer(emitting)  # type: ignore[arg-type]
    announcer.announce([change("event_created"), change("event_updated", 2)])
    assert emitting.next()[0] == "event_updated"
    assert "event_created 1 of d1 was not sent" in caplog.text


def test_announcing_never_raises(
    emitting: Emitting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_target: Any) -> None:
        raise RuntimeError("no more threads")

    monkeypatch.setattr(emitting, "start_background_task", refuse)
    Announcer(emitting).announce([change("event_created")])  # type: ignore[arg-type]
    assert "could not be announced" in caplog.text
