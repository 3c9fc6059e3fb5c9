"""Writers to one history: first come first served, committed in groups, each with its own answer."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from samples import department, event, named, receipt

from calendar_server.domain.changes import Change, Edit, Head
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import (
    DepartmentNotFound,
    EventExists,
    EventNotFound,
    HeadMoved,
    ReceiptExists,
    StoreUnavailable,
    VersionConflict,
)
from calendar_server.services.holding import Holdings
from calendar_server.services.mutations import Decide, States, Unchanged, Written
from calendar_server.services.write_queues import RACES, WriteQueues, _Pending, _Queue
from calendar_server.store.embedded import EmbeddedStore

LATER = "2024-02-01T00:00:00.000Z"


class SlowStore:
    """A store whose commits take 20 ms, are written down, and can be made to fail or to wait."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self.batch_limit = store.batch_limit
        self.groups: list[Sequence[Edit]] = []
        self.failures: list[Callable[[], object]] = []
        self.going_on = threading.Event()
        self.going_on.set()
        self.inside = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def commit(self, edits: Sequence[Edit], expected: Mapping[str, Head] | None = None) -> list[Change]:
        self.inside.set()
        assert self.going_on.wait(20)
        time.sleep(0.02)
        if self.failures:
            self.failures.pop(0)()
        changes = self.store.commit(edits, expected)
        self.groups.append(edits)
        return changes


class Writers:
    """Threads that submit one write each, and what they get."""

    def __init__(self, queues: WriteQueues, store: SlowStore, history: str) -> None:
        self.queues = queues
        self.store = store
        self.history = history
        self.outcomes: dict[str, object] = {}
        self._threads: list[threading.Thread] = []

    def start(self, name: str, decide: Decide, key: str | None = None) -> None:
        """Start a writer, and return when it stands in the queue behind those that were started before."""
        expected = self.waiting() + 1

        def run() -> None:
            try:
                self.outcomes[name] = self.queues.submit(self.history, decide, named(key) if key else None)
            except Exception as error:
                self.outcomes[name] = error

        thread = threading.Thread(target=run, name=name)
        self._threads.append(thread)
        thread.start()
        deadline = time.monotonic() + 5
        while self.waiting() < expected and time.monotonic() < deadline and not self.store.going_on.is_set():
            time.sleep(0.001)

    def hold_the_store(self, decide: Decide) -> None:
        """Let a first writer get into its commit and stay there, so that the next ones have to queue."""
        self.store.inside.clear()
        self.store.going_on.clear()
        thread = threading.Thread(target=lambda: self.queues.submit(self.history, decide))
        self._threads.append(thread)
        thread.start()
        assert self.store.inside.wait(5)

    def finish(self) -> dict[str, object]:
        self.store.going_on.set()
        for thread in self._threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in self._threads)
        return self.outcomes

    def waiting(self) -> int:
        queue = self.queues._queues.get(self.history)
        return len(queue.waiting) if queue else 0


@pytest.fixture
def team(embedded_store: EmbeddedStore) -> Department:
    made = department()
    embedded_store.commit([Edit(None, made)])
    return made


@pytest.fixture
def store(embedded_store: EmbeddedStore) -> SlowStore:
    return SlowStore(embedded_store)


@pytest.fixture
def announced() -> list[Change]:
    return []


@pytest.fixture
def queues(store: SlowStore, announced: list[Change]) -> WriteQueues:
    return WriteQueues(store, Holdings(store), announced.extend)  # type: ignore[arg-type]


@pytest.fixture
def writers(queues: WriteQueues, store: SlowStore, team: Department) -> Writers:
    return Writers(queues, store, team.id)


def creating(made: CalendarEvent) -> Decide:
    return lambda _states: Edit(None, made)


def changing(event_id: str, history: str, **fields: str) -> Decide:
    """Change the event as it is now."""

    def decide(states: States) -> Edit:
        before = states[history].objects.get(event_id)
        if before is None:
            raise EventNotFound(event_id)
        return Edit(before, before.changed(fields, LATER))

    return decide


def refusing(error: Exception) -> Decide:
    def decide(_states: States) -> Edit:
        raise error

    return decide


