"""Who is a viewer, for how long, and how often rooms are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from calendar_server.domain.fields import VIEWERS_NAMED_MAX
from calendar_server.realtime import presence as presence_module
from calendar_server.realtime.presence import (
    EXPIRE_SECONDS,
    HEARD_MAX,
    SHARE_SECONDS,
    SWEEP_SECONDS,
    TELL_SECONDS,
    TELL_SECONDS_A_VIEWER,
    Presence,
)
from calendar_server.realtime.rooms import room_of
from calendar_server.realtime.viewer_notes import Viewer, Viewers

EVENT = "7d0f3c1e-58a4-4b8e-a0f5-2c9e1b7d4a63"


class Stage:
    """Stands for SocketIO, with a clock of its own; background tasks do not begin."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.tasks: list[Callable[[], None]] = []
        self.messages: list[dict[str, Any]] = []
        self.shared: list[tuple[str, Viewers]] = []
        self.failing = False
        self.presence = Presence(self, lambda: self.now)  # type: ignore[arg-type]

    def share(self, department_id: str, viewers: Viewers) -> None:
        if self.failing:
            raise OSError("broken")
        self.shared.append((department_id, viewers))

    def shares(self, after: float = 1.0) -> list[tuple[str, list[str], int]]:
        """What other processes are told when so many seconds have passed: (department, names, count)."""
        self.told(after)
        shared, self.shared = self.shared, []
        return [(department, [v.name for v in viewers.named], viewers.count) for department, viewers in shared]

    def start_background_task(self, task: Callable[[], None]) -> None:
        self.tasks.append(task)

    def emit(self, event: str, message: dict[str, Any], to: str, ignore_queue: bool) -> None:
        if self.failing:
            raise OSError("broken")
        assert (event, to, ignore_queue) == ("presence", room_of(message["department_id"]), True)
        self.messages.append(message)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def told(self, after: float = 1.0) -> list[tuple[str, list[str], int]]:
        """What rooms are told when so many seconds have passed: (department, names, count)."""
        self.now += after
        self.presence.tell()
        messages, self.messages = self.messages, []
        return [(each["department_id"], [v["name"] for v in each["viewers"]], each["count"]) for each in messages]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_room_is_told_of_a_new_viewer_under_an_id_that_is_not_the_sockets(stage: Stage) -> None:
    viewer_id = stage.presence.update("sid-1", "d1", "김하나", EVENT)
    stage.presence.tell()
    assert stage.messages == [
        {"department_id": "d1", "viewers": [{"id": viewer_id, "name": "김하나", "editing": EVENT}], "count": 1}
    ]
    assert "sid-1" not in viewer_id
    assert stage.presence.update("sid-1", "d2", "김하나", None) == viewer_id
    assert stage.presence.update("sid-2", "d1", "김하나", None) != viewer_id


def test_what_says_nothing_new_is_not_told(stage: Stage) -> None:
    stage.presence.update("a", "d1", "하나", None)
    assert stage.told() == [("d1", ["하나"], 1)]
    stage.presence.update("a", "d1", "하나", None)
    assert stage.told() == []
    stage.presence.update("a", "d1", "하나", EVENT)
    assert stage.told() == [("d1", ["하나"], 1)]


def test_changes_that_come_close_together_are_told_together(stage: Stage) -> None:
    stage.presence.update("a", "d1", "하나", None)
    assert stage.told(0) == [("d1", ["하나"], 1)]
    for name in ("둘", "셋"):
        stage.presence.update(name, "d1", name, None)
        assert stage.told(TELL_SECONDS / 3) == []
    assert stage.told(TELL_SECONDS) == [("d1", ["하나", "둘", "셋"], 3)]


def test_a_large_room_is_told_less_often_and_at_most_a_hundred_names_with_the_count_of_all(stage: Stage) -> None:
    for number in range(VIEWERS_NAMED_MAX + 50):
        stage.presence.update(f"s{number}", "d1", f"{number}", None)
    stage.presence.update("last", "d1", "편집자", EVENT)
    ((_department, names, count),) = stage.told()
    assert (len(names), names[:2], count) == (VIEWERS_NAMED_MAX, ["편집자", "0"], VIEWERS_NAMED_MAX + 51)
    stage.presence.leave("s0", "d1")
    assert stage.told(TELL_SECONDS) == []
    assert stage.told(TELL_SECONDS_A_VIEWER * 151)[0][2] == VIEWERS_NAMED_MAX + 50


def test_who_leaves_or_disconnects_is_gone_at_once(stage: Stage) -> None:
    for department in ("d1", "d2"):
        for name in ("하나", "둘"):
            stage.presence.update(name, department, name, None)
    stage.told()
    stage.presence.leave("하나", "d1")
    assert stage.told() == [("d1", ["둘"], 1)]
    stage.presence.disconnect("둘")
    assert stage.told() == [("d1", [], 0), ("d2", ["하나"], 1)]
    stage.presence.leave("nobody", "d1")
    stage.presence.disconnect("nobody")
    assert stage.told() == []


