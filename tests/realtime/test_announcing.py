"""What this process has written is told to its watchers: at once, once, in order, and at nobody's cost."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from realtime.stage import Scene
from samples import EVENT_BODY

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Head
from calendar_server.domain.receipts import StoredAnswer
from calendar_server.errors import StoreUnavailable
from calendar_server.realtime import announcing
from calendar_server.services.mutations import Mutation
from calendar_server.wire.objects import department_json, event_json


def named(key: str) -> Mutation:
    """A write that its client has named."""
    answer = StoredAnswer(200, (), b"{}")
    return Mutation(key, "fingerprint", lambda _written: answer, lambda _error: answer)


def meta(scene: Scene, history: str, seq: int, mutation_id: str | None = None) -> dict[str, Any]:
    head = Head(seq, scene.here.store.head(history).epoch)
    in_list = history == DEPARTMENTS_HISTORY
    return {
        "department_id": None if in_list else history,
        "seq": seq,
        "cursor": scene.here.cursors.text(history, head),
        "mutation_id": mutation_id,
    }


def test_own_changes_are_sent_at_once_with_their_places(scene: Scene) -> None:
    team = scene.department()
    scene.watch(team)
    created = scene.here.editing.create_event(team, EVENT_BODY, named("m-1")).subject
    updated = scene.here.editing.update_event(created.id, {"title": "변경"}).subject
    scene.here.editing.delete_event(created.id)
    scene.stage.carry_out()
    room = f"department:{team}"
    assert scene.stage.heard() == [
        ("event_created", (event_json(created), meta(scene, team, 1, "m-1")), room),
        ("event_updated", (event_json(updated), meta(scene, team, 2)), room),
        ("event_deleted", ({"id": created.id, "department_id": team}, meta(scene, team, 3)), room),
    ]


def test_changes_of_the_list_go_to_everyone(scene: Scene) -> None:
    scene.stage.connect()
    scene.announcer.watch(DEPARTMENTS_HISTORY)
    created = scene.here.editing.create_department({"name": "개발팀"}).subject
    updated = scene.here.editing.update_department(created.id, {"description": "서버"}).subject
    scene.stage.carry_out()
    assert scene.stage.heard() == [
        ("department_created", (department_json(created), meta(scene, DEPARTMENTS_HISTORY, 1)), None),
        ("department_updated", (department_json(updated), meta(scene, DEPARTMENTS_HISTORY, 2)), None),
    ]


def test_the_room_of_a_deleted_department_is_reset_and_closed(scene: Scene) -> None:
    team = scene.department()
    scene.announcer.watch(DEPARTMENTS_HISTORY)
    scene.watch(team)
    scene.here.editing.delete_department(team)
    scene.stage.carry_out()
    assert scene.stage.heard() == [
        ("department_deleted", ({"id": team}, meta(scene, DEPARTMENTS_HISTORY, 2)), None),
        ("sync_reset", {"department_id": team, "reason": "department_deleted"}, f"department:{team}"),
        ("close_room", None, f"department:{team}"),
    ]
    scene.stage.pass_seconds(2)
    assert scene.stage.heard() == []


def test_a_move_is_told_to_both_rooms(scene: Scene) -> None:
    old, new = scene.department("개발팀"), scene.department("영업팀")
    event = scene.here.editing.create_event(old, EVENT_BODY).subject
    scene.stage.carry_out()
    scene.watch(old)
    scene.watch(new)
    moved = scene.here.editing.update_event(event.id, {"department_id": new}, mutation=named("m-2")).subject
    scene.stage.carry_out()
    assert scene.stage.heard() == [
        ("event_deleted", ({"id": event.id, "department_id": old}, meta(scene, old, 2, "m-2")), f"department:{old}"),
        ("event_created", (event_json(moved), meta(scene, new, 1, "m-2")), f"department:{new}"),
    ]


def test_only_rooms_with_somebody_inside_cost_anything(scene: Scene) -> None:
    watched, unwatched = scene.department("개발팀"), scene.department("영업팀")
    scene.watch(watched)
    scene.here.editing.create_event(unwatched, EVENT_BODY)
    scene.store.calls.clear()
    scene.stage.carry_out()
    assert (scene.stage.heard(), scene.store.calls) == ([], [])


def test_while_nobody_watches_nothing_is_read_or_sent(scene: Scene) -> None:
    team = scene.department()
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.store.calls.clear()
    scene.stage.pass_seconds(20)
    assert (scene.stage.heard(), scene.store.calls) == ([], [])


def test_a_change_is_never_sent_twice(scene: Scene) -> None:
    team = scene.department()
    scene.watch(team)
    for _ in range(3):
        scene.here.editing.create_event(team, EVENT_BODY)
    scene.announcer.look_around()
    assert scene.stage.heard_seqs() == [1, 2, 3]
    scene.stage.carry_out()
    assert scene.stage.heard() == []


def test_what_lies_between_two_own_changes_is_read_from_the_log(scene: Scene) -> None:
    team = scene.department()
    scene.watch(team)
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.stage.carry_out()
    assert scene.stage.heard_seqs() == [1, 2, 3, 4]


@pytest.mark.parametrize("announced_before_watching", [True, False])
def test_a_change_that_is_committed_while_its_watcher_joins_is_sent(
    scene: Scene, announced_before_watching: bool
) -> None:
    team = scene.department()
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.stage.carry_out()
    scene.stage.enter(team)
    scene.here.editing.create_event(team, EVENT_BODY)
    if announced_before_watching:
        scene.stage.carry_out()
    scene.announcer.watch(team)
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.stage.carry_out()
    assert scene.stage.heard_seqs() == [2, 3]


def test_a_room_that_is_joined_while_it_is_let_go_is_followed(scene: Scene) -> None:
    team = scene.department()
    scene.watch(team)
    scene.stage.empty(team)
    scene.stage.after_look[f"department:{team}"].append(lambda: scene.watch(team))
    scene.stage.pass_seconds()
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.stage.pass_seconds()
    assert [event for event, _arguments, _room in scene.stage.heard()].count("event_created") == 1


def test_a_room_that_is_joined_again_is_told_only_what_is_new_to_it(scene: Scene) -> None:
    team = scene.department()
    scene.watch(team)
    scene.stage.empty(team)
    scene.stage.pass_seconds()
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.watch(team)
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.stage.heard()
    scene.stage.pass_seconds()
    assert scene.stage.heard_seqs() == [2]


def test_a_failing_emit_is_logged_and_the_next_one_goes_on(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    team = scene.department()
    scene.watch(team)
    scene.stage.failing = {"event_created"}
    event = scene.here.editing.create_event(team, EVENT_BODY).subject
    scene.here.editing.update_event(event.id, {"title": "변경"})
    scene.stage.carry_out()
    assert [name for name, _arguments, _room in scene.stage.heard()] == ["event_updated"]
    assert f"event_created 1 of {team} was not sent" in caplog.text


def test_a_slow_emit_delays_no_write(scene: Scene) -> None:
    team = scene.department()
    scene.watch(team)
    sending, goes_on = threading.Event(), threading.Event()
    scene.stage.before_emit = lambda: (sending.set(), goes_on.wait(10))
    scene.here.editing.create_event(team, EVENT_BODY)
    announcing_task = threading.Thread(target=scene.stage.carry_out)
    announcing_task.start()
    assert sending.wait(5)
    for _ in range(9):
        scene.here.editing.create_event(team, EVENT_BODY)
    assert scene.stage.messages == []
    goes_on.set()
    announcing_task.join()
    assert scene.stage.heard_seqs() == list(range(1, 11))


def test_others_have_their_turn_between_messages(scene: Scene) -> None:
    team = scene.department()
    scene.watch(team)
    for _ in range(3 * announcing.SENT_TOGETHER):
        scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.announcer.look_around()
    assert scene.stage.yields >= 3


def test_tasks_that_cannot_start_fail_no_write_and_start_at_the_next(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start, scene.stage.tasks = scene.stage.start_background_task, []
    announcer = announcing.Announcer(scene.stage)  # type: ignore[arg-type]

    def refuse(_target: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(scene.stage, "start_background_task", refuse)
    announcer.announce([])
    assert "could not be announced" in caplog.text
    monkeypatch.setattr(scene.stage, "start_background_task", start)
    announcer.announce([])
    announcer.announce([])
    assert len(scene.stage.tasks) == 2


def test_one_change_that_cannot_be_placed_holds_up_no_other(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    old, new = scene.department("개발팀"), scene.department("영업팀")
    event = scene.here.editing.create_event(old, EVENT_BODY).subject
    scene.stage.carry_out()
    scene.watch(new)
    scene.stage.enter(old)
    scene.here.editing.update_event(event.id, {"department_id": new})
    scene.store.failures["head"] = StoreUnavailable("no answer")
    with scene.here.waiting.waiter(old) as of_old, scene.here.waiting.waiter(new) as of_new:
        scene.stage.carry_out()
        assert (of_old.is_set(), of_new.is_set()) == (True, True)
    assert [name for name, _arguments, _room in scene.stage.heard()] == ["event_created"]
    assert "announcing waits for the store" in caplog.text


def test_what_the_store_withheld_between_two_changes_comes_with_the_next_round(scene: Scene) -> None:
    team = scene.department()
    scene.watch(team)
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.store.failures["changes_after"] = StoreUnavailable("no answer")
    scene.stage.carry_out()
    assert scene.stage.heard() == []
    scene.store.failures.clear()
    scene.announcer.look_around()
    assert scene.stage.heard_seqs() == [1, 2]


def test_long_polls_are_woken_by_own_changes(scene: Scene) -> None:
    team, other = scene.department("개발팀"), scene.department("영업팀")
    with scene.here.waiting.waiter(team) as woken, scene.here.waiting.waiter(other) as asleep:
        scene.here.editing.create_event(team, EVENT_BODY)
        scene.stage.carry_out()
        assert woken.is_set()
        assert not asleep.is_set()


def test_long_polls_are_woken_by_the_end_of_their_department_also_while_nobody_watches_the_list(scene: Scene) -> None:
    team = scene.department()
    with scene.here.waiting.waiter(team) as woken:
        scene.here.editing.delete_department(team)
        scene.stage.carry_out()
        assert woken.is_set()


def test_a_department_that_ends_before_its_changes_are_told_is_no_mistake(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    team = scene.department()
    scene.announcer.watch(DEPARTMENTS_HISTORY)
    scene.watch(team)
    scene.elsewhere.editing.create_event(team, EVENT_BODY)
    scene.here.editing.create_event(team, EVENT_BODY)
    scene.elsewhere.editing.delete_department(team)
    scene.stage.carry_out()
    assert scene.stage.heard() == []
    scene.stage.pass_seconds()
    assert [name for name, _arguments, _room in scene.stage.heard()][:2] == ["department_deleted", "sync_reset"]
    assert caplog.records == []
