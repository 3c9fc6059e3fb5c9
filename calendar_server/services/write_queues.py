"""Writers to one history are served first-in-first-out and committed in groups.

The first writer to a history leads: it commits what is queued, its own write and the others', in one transaction, while
those that come meanwhile queue up for the next group, which the first of them then leads. So a busy department costs
one transaction per group instead of a storm of conflicts. The commit names the head for which the group was decided:
it fails if another process got in between, and the group is decided again on the new state.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

from calendar_server import measures
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Edit, Head
from calendar_server.domain.receipts import Receipt
from calendar_server.errors import (
    CalendarError,
    HeadMoved,
    SetupError,
    StoreUnavailable,
)
from calendar_server.services.holding import Holdings
from calendar_server.services.locks import HistoryLocks
from calendar_server.services.mutations import Decide, Mutation, States, Unchanged, Written
from calendar_server.store.contract import Store

Announce = Callable[[Sequence[Change]], None]
"""Tells watchers of committed changes. It is called in the order of their numbers, must not block and must not raise."""

WAIT_SECONDS = 15.0
"""How long a writer waits for its turn at the most."""

RACES = 20
"""How often a group is decided again because other processes keep getting in between."""


@dataclass(slots=True, eq=False)
class _Pending:
    """One write on its way: undecided until it has an outcome."""

    decide: Decide
    mutation: Mutation | None
    outcome: Written | Exception | None = None
    given_up: bool = False
    """Its writer waits for it no longer, so it must not be made later on."""
    woken: threading.Event = field(default_factory=threading.Event)
    """Set when there is an outcome, or when it is this writer's turn to lead."""

    def result(self) -> Written:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        assert self.outcome is not None, "a write leaves the queue with an outcome"
        return self.outcome


class _Queue:
    """The writes that wait for one history, and the writer that leads; it lasts as long as any writer refers to it."""

    def __init__(self) -> None:
        self.waiting: deque[_Pending] = deque()
        self.leader: _Pending | None = None


@dataclass(slots=True)
class _Decided:
    """A group decided on one state: edits to commit, and outcomes that hold if that state is the present one."""

    edits: list[Edit] = field(default_factory=list)
    committing: list[_Pending] = field(default_factory=list)
    concluded: list[tuple[_Pending, Written | Exception]] = field(default_factory=list)

    def conclude(self) -> None:
        for pending, outcome in self.concluded:
            pending.outcome = outcome


