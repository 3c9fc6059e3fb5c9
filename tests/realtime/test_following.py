"""What other processes have written is found in the log about once a second, and lost logs are said to be lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from realtime.stage import Scene
from samples import EVENT_BODY

from calendar_server.domain.changes import DEPARTMENTS_HISTORY
from calendar_server.errors import StoreUnavailable
from calendar_server.wire.objects import department_json, event_json

LONG_AGO = "2024-01-15T10:30:00.000Z"


def in_the_file(scene: Scene, statement: str, *values: object) -> None:
    """Something happens to the file behind everybody's back."""
    with closing(sqlite3.connect(scene.store.path)) as db, db:
        assert db.execute(statement, values).rowcount > 0


@pytest.fixture
def team(scene: Scene) -> str:
    """A department that somebody watches, after the first round."""
    department_id = scene.department()
    scene.announcer.watch(DEPARTMENTS_HISTORY)
    scene.watch(department_id)
    scene.stage.pass_seconds()
    scene.stage.heard()
    return department_id


def test_changes_of_other_processes_are_sent_within_a_round_in_order(scene: Scene, team: str) -> None:
    event = scene.elsewhere.editing.create_event(team, EVENT_BODY).subject
    scene.elsewhere.editing.update_event(event.id, {"title": "변경"})
    assert scene.stage.heard() == []
    scene.stage.pass_seconds()
    messages = scene.stage.heard()
    assert [(name, room) for name, _arguments, room in messages] == [
        ("event_created", f"department:{team}"),
        ("event_updated", f"department:{team}"),
    ]
    data, meta = messages[0][1]
    assert data == event_json(event)
    cursor = scene.here.cursors.read(meta["cursor"], team)
    assert (meta["department_id"], meta["seq"], cursor.seq, meta["mutation_id"]) == (team, 1, 1, None)
    assert cursor.epoch == scene.store.store.head(team).epoch
    scene.stage.pass_seconds()
    assert scene.stage.heard() == []


def test_a_round_in_which_nothing_has_happened_costs_one_read(scene: Scene, team: str) -> None:
    scene.store.calls.clear()
    scene.stage.pass_seconds(3)
    assert scene.store.calls == ["heads"] * 3


def test_rounds_do_not_pile_up_while_one_waits(scene: Scene, team: str) -> None:
    scene.store.calls.clear()
    scene.stage.let_time_pass(10)
    scene.stage.carry_out()
    assert scene.store.calls == ["heads"]


def test_departments_made_elsewhere_are_told_to_everyone(scene: Scene, team: str) -> None:
    made = scene.elsewhere.editing.create_department({"name": "영업팀"}).subject
    scene.stage.pass_seconds()
    ((name, (data, meta), room),) = scene.stage.heard()
    assert (name, data, meta["seq"], room) == ("department_created", department_json(made), 2, None)


def test_more_changes_than_are_read_at_a_time_are_all_sent(scene: Scene, team: str) -> None:
    bodies = [{**EVENT_BODY, "title": f"{number}"} for number in range(1_050)]
    for body in bodies:
        scene.elsewhere.editing.create_event(team, body)
    scene.stage.pass_seconds()
    assert scene.stage.heard_seqs() == list(range(1, 1_051))


def test_a_department_deleted_elsewhere_is_told_to_everyone_and_its_room_is_reset(scene: Scene, team: str) -> None:
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.elsewhere.editing.delete_department(team)
    scene.stage.pass_seconds()
    deleted, *rest = scene.stage.heard()
    assert (deleted[0], deleted[1][0], deleted[2]) == ("department_deleted", {"id": team}, None)
    assert (deleted[1][1]["department_id"], deleted[1][1]["seq"]) == (None, 2)
    assert rest == [
        ("sync_reset", {"department_id": team, "reason": "department_deleted"}, f"department:{team}"),
        ("close_room", None, f"department:{team}"),
    ]
    scene.stage.pass_seconds(30)
    assert scene.stage.heard() == []