def test_who_crashed_is_gone_within_thirty_seconds_and_who_goes_on_stays(stage: Stage) -> None:
    stage.presence.update("crashed", "d1", "하나", EVENT)
    stage.presence.update("alive", "d1", "둘", None)
    stage.told()
    stage.told(EXPIRE_SECONDS - 2)
    stage.presence.update("alive", "d1", "둘", None)
    heard = [stage.told(SWEEP_SECONDS) for _ in range(3)]
    assert [message for messages in heard for message in messages] == [("d1", ["둘"], 1)]
    assert EXPIRE_SECONDS + SWEEP_SECONDS + TELL_SECONDS + TELL_SECONDS_A_VIEWER * 1_000 < 30


def test_a_deleted_department_has_no_viewers_and_nobody_is_told(stage: Stage) -> None:
    stage.presence.update("a", "d1", "하나", None)
    stage.presence.end("d1")
    stage.presence.end("unknown")
    assert stage.told() == []


def test_nothing_is_kept_of_those_who_have_gone(stage: Stage) -> None:
    for number in range(20):
        stage.presence.update(f"s{number}", f"d{number % 3}", "이름", None)
    stage.told()
    for number in range(0, 20, 2):
        stage.presence.disconnect(f"s{number}")
    stage.told(EXPIRE_SECONDS + 1)
    assert stage.told(SWEEP_SECONDS + TELL_SECONDS) == []
    assert (stage.presence._rooms, stage.presence._ids) == ({}, {})


def test_the_background_task_ends_with_the_last_viewer_and_begins_with_the_next(stage: Stage) -> None:
    stage.presence.update("a", "d1", "하나", None)
    stage.presence.update("b", "d1", "둘", None)
    assert len(stage.tasks) == 1
    stage.tasks[0]()
    assert [message["count"] for message in stage.messages] == [2, 0]
    stage.presence.update("a", "d1", "하나", None)
    assert len(stage.tasks) == 2


@pytest.fixture
def joined(stage: Stage) -> Stage:
    """A stage with other processes."""
    stage.presence = Presence(stage, lambda: stage.now, stage.share)  # type: ignore[arg-type]
    return stage


def of(*viewers: Viewer, count: int | None = None) -> Viewers:
    return Viewers(viewers, len(viewers) if count is None else count)


REMOTE, EDITOR = Viewer("x", "원격", None), Viewer("y", "편집자", EVENT)


def test_viewers_of_other_processes_are_told_too_until_they_expire(joined: Stage) -> None:
    joined.presence.update("a", "d1", "하나", None)
    joined.presence.hear("process-2", "d1", of(REMOTE, EDITOR))
    assert joined.told() == [("d1", ["편집자", "하나", "원격"], 3)]
    joined.presence.hear("process-2", "d1", of(REMOTE, EDITOR))
    assert joined.told() == []
    joined.presence.hear("process-2", "d1", of(REMOTE))
    assert joined.told() == [("d1", ["하나", "원격"], 2)]
    joined.told(EXPIRE_SECONDS - 2)
    joined.presence.update("a", "d1", "하나", None)
    assert joined.told(3) == [("d1", ["하나"], 1)]
    joined.presence.hear("process-2", "d1", of(REMOTE, EDITOR))
    joined.presence.hear("process-2", "d1", of())
    assert joined.told() == [("d1", ["하나"], 1)]


def test_only_a_hundred_are_named_of_all_processes_and_all_are_counted(joined: Stage) -> None:
    many = [Viewer(f"v{number}", f"{number}", None) for number in range(VIEWERS_NAMED_MAX)]
    for process in ("process-2", "process-3"):
        joined.presence.hear(process, "d1", of(*many, count=1_000))
    joined.presence.update("a", "d1", "하나", EVENT)
    ((_department, names, count),) = joined.told()
    assert (len(names), names[0], count) == (VIEWERS_NAMED_MAX, "하나", 2_001)


def test_other_processes_are_told_of_own_viewers_at_changes_and_again_before_they_forget(joined: Stage) -> None:
    joined.presence.update("a", "d1", "하나", None)
    joined.presence.hear("process-2", "d1", of(REMOTE))
    assert joined.shares() == [("d1", ["하나"], 1)]
    joined.presence.update("a", "d1", "하나", EVENT)
    joined.presence.update("b", "d1", "둘", None)
    assert joined.shares() == [("d1", ["하나", "둘"], 2)]
    assert joined.shares(SHARE_SECONDS - 2) == []
    assert joined.shares(2) == [("d1", ["하나", "둘"], 2)]
    assert 3 * SHARE_SECONDS < EXPIRE_SECONDS
    for sid in ("a", "b"):
        joined.presence.disconnect(sid)
    assert joined.shares() == [("d1", [], 0)]
    assert joined.shares(SHARE_SECONDS) == []


def test_what_others_say_is_not_said_again(joined: Stage) -> None:
    joined.presence.hear("process-2", "d1", of(REMOTE))
    assert joined.shares() == []
    assert joined.shares(SHARE_SECONDS) == []