class WriteQueues:
    """Serves writes; the only caller of ``store.commit`` for clients."""

    def __init__(self, store: Store, holdings: Holdings, announce: Announce) -> None:
        self._store = store
        self._holdings = holdings
        self._announce = announce
        self._locks = HistoryLocks()
        self._queues: WeakValueDictionary[str, _Queue] = WeakValueDictionary()
        self._guard = threading.Lock()

    def submit(self, history: str, decide: Decide, mutation: Mutation | None = None) -> Written:
        """Make a write to one history together with others that are waiting.

        :raises CalendarError: what ``decide`` or the store says against it.
        :raises ReceiptExists: a write of this name has been made before.
        :raises StoreUnavailable: no definite outcome in time.
        """
        pending = _Pending(decide, mutation)
        with self._guard:
            queue = self._queues.setdefault(history, _Queue())
            queue.waiting.append(pending)
            if queue.leader is None:
                queue.leader = pending
        try:
            if queue.leader is not pending:
                self._await_turn(queue, pending)
            if pending.outcome is None:
                self._lead(history, queue, pending)
        finally:
            self._leave(queue, pending)
        return pending.result()

    def submit_alone(
        self, histories: Sequence[str], decide: Decide, mutation: Mutation | None = None, lock_also: Sequence[str] = ()
    ) -> Written:
        """Make a write that touches several histories, or is not to be grouped; raises like :meth:`submit`."""
        pending = _Pending(decide, mutation)
        with self._locks.holding([*histories, *lock_also]):
            self._settle(histories, [pending])
        return pending.result()

    def commit(self, edits: Sequence[Edit]) -> list[Change]:
        """Commit prepared edits of one history, all or none; see ``Store.commit``."""
        with self._locks.holding(history for edit in edits for history, _type, _subject in edit.steps):
            changes = self._store.commit(edits)
            self._holdings.follow(changes)
            self._tell(changes)
        return changes

    def _await_turn(self, queue: _Queue, pending: _Pending) -> None:
        """Return when there is an outcome or this writer leads. One whose group is being committed waits for its end."""
        if pending.woken.wait(WAIT_SECONDS):
            return
        with self._guard:
            if pending in queue.waiting and queue.leader is not pending:
                raise StoreUnavailable("too many writers are waiting for this department")
        pending.woken.wait()

    def _lead(self, history: str, queue: _Queue, pending: _Pending) -> None:
        """Commit groups until ``pending`` has its outcome."""
        with self._locks.holding([history]):
            while pending.outcome is None:
                self._serve_group(history, queue)

    def _leave(self, queue: _Queue, pending: _Pending) -> None:
        """Nothing of a writer stays behind that is done or has given up; if it led, the next one does."""
        with self._guard:
            pending.given_up = True
            if pending in queue.waiting:
                queue.waiting.remove(pending)
            if queue.leader is pending:
                queue.leader = queue.waiting[0] if queue.waiting else None
                if queue.leader is not None:
                    queue.leader.woken.set()

    def _serve_group(self, history: str, queue: _Queue) -> None:
        time.sleep(0)  # greenlets that are ready to write get into this group instead of waiting for the next
        with self._guard:
            size = min(len(queue.waiting), self._store.batch_limit)
            group = [queue.waiting.popleft() for _ in range(size)]
        try:
            postponed = self._settle([history], group)
        except BaseException as error:
            _fail(group, StoreUnavailable(f"the write was interrupted: {error!r}"))
            raise
        with self._guard:
            queue.waiting.extendleft(pending for pending in reversed(postponed) if not pending.given_up)
        for pending in group:
            if pending.outcome is not None:
                pending.woken.set()

    def _settle(self, histories: Sequence[str], group: Sequence[_Pending]) -> list[_Pending]:
        """Give each of ``group`` its outcome, but for those that must wait for the next group: these are returned."""
        waiting = list(group)
        races = 0
        while races < RACES:
            try:
                states = {history: self._holdings.latest(history) for history in histories}
                decided, postponed = _decide(states, waiting)
                if self._carry_out(states, decided):
                    return postponed
            except (StoreUnavailable, SetupError) as error:
                for history in histories:
                    self._holdings.forget(history)
                _fail(waiting, error)
                return []
            except CalendarError as error:
                _fail(waiting, error)
                return []
            undecided = [pending for pending in waiting if pending.outcome is None]
            races += len(undecided) == len(waiting)  # a group that one was refused from is smaller, and comes to an end
            waiting = undecided
        _fail(waiting, StoreUnavailable("other processes keep writing to this department"))
        return []

    def _carry_out(self, states: States, decided: _Decided) -> bool:
        """Commit and conclude; False where the group must be decided again.

        :raises CalendarError: about the whole group.
        """
        heads = {history: held.head for history, held in states.items()}
        if not decided.edits:
            if decided.concluded and not self._still_at(heads):
                return False
            decided.conclude()
            return True
        try:
            changes = self._store.commit(decided.edits, heads)
        except HeadMoved:
            self._refresh(heads)
            return False
        except CalendarError as error:
            if error.position is None:
                raise
            decided.committing[error.position].outcome = error
            self._refresh(heads)
            return False
        self._finish(decided, changes, heads)
        return True

    def _finish(self, decided: _Decided, changes: list[Change], heads: dict[str, Head]) -> None:
        measures.group_sizes.observe(len(decided.committing))
        self._holdings.follow(changes)
        self._tell(changes)
        last_steps = changes if len(changes) == len(decided.committing) else changes[-1:]
        for pending, change in zip(decided.committing, last_steps, strict=True):
            head = Head(change.seq, heads[change.history].epoch)
            pending.outcome = Written(change.subject, change.history, head)
        decided.conclude()

    def _tell(self, changes: list[Change]) -> None:
        measures.commits.inc()
        measures.changes.inc(len(changes))
        self._announce(changes)

    def _still_at(self, heads: dict[str, Head]) -> bool:
        """Whether what was decided holds: an outcome without a commit has not been checked by the store."""
        if all(self._store.head(history) == head for history, head in heads.items()):
            return True
        self._refresh(heads)
        return False

    def _refresh(self, heads: dict[str, Head]) -> None:
        for history in heads:
            self._holdings.refresh(history)


def _fail(group: Sequence[_Pending], error: CalendarError) -> None:
    for pending in group:
        if pending.outcome is None:
            pending.outcome = error
            pending.woken.set()


def _decide(states: States, group: Sequence[_Pending]) -> tuple[_Decided, list[_Pending]]:
    """Decide on ``states`` as many as can be made together; the first that touches what an earlier one touches waits,
    and those behind it with it. The list of departments is written one by one, since every name concerns the others.
    """
    decided = _Decided()
    numbers = {history: held.head.last_seq for history, held in states.items()}
    touched: set[str] = set()
    for index, pending in enumerate(group):
        if decided.edits and DEPARTMENTS_HISTORY in states:
            return decided, list(group[index:])
        try:
            wish = pending.decide(states)
        except Exception as error:
            decided.concluded.append((pending, error))
            continue
        if isinstance(wish, Unchanged):
            head = states[wish.history].head
            decided.concluded.append((pending, Written(wish.subject, wish.history, head, changed=False)))
            continue
        names = {wish.subject.id, *([f"key {pending.mutation.key}"] if pending.mutation else [])}
        if names & touched:
            return decided, list(group[index:])
        touched |= names
        decided.edits.append(_numbered(wish, pending.mutation, numbers, states))
        decided.committing.append(pending)
    return decided, []


def _numbered(edit: Edit, mutation: Mutation | None, numbers: dict[str, int], states: States) -> Edit:
    """The edit with its receipt, for which its number must be known."""
    for history, _type, subject in edit.steps:
        numbers[history] += 1
        written = Written(subject, history, Head(numbers[history], states[history].head.epoch))
    if mutation is None:
        return edit
    receipt = Receipt(mutation.key, mutation.fingerprint, mutation.render(written))
    return replace(edit, mutation_id=mutation.key, receipt=receipt)
