"""What is held is true when it is served, and equals what the store has."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest
from samples import EVENT_BODY, department, event

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import CalendarError, DepartmentNotFound, StoreUnavailable
from calendar_server.services import holding
from calendar_server.services.editing import Editing
from calendar_server.services.holding import Holdings
from calendar_server.store.embedded import EmbeddedStore

LATER = "2024-02-01T00:00:00.000Z"


class CountedStore:
    """A store that writes down what it is asked for, and answers slowly or not at all where it is told so."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self.calls: list[str] = []
        self.slow: frozenset[str] = frozenset()
        self.failing: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)
        if not callable(method):
            return method

        def counted(*arguments: Any) -> Any:
            self.calls.append(name)
            if name in self.failing:
                raise StoreUnavailable("injected")
            if name in self.slow:
                time.sleep(0.05)
            return method(*arguments)

        return counted

    def asked(self) -> list[str]:
        """What it was asked for since this was called last."""
        asked, self.calls = self.calls, []
        return asked


@pytest.fixture
def store(embedded_store: EmbeddedStore) -> CountedStore:
    return CountedStore(embedded_store)


@pytest.fixture
def holdings(store: CountedStore) -> Holdings:
    return Holdings(store)  # type: ignore[arg-type]


@pytest.fixture
def team(embedded_store: EmbeddedStore) -> Department:
    return stored_department(embedded_store, "개발팀")


@pytest.fixture
def meeting(embedded_store: EmbeddedStore, team: Department) -> CalendarEvent:
    made = event(team.id)
    embedded_store.commit([Edit(None, made)])
    return made


def stored_department(store: EmbeddedStore, name: str, events: int = 0) -> Department:
    made = department(name)
    store.commit([Edit(None, made)])
    if events:
        store.commit([Edit(None, event(made.id, str(n))) for n in range(events)])
    return made


def test_a_list_is_loaded_once_and_then_served_after_one_read_of_its_head(
    holdings: Holdings, store: CountedStore, team: Department, meeting: CalendarEvent
) -> None:
    first = holdings.events(team.id)
    assert first.ordered == (meeting,)
    assert store.asked() == ["head", "snapshot"]
    assert holdings.events(team.id) is first
    assert store.asked() == ["head"]
    assert holdings.departments().ordered == (team,)
    assert holdings.departments().head == store.store.head(DEPARTMENTS_HISTORY)
    assert store.asked() == ["head", "list_departments", "head"]


def test_nothing_is_served_while_the_head_cannot_be_read(
    holdings: Holdings, store: CountedStore, team: Department, meeting: CalendarEvent
) -> None:
    holdings.events(team.id)
    store.failing = frozenset({"head"})
    with pytest.raises(StoreUnavailable):
        holdings.events(team.id)
    store.failing = frozenset()
    assert holdings.events(team.id).ordered == (meeting,)


def test_what_another_process_wrote_is_laid_over_what_is_held(
    holdings: Holdings, store: CountedStore, embedded_store: EmbeddedStore, team: Department, meeting: CalendarEvent
) -> None:
    before = holdings.events(team.id)
    earlier, changed = event(team.id, event_date="2023-01-01"), meeting.changed({"title": "새 제목"}, LATER)
    embedded_store.commit([Edit(None, earlier)])
    embedded_store.commit([Edit(meeting, changed)])
    store.asked()
    assert holdings.events(team.id).ordered == (earlier, changed)
    assert store.asked() == ["head", "changes_after", "head"]
    embedded_store.commit([Edit(changed, None)])
    assert holdings.events(team.id).ordered == (earlier,)
    assert holdings.events(team.id).head == embedded_store.head(team.id)
    assert before.ordered == (meeting,)


@pytest.mark.parametrize("gone", [2, 3, 4])
def test_a_hole_in_the_log_means_loading_anew(
    holdings: Holdings,
    store: CountedStore,
    embedded_store: EmbeddedStore,
    team: Department,
    meeting: CalendarEvent,
    gone: int,
) -> None:
    holdings.events(team.id)
    later = [event(team.id, str(n)) for n in range(3)]
    embedded_store.commit([Edit(None, each) for each in later])
    embedded_store._writer.execute("DELETE FROM changes WHERE history = ? AND seq = ?", (team.id, gone))
    store.asked()
    assert set(holdings.events(team.id).ordered) == {meeting, *later}
    assert store.asked() == ["head", "changes_after", "head", "snapshot"]