def test_changes_that_come_close_together_are_shared_together(joined: Stage) -> None:
    for number in range(200):
        joined.presence.update(f"s{number}", "d1", f"{number}", None)
    ((_department, names, count),) = joined.shares(0)
    assert (len(names), count) == (VIEWERS_NAMED_MAX, 200)
    joined.presence.leave("s0", "d1")
    assert joined.shares(TELL_SECONDS) == []
    assert [count for _department, _names, count in joined.shares(TELL_SECONDS_A_VIEWER * 200)] == [199]


def test_who_expires_here_is_gone_elsewhere_too(joined: Stage) -> None:
    joined.presence.update("crashed", "d1", "하나", None)
    joined.shares()
    assert ("d1", [], 0) in joined.shares(EXPIRE_SECONDS + SWEEP_SECONDS)
    joined.told()
    assert joined.presence._rooms == {}


def test_made_up_viewers_are_bounded_and_forgotten(joined: Stage) -> None:
    crowd = of(*[REMOTE] * VIEWERS_NAMED_MAX)
    for number in range(HEARD_MAX // VIEWERS_NAMED_MAX + 100):
        joined.presence.hear(f"process {number}", f"d{number}", crowd)
    assert len(joined.presence._rooms) == HEARD_MAX // (VIEWERS_NAMED_MAX + 1)
    joined.told(EXPIRE_SECONDS + SWEEP_SECONDS)
    joined.presence.hear("process-2", "d1", of(REMOTE))
    assert joined.told() == [("d1", ["원격"], 1)]


def test_made_up_viewers_without_names_are_bounded_too(joined: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_module, "HEARD_MAX", 10)
    for number in range(20):
        joined.presence.hear(f"process {number}", f"d{number}", of(count=1))
    assert len(joined.presence._rooms) == 10


def test_at_the_bound_what_is_known_is_still_repeated_and_taken_back(
    joined: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence_module, "HEARD_MAX", 6)
    for _ in range(5):
        for number in range(6):
            joined.presence.hear("process", f"d{number}", of(REMOTE))
        joined.told(SHARE_SECONDS)
    assert sorted(joined.presence._rooms) == ["d0", "d1", "d2"]
    joined.presence.hear("process", "d1", of())
    assert joined.told() == [("d1", [], 0)]


def test_departments_that_end_make_room_for_others_viewers(joined: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_module, "HEARD_MAX", 2)
    for department in ("d1", "d2"):
        joined.presence.hear("process", department, of(REMOTE))
    joined.told()
    for department in ("d1", "d2"):
        joined.presence.end(department)
    assert not joined.presence.tell()
    joined.presence.hear("process", "d3", of(REMOTE))
    assert joined.told() == [("d3", ["원격"], 1)]


def test_a_process_that_repeats_itself_keeps_its_place(joined: Stage) -> None:
    for process, viewer in (("one", REMOTE), ("two", Viewer("z", "다른", None)), ("one", REMOTE)):
        joined.presence.hear(process, "d1", of(viewer))
    assert joined.told() == [("d1", ["원격", "다른"], 2)]


def test_who_comes_while_the_last_one_is_told_to_have_left_is_not_overtaken(joined: Stage) -> None:
    joined.presence.update("a", "d1", "하나", None)
    joined.shares()
    joined.presence.leave("a", "d1")
    share = joined.presence._share

    def shared_slowly(department_id: str, viewers: Viewers) -> None:
        joined.presence._share = share
        joined.presence.update("b", "d1", "둘", None)
        joined.share(department_id, viewers)

    joined.presence._share = shared_slowly
    assert joined.shares() == [("d1", [], 0)]
    assert len(joined.tasks) == 1
    assert joined.shares() == [("d1", ["둘"], 1)]


def test_other_processes_that_cannot_be_told_hold_up_nobody(joined: Stage, caplog: pytest.LogCaptureFixture) -> None:
    joined.failing = True
    joined.presence.update("a", "d1", "하나", None)
    assert joined.shares() == []
    assert "other processes were not told of the viewers of d1" in caplog.text
    joined.failing = False
    assert joined.shares(SHARE_SECONDS) == [("d1", ["하나"], 1)]


def test_without_other_processes_nothing_is_shared_or_kept_for_them(stage: Stage) -> None:
    stage.presence.update("a", "d1", "하나", None)
    stage.presence.disconnect("a")
    stage.told()
    assert (stage.shared, stage.presence._rooms) == ([], {})


def test_a_room_that_cannot_be_told_is_logged_and_holds_up_nobody(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.failing = True
    stage.presence.update("a", "d1", "하나", None)
    assert stage.told() == []
    assert "viewers of d1 were not told" in caplog.text
    stage.failing = False
    stage.presence.update("b", "d1", "둘", None)
    assert stage.told() == [("d1", ["하나", "둘"], 2)]


def test_the_module_keeps_nothing_outside_the_process() -> None:
    names = set(vars(presence_module))
    assert not names & {"Store", "Calendar", "sqlite3", "Path"}