@pytest.mark.parametrize("failing", ["heads", "head", "changes_after"])
def test_a_store_that_fails_during_a_round_is_asked_again_in_the_next(
    scene: Scene, team: str, failing: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.store.failures[failing] = StoreUnavailable("no answer")
    scene.stage.pass_seconds(3)
    assert scene.stage.heard() == []
    assert caplog.text.count("announcing waits for the store") == 3
    scene.store.failures.clear()
    scene.stage.pass_seconds()
    assert scene.stage.heard_seqs() == [1]


def test_an_unexpected_failure_ends_no_round(scene: Scene, team: str, caplog: pytest.LogCaptureFixture) -> None:
    scene.store.failures["heads"] = ZeroDivisionError()
    scene.stage.pass_seconds()
    assert "announcing failed" in caplog.text
    scene.store.failures.clear()
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.stage.pass_seconds()
    assert scene.stage.heard_seqs() == [1]


def test_one_history_that_cannot_be_read_holds_up_no_other(scene: Scene, team: str) -> None:
    others = [scene.department(f"부서 {number}") for number in range(3)]
    scene.stage.pass_seconds()
    for department_id in (team, *others):
        scene.watch(department_id)
        scene.elsewhere.editing.create_event(department_id, EVENT_BODY)
    scene.stage.heard()
    unreadable = min(team, *others)

    def guard(history: str, *_: object) -> None:
        if history == unreadable:
            raise StoreUnavailable("no answer")

    scene.store.guards["changes_after"] = guard
    scene.stage.pass_seconds()
    rooms = {room for _name, _arguments, room in scene.stage.heard()}
    assert rooms == {f"department:{each}" for each in (team, *others) if each != unreadable}


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("DELETE FROM changes WHERE history = ? AND seq <= 2", ()),
        ("DELETE FROM changes WHERE history = ? AND seq = 2", ()),
        ("DELETE FROM changes WHERE history = ?", ()),
        ("UPDATE changes SET at = ? WHERE history = ? AND seq <= 2", (LONG_AGO,)),
        ("UPDATE heads SET epoch = ? WHERE history = ?", ("feedbeef",)),
    ],
)
def test_a_log_that_does_not_lead_on_is_said_to_be_lost_and_followed_anew(
    scene: Scene, team: str, statement: str, values: tuple[str, ...]
) -> None:
    for _ in range(3):
        scene.elsewhere.editing.create_event(team, EVENT_BODY)
    in_the_file(scene, statement, *values, team)
    scene.stage.pass_seconds()
    name, arguments, room = scene.stage.heard()[-1]
    assert (name, room) == ("sync_reset", f"department:{team}")
    assert arguments == {"department_id": team, "reason": "history_lost"}
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.stage.pass_seconds()
    ((name, (_data, meta), _room),) = scene.stage.heard()
    assert (name, meta["seq"]) == ("event_created", 4)
    assert scene.here.cursors.read(meta["cursor"], team).epoch == scene.store.store.head(team).epoch


def test_the_lost_log_of_the_list_concerns_everyone(scene: Scene, team: str) -> None:
    in_the_file(scene, "UPDATE heads SET epoch = 'feedbeef' WHERE history = ?", DEPARTMENTS_HISTORY)
    scene.stage.pass_seconds()
    assert scene.stage.heard() == [("sync_reset", {"department_id": None, "reason": "history_lost"}, None)]


def test_own_changes_in_a_new_numbering_are_not_taken_for_the_old_one(scene: Scene, team: str) -> None:
    in_the_file(scene, "UPDATE heads SET epoch = 'feedbeef' WHERE history = ?", team)
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.stage.carry_out()
    reset = {"department_id": team, "reason": "history_lost"}
    assert scene.stage.heard() == [("sync_reset", reset, f"department:{team}")]


def test_heads_are_told_every_fifteen_seconds(scene: Scene) -> None:
    teams = sorted([scene.department("개발팀"), scene.department("영업팀")])
    scene.announcer.watch(DEPARTMENTS_HISTORY)
    for department_id in teams:
        scene.watch(department_id)
    scene.elsewhere.editing.create_event(teams[0], EVENT_BODY)
    heads: dict[int, list[tuple[str, int]]] = {}
    for second in range(1, 33):
        scene.stage.pass_seconds()
        told = [(room, arguments) for name, arguments, room in scene.stage.heard() if name == "department_head"]
        for room, arguments in told:
            assert set(arguments) == {"department_id", "seq", "cursor"}
            assert room == f"department:{arguments['department_id']}"
            assert scene.here.cursors.read(arguments["cursor"], arguments["department_id"]).seq == arguments["seq"]
            heads.setdefault(second, []).append((arguments["department_id"], arguments["seq"]))
    assert {second: sorted(told) for second, told in heads.items()} == {
        second: [(teams[0], 1), (teams[1], 0)] for second in (1, 16, 31)
    }


def test_a_head_that_cannot_be_sent_keeps_no_other_back(
    scene: Scene, team: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene.stage.failing = {"department_head"}
    scene.stage.pass_seconds(16)
    scene.stage.failing = set()
    assert "announcing failed" in caplog.text
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.stage.pass_seconds()
    assert scene.stage.heard_seqs() == [1]


def test_long_polls_are_woken_by_what_others_write_and_by_nothing_else(scene: Scene) -> None:
    department_id, quiet = scene.department("개발팀"), scene.department("영업팀")
    with scene.here.waiting.waiter(department_id) as woken, scene.here.waiting.waiter(quiet) as asleep:
        scene.stage.pass_seconds()
        woken.clear()
        asleep.clear()
        scene.stage.pass_seconds(3)
        assert not woken.is_set()
        scene.elsewhere.editing.create_event(department_id, EVENT_BODY)
        scene.stage.pass_seconds()
        assert woken.is_set()
        assert not asleep.is_set()
    scene.store.calls.clear()
    scene.stage.pass_seconds()
    assert scene.store.calls == []


def test_a_long_poll_that_began_before_its_history_was_followed_looks_once_more(scene: Scene) -> None:
    department_id = scene.department()
    with scene.here.waiting.waiter(department_id) as woken:
        scene.elsewhere.editing.create_event(department_id, EVENT_BODY)
        scene.stage.pass_seconds()
        assert woken.is_set()


@pytest.mark.parametrize("watched", [True, False])
def test_a_long_poll_on_a_department_that_is_deleted_elsewhere_is_woken(scene: Scene, watched: bool) -> None:
    department_id = scene.department()
    if watched:
        scene.announcer.watch(DEPARTMENTS_HISTORY)
        scene.watch(department_id)
    with scene.here.waiting.waiter(department_id) as woken:
        scene.stage.pass_seconds()
        woken.clear()
        scene.elsewhere.editing.delete_department(department_id)
        scene.stage.pass_seconds()
        assert woken.is_set()