def test_too_much_to_catch_up_on_means_loading_anew(
    holdings: Holdings,
    store: CountedStore,
    embedded_store: EmbeddedStore,
    team: Department,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, "FOLLOWED_AT_MOST", 2)
    holdings.events(team.id)
    made = [event(team.id, str(n)) for n in range(3)]
    embedded_store.commit([Edit(None, each) for each in made])
    store.asked()
    assert set(holdings.events(team.id).ordered) == set(made)
    assert store.asked() == ["head", "snapshot"]


def test_a_department_that_came_back_under_its_id_is_loaded_anew(
    holdings: Holdings, store: CountedStore, embedded_store: EmbeddedStore, team: Department, meeting: CalendarEvent
) -> None:
    holdings.events(team.id)
    embedded_store.commit([Edit(team, None)])
    embedded_store.commit([Edit(None, team)])
    again = event(team.id, "다른 회의")
    embedded_store.commit([Edit(None, again)])
    store.asked()
    assert holdings.events(team.id).ordered == (again,)
    assert store.asked() == ["head", "snapshot"]


def test_a_deleted_department_is_not_served_nor_held(
    holdings: Holdings, embedded_store: EmbeddedStore, team: Department, meeting: CalendarEvent
) -> None:
    holdings.events(team.id)
    embedded_store.commit([Edit(team, None)])
    with pytest.raises(DepartmentNotFound):
        holdings.events(team.id)
    assert holdings.find(meeting.id) is None
    assert (holdings._count, list(holdings._held)) == (0, [])


def test_own_commits_are_taken_in_without_reading_the_log(
    holdings: Holdings, store: CountedStore, embedded_store: EmbeddedStore, team: Department, meeting: CalendarEvent
) -> None:
    holdings.events(team.id)
    other = stored_department(embedded_store, "다른 팀")
    holdings.events(other.id)
    moved = meeting.changed({"department_id": other.id}, LATER)
    store.asked()
    holdings.follow(embedded_store.commit([Edit(meeting, moved)]))
    assert holdings.latest(team.id).ordered == ()
    assert holdings.latest(other.id).ordered == (moved,)
    assert holdings.find(meeting.id) == moved
    assert store.asked() == []
    assert holdings.events(other.id).ordered == (moved,)
    assert store.asked() == ["head"]


def test_own_commits_that_do_not_follow_on_are_left_to_the_next_reader(
    holdings: Holdings, embedded_store: EmbeddedStore, team: Department, meeting: CalendarEvent
) -> None:
    held = holdings.events(team.id)
    elsewhere, own = event(team.id, "다른 프로세스"), event(team.id, "이 프로세스")
    embedded_store.commit([Edit(None, elsewhere)])
    holdings.follow(embedded_store.commit([Edit(None, own)]))
    assert holdings.latest(team.id) is held
    assert set(holdings.events(team.id).ordered) == {meeting, elsewhere, own}


def test_an_own_deletion_of_a_department_lets_go_of_its_events(
    holdings: Holdings, embedded_store: EmbeddedStore, team: Department, meeting: CalendarEvent
) -> None:
    holdings.departments()
    holdings.events(team.id)
    holdings.follow(embedded_store.commit([Edit(team, None)]))
    assert holdings.latest(DEPARTMENTS_HISTORY).ordered == ()
    assert holdings.find(meeting.id) is None


def test_the_histories_used_longest_ago_go_first(store: CountedStore, embedded_store: EmbeddedStore) -> None:
    holdings = Holdings(store, most_objects=10)  # type: ignore[arg-type]
    a, b, c, large = (
        stored_department(embedded_store, name, count) for name, count in zip("가나다라", (4, 4, 4, 30), strict=True)
    )
    for used in (a, b, a, c):
        holdings.events(used.id)
    assert list(holdings._held) == [a.id, c.id]
    assert holdings._count == 8
    holdings.events(large.id)
    assert (list(holdings._held), holdings._count) == ([large.id], 30)
    holdings.events(b.id)
    assert (list(holdings._held), holdings._count) == ([b.id], 4)
    holdings.forget(b.id)
    holdings.forget(b.id)
    assert holdings._count == 0