def test_writers_at_the_same_time_share_commits_and_each_gets_its_own_answer(
    writers: Writers, store: SlowStore, team: Department, announced: list[Change]
) -> None:
    made = {str(n): event(team.id, str(n)) for n in range(40)}
    for name, each in made.items():
        writers.start(name, creating(each))
    outcomes = writers.finish()
    assert len(store.groups) <= 8
    assert [change.seq for change in announced] == list(range(1, 41))
    seq_of = {change.subject: change.seq for change in announced}
    head = store.head(team.id)
    for name, each in made.items():
        assert outcomes[name] == Written(each, team.id, Head(seq_of[each], head.epoch))
    assert head.last_seq == 40


def test_first_come_first_served(writers: Writers, store: SlowStore, team: Department) -> None:
    writers.hold_the_store(creating(event(team.id, "먼저")))
    for n in range(10):
        writers.start(str(n), creating(event(team.id, str(n))))
    writers.finish()
    assert [[edit.subject.title for edit in group] for group in store.groups] == [  # type: ignore[union-attr]
        ["먼저"],
        [str(n) for n in range(10)],
    ]


def test_a_group_is_no_larger_than_the_store_takes(writers: Writers, store: SlowStore, team: Department) -> None:
    store.batch_limit = 3
    writers.hold_the_store(creating(event(team.id, "먼저")))
    for n in range(8):
        writers.start(str(n), creating(event(team.id, str(n))))
    outcomes = writers.finish()
    assert [len(group) for group in store.groups] == [1, 3, 3, 2]
    seqs = [outcome.head.last_seq for outcome in outcomes.values() if isinstance(outcome, Written)]
    assert sorted(seqs) == list(range(2, 10))


def test_writers_to_one_object_build_on_each_other_in_their_order(
    writers: Writers, store: SlowStore, team: Department
) -> None:
    made = event(team.id)
    writers.hold_the_store(creating(made))
    for n in range(5):
        writers.start(str(n), changing(made.id, team.id, **{"title" if n % 2 else "url": str(n)}))
    outcomes = writers.finish()
    versions = [outcome.subject.version for outcome in outcomes.values() if isinstance(outcome, Written)]
    assert sorted(versions) == [2, 3, 4, 5, 6]
    stored = store.get_event(made.id)
    assert (stored.title, stored.url, stored.version) == ("3", "4", 6)
    rows = store.changes_after(team.id, 1, 10)
    assert [(row.subject.title, row.subject.url) for row in rows][-1] == ("3", "4")


def test_those_refused_by_the_store_do_not_spoil_the_group(
    writers: Writers, store: SlowStore, team: Department, announced: list[Change]
) -> None:
    other = department("다른 팀")
    elsewhere = [event(other.id) for _ in range(RACES + 5)]
    store.store.commit([Edit(None, other)])
    store.store.commit([Edit(None, each) for each in elsewhere])
    writers.hold_the_store(creating(event(team.id, "먼저")))
    for n, each in enumerate(elsewhere):
        writers.start(f"taken {n}", creating(event(team.id, id=each.id)))
        writers.start(f"free {n}", creating(event(team.id, str(n))))
    outcomes = writers.finish()
    for n in range(len(elsewhere)):
        assert isinstance(outcomes[f"taken {n}"], EventExists)
        assert isinstance(outcomes[f"free {n}"], Written), outcomes[f"free {n}"]
    assert [len(group) for group in store.groups] == [1, len(elsewhere)]
    assert [change.seq for change in announced] == list(range(1, len(elsewhere) + 2))


def test_those_refused_before_the_commit_do_not_spoil_the_group(
    writers: Writers, store: SlowStore, team: Department
) -> None:
    made = event(team.id)
    writers.hold_the_store(creating(made))
    conflict = VersionConflict(made.id, made)
    writers.start("refused", refusing(conflict))
    writers.start("made", creating(event(team.id, "둘")))
    writers.start("nothing", lambda states: Unchanged(states[team.id].objects[made.id], team.id))
    outcomes = writers.finish()
    head = store.head(team.id)
    assert outcomes["refused"] is conflict
    assert isinstance(outcomes["made"], Written)
    assert outcomes["nothing"] == Written(made, team.id, Head(1, head.epoch), changed=False)
    assert head.last_seq == 2


def test_repetitions_of_one_write_in_one_group_have_one_effect(
    writers: Writers, store: SlowStore, team: Department
) -> None:
    writers.hold_the_store(creating(event(team.id, "먼저")))
    for n in range(4):
        writers.start(str(n), creating(event(team.id, str(n))), key="같은 이름")
    outcomes = list(writers.finish().values())
    assert sum(isinstance(outcome, Written) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ReceiptExists) for outcome in outcomes) == 3
    assert len(store.snapshot(team.id).events) == 2


