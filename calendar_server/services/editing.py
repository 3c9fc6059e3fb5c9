"""The one way in which anything changes: check → commit → announce.

REST, imports and every later edge write through :class:`Editing`; how writes are queued, committed and announced
stands in ``write_queues.py``.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from calendar_server.domain import clock, validation
from calendar_server.domain.changes import (
    DEPARTMENTS_HISTORY,
    Change,
    Edit,
    Subject,
    events_history,
    history_of,
)
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import (
    CalendarError,
    DepartmentExists,
    DepartmentNotFound,
    EventExists,
    EventNotFound,
    Invalid,
    Problem,
    StoreUnavailable,
    VersionConflict,
)
from calendar_server.services.holding import Holdings
from calendar_server.services.mutations import Mutation, States, Unchanged, Written
from calendar_server.services.repeating import once
from calendar_server.services.write_queues import Announce, WriteQueues
from calendar_server.store.contract import Store

_log = logging.getLogger(__name__)

Precondition = Callable[[Subject], bool]
"""Says whether a client that named a version (If-Match) means the object as it is now."""

MOVES = 50
"""How often an event is looked for again that moves while it is being written."""


def announce_to_nobody(_changes: Sequence[Change]) -> None:
    """For processes without sockets, such as the migration."""


class Editing:
    """Writes to departments and events.

    Every method gives the object as it is after the write, and where its change stands; where nothing changes, nothing
    is written. All may raise :class:`~calendar_server.errors.StoreUnavailable` and, for a write that its client has
    named (``mutation``), :class:`~calendar_server.services.mutations.AnsweredBefore` and
    :class:`~calendar_server.errors.KeyReused`.
    """

    def __init__(self, store: Store, announce: Announce = announce_to_nobody, holdings: Holdings | None = None) -> None:
        self._store = store
        self._holdings = holdings or Holdings(store)
        self._queues = WriteQueues(store, self._holdings, announce)

    def create_department(self, body: Any, mutation: Mutation | None = None) -> Written:
        """:raises Invalid: the body breaks rules. :raises DepartmentExists: the name is taken."""
        return once(self._store, mutation, lambda: self._create_department(body, mutation))

    def _create_department(self, body: Any, mutation: Mutation | None) -> Written:
        fields: dict[str, Any] = validation.new_department(body)
        at = clock.now()
        department = Department(id=str(uuid.uuid4()), created_at=at, updated_at=at, **fields)

        def decide(states: States) -> Edit:
            _require_free_name(states, department)
            return Edit(before=None, after=department)

        return self._queues.submit(DEPARTMENTS_HISTORY, decide, mutation)

    def update_department(
        self,
        department_id: str,
        body: Any,
        matches: Precondition | None = None,
        mutation: Mutation | None = None,
    ) -> Written:
        """Apply the fields of ``body``.

        :raises DepartmentNotFound, Invalid, DepartmentExists:
        :raises VersionConflict: the department is not as ``matches`` wants it.
        """
        return once(self._store, mutation, lambda: self._update_department(department_id, body, matches, mutation))

    def _update_department(
        self, department_id: str, body: Any, matches: Precondition | None, mutation: Mutation | None
    ) -> Written:
        self._store.get_department(department_id)
        fields = validation.department_changes(body)

        def decide(states: States) -> Edit | Unchanged:
            before = _department_in(states, department_id)
            _require_match(before, matches)
            after = before.changed(fields, clock.now())
            _require_free_name(states, after)
            return _transition(before, after)

        return self._queues.submit(DEPARTMENTS_HISTORY, decide, mutation)

    def delete_department(
        self, department_id: str, matches: Precondition | None = None, mutation: Mutation | None = None
    ) -> Written | None:
        """Remove a department and all its events.

        A deletion that a crash cut off after its commit is finished, and counts as done by this call (None).

        :raises DepartmentNotFound:
        :raises VersionConflict: the department is not as ``matches`` wants it.
        """
        written = once(self._store, mutation, lambda: self._delete_department(department_id, matches, mutation))
        if written is not None:
            self._finish_deletion(department_id)
        return written

    def _delete_department(
        self, department_id: str, matches: Precondition | None, mutation: Mutation | None
    ) -> Written | None:
        def decide(states: States) -> Edit:
            before = _department_in(states, department_id)
            _require_match(before, matches)
            return Edit(before=before, after=None)

        try:
            return self._queues.submit_alone([DEPARTMENTS_HISTORY], decide, mutation, lock_also=[department_id])
        except DepartmentNotFound:
            if not self._store.finish_deletions(department_id):
                raise
            return None

    def create_event(self, department_id: str, body: Any, mutation: Mutation | None = None) -> Written:
        """:raises DepartmentNotFound, Invalid: :raises EventExists: the id that the client chose is taken."""
        return once(self._store, mutation, lambda: self._create_event(department_id, body, mutation))

    def _create_event(self, department_id: str, body: Any, mutation: Mutation | None) -> Written:
        history = events_history(department_id)
        self._holdings.latest(history)
        fields: dict[str, Any] = validation.new_event(body, department_id)
        at = clock.now()
        id_from_client = "id" in fields
        fields.setdefault("id", str(uuid.uuid4()))
        event = CalendarEvent(department_id=department_id, created_at=at, last_modified=at, **fields)

        def decide(states: States) -> Edit:
            if event.id in states[history].objects:
                raise EventExists(event.id)
            return Edit(before=None, after=event, id_from_client=id_from_client)

        return self._queues.submit(history, decide, mutation)

    def update_event(
        self,
        event_id: str,
        body: Any,
        matches: Precondition | None = None,
        mutation: Mutation | None = None,
    ) -> Written:
        """Apply the fields of ``body``; a new ``department_id`` moves the event.

        :raises EventNotFound:
        :raises Invalid: also for a ``department_id`` that does not exist.
        :raises VersionConflict: the event is not as ``matches`` wants it.
        """
        return once(self._store, mutation, lambda: self._update_event(event_id, body, matches, mutation))

    def _update_event(
        self, event_id: str, body: Any, matches: Precondition | None, mutation: Mutation | None
    ) -> Written:
        found = self._located(event_id)
        fields = self._checked_changes(body)
        target = fields.get("department_id")

        def attempt(department_id: str) -> Written:
            def decide(states: States) -> Edit | Unchanged:
                before = _event_in(states, department_id, event_id)
                _require_match(before, matches)
                return _transition(before, before.changed(fields, clock.now()))

            if target is None or target == department_id:
                return self._queues.submit(department_id, decide, mutation)
            self._require_target(target)
            return self._queues.submit_alone([department_id, target], decide, mutation)

        return self._where_it_is(event_id, found, attempt)

    def delete_event(
        self, event_id: str, matches: Precondition | None = None, mutation: Mutation | None = None
    ) -> Written:
        """:raises EventNotFound: :raises VersionConflict: the event is not as ``matches`` wants it."""
        return once(self._store, mutation, lambda: self._delete_event(event_id, matches, mutation))

    def _delete_event(self, event_id: str, matches: Precondition | None, mutation: Mutation | None) -> Written:
        def attempt(department_id: str) -> Written:
            def decide(states: States) -> Edit:
                before = _event_in(states, department_id, event_id)
                _require_match(before, matches)
                return Edit(before=before, after=None)

            return self._queues.submit(department_id, decide, mutation)

        return self._where_it_is(event_id, self._located(event_id), attempt)

    def commit(self, edits: Sequence[Edit]) -> list[Change]:
        """Make prepared edits of one history durable, all or none, and announce them; see ``Store.commit``."""
        return self._queues.commit(edits)

    def _located(self, event_id: str) -> str:
        """The department in which the event was last seen. :raises EventNotFound:"""
        event = self._holdings.find(event_id) or self._store.get_event(event_id)
        return event.department_id

    def _where_it_is(self, event_id: str, department_id: str, attempt: Callable[[str], Written]) -> Written:
        """Run ``attempt`` in the event's department; where it is no longer there, in the one that it is in now."""
        for _ in range(MOVES):
            try:
                return attempt(department_id)
            except (EventNotFound, DepartmentNotFound):
                present = self._store.get_event(event_id).department_id
                if present == department_id:
                    continue  # it was moved away and back in the meantime
                department_id = present
        raise StoreUnavailable("the event keeps moving between departments")

    def _checked_changes(self, body: Any) -> dict[str, str]:
        """The fields to change. :raises Invalid: with all problems, a department that does not exist among them."""
        try:
            return validation.event_changes(body)
        except Invalid as invalid:
            target = validation.readable_target(body)
            if target is not None:
                try:
                    self._require_target(target)
                except Invalid as unknown:
                    raise Invalid([*invalid.problems, *unknown.problems]) from None
            raise

    def _require_target(self, department_id: str) -> None:
        try:
            self._store.head(events_history(department_id))
        except DepartmentNotFound:
            raise Invalid([Problem("department_id", "unknown_department")]) from None

    def _finish_deletion(self, department_id: str) -> None:
        """Remove the events of a department that is gone already; what fails now, the next start or call finishes."""
        try:
            self._store.finish_deletions(department_id)
        except CalendarError as error:
            _log.warning("deletion of department %s will be finished later: %s", department_id, error)


def _transition(before: Subject, after: Subject) -> Edit | Unchanged:
    return Unchanged(before, history_of(before)) if after is before else Edit(before, after)


def _department_in(states: States, department_id: str) -> Department:
    department: Department | None = states[DEPARTMENTS_HISTORY].objects.get(department_id)
    if department is None:
        raise DepartmentNotFound(department_id)
    return department


def _event_in(states: States, department_id: str, event_id: str) -> CalendarEvent:
    event: CalendarEvent | None = states[department_id].objects.get(event_id)
    if event is None:
        raise EventNotFound(event_id)
    return event


def _require_free_name(states: States, department: Department) -> None:
    for other in states[DEPARTMENTS_HISTORY].objects.values():
        if other.id != department.id and other.name_key == department.name_key:
            raise DepartmentExists(department.id)


def _require_match(current: Subject, matches: Precondition | None) -> None:
    if matches is not None and not matches(current):
        raise VersionConflict(current.id, current)