def test_readers_at_the_same_time_load_a_list_once(
    holdings: Holdings, store: CountedStore, team: Department, meeting: CalendarEvent
) -> None:
    store.slow = frozenset({"snapshot"})
    found: list[tuple[CalendarEvent, ...]] = []
    threads = [threading.Thread(target=lambda: found.append(holdings.events(team.id).ordered)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == [(meeting,)] * 8
    assert store.asked().count("snapshot") == 1


def test_an_answer_is_rendered_once_for_each_state_and_form(
    holdings: Holdings, embedded_store: EmbeddedStore, team: Department
) -> None:
    rendered: list[int] = []

    def render(held: holding.Held[CalendarEvent]) -> bytes:
        rendered.append(held.head.last_seq)
        return str(len(held.objects)).encode()

    assert [holdings.events(team.id).rendered("list", render) for _ in range(3)] == [b"0"] * 3
    holdings.events(team.id).rendered("other", render)
    embedded_store.commit([Edit(None, event(team.id))])
    assert holdings.events(team.id).rendered("list", render) == b"1"
    assert rendered == [0, 0, 1]


@pytest.mark.parametrize("seed", range(6))
def test_after_any_edits_of_two_processes_each_holds_what_the_store_has(
    embedded_store: EmbeddedStore, seed: int
) -> None:
    chance = random.Random(seed)
    processes = [
        (Editing(embedded_store, holdings=held), held)
        for held in (Holdings(embedded_store, 12), Holdings(embedded_store))
    ]
    teams = [stored_department(embedded_store, name).id for name in "가나다"]
    ids: list[str] = []
    refusals = 0
    for step in range(120):
        editing, held = chance.choice(processes)
        try:
            random_edit(chance, editing, teams, ids, step)
        except CalendarError:
            refusals += 1
        if chance.random() < 0.5:
            assert_held_is_true(chance.choice(processes)[1], embedded_store, teams)
        assert_held_is_true(held, embedded_store, [chance.choice(teams)])
    for _editing, held in processes:
        assert_held_is_true(held, embedded_store, teams)
        assert held._count == sum(len(each.objects) for each in held._held.values())
    assert refusals < 80
    assert sum(embedded_store.head(team).last_seq for team in existing(embedded_store, teams)) > 0


def random_edit(chance: random.Random, editing: Editing, teams: list[str], ids: list[str], step: int) -> None:
    """One of the things that clients do, to something that may have gone already."""
    action = chance.choices(["create", "change", "move", "delete", "rename", "replace"], [40, 20, 15, 15, 6, 4])[0]
    if action == "create":
        ids.append(editing.create_event(chance.choice(teams), {**EVENT_BODY, "title": str(step)}).subject.id)
    elif action == "rename":
        editing.update_department(chance.choice(teams), {"description": str(step)})
    elif action == "replace":
        gone = chance.randrange(len(teams))
        editing.delete_department(teams[gone])
        teams[gone] = editing.create_department({"name": f"팀 {step}"}).subject.id
    elif ids:
        wanted = chance.choice(ids)
        if action == "delete":
            editing.delete_event(wanted)
        else:
            change = {"title": str(step)} if action == "change" else {"department_id": chance.choice(teams)}
            editing.update_event(wanted, change)


def existing(store: EmbeddedStore, teams: list[str]) -> list[str]:
    known = {each.id for each in store.list_departments().departments}
    return [team for team in teams if team in known]


def assert_held_is_true(held: Holdings, store: EmbeddedStore, teams: list[str]) -> None:
    """What is held equals a fresh reading of the store, head and order included."""
    fresh = store.list_departments()
    departments = held.departments()
    assert (departments.head, departments.ordered) == (fresh.head, fresh.departments)
    for team in existing(store, teams):
        snapshot, events = store.snapshot(team), held.events(team)
        assert (events.head, events.ordered) == (snapshot.head, snapshot.events)