def test_the_stored_answer_has_the_number_that_the_change_got(
    writers: Writers, store: SlowStore, team: Department
) -> None:
    writers.hold_the_store(creating(event(team.id, "먼저")))
    made = [event(team.id, str(n)) for n in range(3)]
    for n, each in enumerate(made):
        writers.start(str(n), creating(each), key=f"key-{n}")
    writers.finish()
    for n, each in enumerate(made):
        found = store.find_receipt(f"key-{n}")
        assert found is not None
        assert found.answer.body == f"{each.id} 1 {n + 2}".encode()
    assert [row.mutation_id for row in store.changes_after(team.id, 1, 10)] == ["key-0", "key-1", "key-2"]


def test_a_group_is_decided_again_on_what_another_process_wrote(
    writers: Writers, store: SlowStore, team: Department, announced: list[Change]
) -> None:
    made = event(team.id)
    writers.hold_the_store(creating(made))
    writers.start("changed", changing(made.id, team.id, title="새 제목"))
    writers.start("made", creating(event(team.id, "둘")))

    def elsewhere() -> None:
        before = store.store.get_event(made.id)
        store.store.commit([Edit(before, before.changed({"url": "http://x"}, LATER))])

    store.failures = [lambda: None, elsewhere]
    outcomes = writers.finish()
    assert isinstance(outcomes["made"], Written)
    stored = store.get_event(made.id)
    assert (stored.title, stored.url, stored.version) == ("새 제목", "http://x", 3)
    assert [change.seq for change in announced] == [1, 3, 4]


def test_a_store_that_does_not_answer_fails_the_whole_group_and_leaves_nothing_behind(
    writers: Writers, store: SlowStore, team: Department, announced: list[Change]
) -> None:
    def unavailable() -> None:
        raise StoreUnavailable("injected")

    writers.hold_the_store(creating(event(team.id, "먼저")))
    for n in range(5):
        writers.start(str(n), creating(event(team.id, str(n))))
    store.failures = [lambda: None, unavailable]
    outcomes = writers.finish()
    assert [type(outcome) for outcome in outcomes.values()] == [StoreUnavailable] * 5
    assert len(store.snapshot(team.id).events) == 1
    assert len(announced) == 1
    assert_nothing_waits(writers)
    after = writers.queues.submit(team.id, creating(event(team.id, "다음")))
    assert after.head.last_seq == 2
    assert len(store.snapshot(team.id).events) == 2


def assert_nothing_waits(writers: Writers) -> None:
    """No queue is left, once the errors are gone that show in their tracebacks where it was."""
    writers.outcomes.clear()
    gc.collect()
    assert not writers.queues._queues


def test_what_was_stored_without_an_answer_is_seen_by_the_next_writer(
    writers: Writers, store: SlowStore, team: Department
) -> None:
    lost = event(team.id, "답을 잃은 이벤트")

    def committed_but_unanswered() -> None:
        store.store.commit([Edit(None, lost)])
        raise StoreUnavailable("the answer was lost")

    store.failures = [committed_but_unanswered]
    with pytest.raises(StoreUnavailable):
        writers.queues.submit(team.id, creating(lost))
    changed = writers.queues.submit(team.id, changing(lost.id, team.id, title="새 제목"))
    assert (changed.subject.version, changed.head.last_seq) == (2, 2)


