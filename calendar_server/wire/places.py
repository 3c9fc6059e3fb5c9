"""Where something stands in a history, and what a change looks like, in REST answers and socket messages alike."""

from __future__ import annotations

from typing import Any

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Head
from calendar_server.domain.cursors import Cursors
from calendar_server.domain.departments import Department
from calendar_server.services.calendar import Calendar
from calendar_server.wire.objects import department_json, event_json


def place_json(cursors: Cursors, history: str, head: Head) -> dict[str, Any]:
    """A cursor, with the number that it stands for beside it."""
    return {"cursor": cursors.text(history, head), "seq": head.last_seq}


def everything_json(calendar: Calendar, history: str) -> dict[str, Any]:
    """All objects of a history as they are now, and where it stands. :raises DepartmentNotFound:"""
    held = calendar.syncing.everything(history)
    if history == DEPARTMENTS_HISTORY:
        objects = {"departments": [department_json(each) for each in held.ordered]}
    else:
        objects = {"events": [event_json(each) for each in held.ordered]}
    return {**objects, **place_json(calendar.cursors, history, held.head)}


def change_data(change: Change) -> dict[str, Any]:
    """The object after the change; of a deletion, by which names to remove it."""
    subject = change.subject
    if isinstance(subject, Department):
        return {"id": subject.id} if change.is_removal else department_json(subject)
    if change.is_removal:
        return {"id": subject.id, "department_id": subject.department_id}
    return event_json(subject)


def change_json(change: Change) -> dict[str, Any]:
    """A change as a client that catches up gets it."""
    return {
        "seq": change.seq,
        "type": change.type,
        "data": change_data(change),
        "at": change.at,
        "mutation_id": change.mutation_id,
    }


def change_meta(cursors: Cursors, change: Change, epoch: str) -> dict[str, Any]:
    """The second argument of a live message: where the change stands."""
    return {
        "department_id": None if change.history == DEPARTMENTS_HISTORY else change.history,
        **place_json(cursors, change.history, Head(change.seq, epoch)),
        "mutation_id": change.mutation_id,
    }