def test_a_writer_that_gives_up_leaves_the_queue_and_is_not_served_later(
    writers: Writers, store: SlowStore, team: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calendar_server.services.write_queues.WAIT_SECONDS", 0.05)
    writers.hold_the_store(creating(event(team.id, "먼저")))
    writers.start("late", creating(event(team.id, "늦은 이벤트")))
    deadline = time.monotonic() + 5
    while "late" not in writers.outcomes and time.monotonic() < deadline:
        time.sleep(0.005)
    assert isinstance(writers.outcomes["late"], StoreUnavailable)
    writers.finish()
    writers.queues.submit(team.id, creating(event(team.id, "다음")))
    assert sorted(e.title for e in store.snapshot(team.id).events) == ["다음", "먼저"]
    assert_nothing_waits(writers)


def test_a_writer_that_gives_up_while_its_group_is_out_is_not_put_back(
    queues: WriteQueues, store: SlowStore, team: Department
) -> None:
    made = event(team.id)
    store.store.commit([Edit(None, made)])
    first, second = (_Pending(changing(made.id, team.id, title=title), None) for title in ("하나", "둘"))
    queue = _Queue()
    queue.waiting.extend([first, second])
    store.failures = [lambda: queues._leave(queue, second)]
    queues._serve_group(team.id, queue)
    assert first.result().subject.version == 2
    assert (second.outcome, list(queue.waiting)) == (None, [])
    assert store.get_event(made.id).title == "하나"


def test_a_mistake_of_ours_in_one_writer_concerns_nobody_else(
    writers: Writers, store: SlowStore, team: Department
) -> None:
    writers.hold_the_store(creating(event(team.id, "먼저")))
    writers.start("one", creating(event(team.id, "하나")))
    writers.start("broken", refusing(ZeroDivisionError("a mistake")))
    writers.start("two", creating(event(team.id, "둘")))
    outcomes = writers.finish()
    assert isinstance(outcomes["broken"], ZeroDivisionError)
    assert isinstance(outcomes["one"], Written)
    assert isinstance(outcomes["two"], Written)
    assert store.head(team.id).last_seq == 3


def test_a_mistake_of_ours_in_a_commit_hangs_nobody(writers: Writers, store: SlowStore, team: Department) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a mistake")

    writers.hold_the_store(creating(event(team.id, "먼저")))
    for n in range(3):
        writers.start(str(n), creating(event(team.id, str(n))))
    store.failures = [lambda: None, broken]
    outcomes = writers.finish()
    assert sorted(type(outcome).__name__ for outcome in outcomes.values()) == [
        "StoreUnavailable",
        "StoreUnavailable",
        "ZeroDivisionError",
    ]
    assert_nothing_waits(writers)
    assert writers.queues.submit(team.id, creating(event(team.id, "다음"))).head.last_seq == 2


def test_a_department_that_goes_while_writers_wait_refuses_all_of_them(
    writers: Writers, store: SlowStore, team: Department
) -> None:
    writers.hold_the_store(creating(event(team.id, "먼저")))
    for n in range(3):
        writers.start(str(n), creating(event(team.id, str(n))))
    store.failures = [lambda: None, lambda: store.store.commit([Edit(team, None)])]
    outcomes = writers.finish()
    assert [type(outcome) for outcome in outcomes.values()] == [DepartmentNotFound] * 3


def test_a_group_that_never_gets_its_turn_is_given_up(
    writers: Writers, store: SlowStore, team: Department, announced: list[Change]
) -> None:
    def always_moved() -> None:
        raise HeadMoved(team.id)

    store.failures = [always_moved] * RACES
    with pytest.raises(StoreUnavailable, match="other processes"):
        writers.queues.submit(team.id, creating(event(team.id)))
    assert store.failures == []
    assert announced == []


def test_a_write_to_two_histories_names_the_heads_of_both(
    queues: WriteQueues, store: SlowStore, team: Department, announced: list[Change]
) -> None:
    other = department("다른 팀")
    made = event(team.id)
    store.store.commit([Edit(None, other)])
    store.store.commit([Edit(None, made)])
    store.failures = [lambda: store.store.commit([Edit(None, event(other.id, "새치기"))])]

    def move(states: States) -> Edit:
        before = states[team.id].objects[made.id]
        return Edit(before, before.changed({"department_id": other.id}, LATER))

    written = queues.submit_alone([team.id, other.id], move, named("옮김"))
    assert (written.history, written.head) == (other.id, store.head(other.id))
    assert [(change.history, change.seq) for change in announced] == [(team.id, 2), (other.id, 2)]
    found = store.find_receipt("옮김")
    assert found is not None
    assert found.answer.body == f"{made.id} 2 2".encode()


def test_prepared_edits_take_their_turn_and_are_announced(
    writers: Writers, store: SlowStore, team: Department, announced: list[Change]
) -> None:
    kept = receipt("가져오기")
    writers.hold_the_store(creating(event(team.id, "먼저")))
    batch = [Edit(None, event(team.id, str(n)), receipt=kept if n == 0 else None) for n in range(3)]
    thread = threading.Thread(target=lambda: writers.queues.commit(batch))
    thread.start()
    writers.finish()
    thread.join(20)
    assert [change.seq for change in announced] == [1, 2, 3, 4]
    assert store.find_receipt("가져오기") == kept
    assert writers.queues.submit(team.id, creating(event(team.id, "다음"))).head.last_seq == 5
