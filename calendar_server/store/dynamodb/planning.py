"""From edits to the actions of one transaction.

First stands the condition on the history's head, the fence against every other process; then, per edit, the object
with its own condition and the change row with its number. An item may stand in a transaction only once, and there may
be 100 actions (API reference of TransactWriteItems): four per edit at most, and a head, leave room for
:data:`BATCH_LIMIT`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from calendar_server.domain import clock
from calendar_server.domain.changes import CHANGES_KEPT, DEPARTMENTS_HISTORY, Change, Edit, Head, new_epoch
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.errors import (
    CalendarError,
    DepartmentExists,
    DepartmentNotFound,
    EventExists,
    EventNotFound,
    ReceiptExists,
    VersionConflict,
)
from calendar_server.store.dynamodb.items import (
    HEAD_SEQ,
    Item,
    Json,
    assignments,
    change_item,
    change_key,
    department_of,
    item_of,
    number,
    receipt_put,
    still_at_version,
    text,
)
from calendar_server.store.dynamodb.reading import NO_HEAD, Reads
from calendar_server.store.dynamodb.schema import Schema
from calendar_server.store.dynamodb.tables import Tables
from calendar_server.store.dynamodb.transactions import Action, Plan
from calendar_server.store.positions import at_position
from calendar_server.store.records import record_of

BATCH_LIMIT = 24
RETENTION_SECONDS = int(CHANGES_KEPT.total_seconds())
CLAIM_SECONDS = 60
"""How long a claim of an event id lasts: longer than any transaction, since it only decides between simultaneous ones."""

DELETIONS_HISTORY = "deletions"
"""Not a history of changes: one row for each department whose events are still to be removed."""


class Planner:
    """Makes a :class:`Plan` from edits and from what is stored at this moment."""

    def __init__(self, reads: Reads, schema: Schema, tables: Tables, finish_deletion: Callable[[str], bool]) -> None:
        self._reads = reads
        self._schema = schema
        self._tables = tables
        self._finish_deletion = finish_deletion

    def plan(self, edits: Sequence[Edit], expected: Mapping[str, Head] | None = None) -> Plan:
        """Plan the transaction on the ``expected`` heads; without them, on the heads as they are now.

        :raises DepartmentNotFound, DepartmentExists, EventExists: it could not succeed.
        """
        commit_id, at = uuid.uuid4().hex, clock.now()
        heads = expected or {history: self._reads.head(history) for history in _histories(edits)}
        self._require_free_names(edits)
        changes = _numbered(edits, heads, at)
        reached = {change.history: change.seq for change in changes}
        actions = [action for history in heads for action in self._fence(history, heads[history], reached[history])]
        for position, edit in enumerate(edits):
            with at_position(position):
                actions += _placed([*self._object_actions(edit), *self._receipt_actions(edit)], position)
        for change in changes:
            actions += self._row_actions(change, commit_id)
        return Plan(commit_id, changes, actions)

    def _fence(self, history: str, seen: Head, last_seq: int) -> list[Action]:
        """Move the head on if it is still where this plan has read it."""
        update = {
            "TableName": self._schema.changes.name,
            "Key": change_key(history, HEAD_SEQ),
            **assignments({"last_seq": last_seq}),
        }
        if seen == NO_HEAD:
            update["ConditionExpression"] = "attribute_not_exists(history)"
            fence = Action({"Update": update})
            return [fence] if history == DEPARTMENTS_HISTORY else [fence, self._department_exists(history)]
        update["ConditionExpression"] = "last_seq = :seen_seq AND attribute_not_exists(ended)"
        update["ExpressionAttributeValues"][":seen_seq"] = number(seen.last_seq)
        if seen.epoch:
            update["ConditionExpression"] += " AND epoch = :seen_epoch"
            update["ExpressionAttributeValues"][":seen_epoch"] = text(seen.epoch)
        return [Action({"Update": update})]

    def _department_exists(self, department_id: str) -> Action:
        """For a department without a head, whose deletion would go unnoticed otherwise."""
        check = {
            "TableName": self._schema.departments.name,
            "Key": {"id": text(department_id)},
            "ConditionExpression": "attribute_exists(id)",
        }
        return Action({"ConditionCheck": check}, lambda: DepartmentNotFound(department_id))

    def _row_actions(self, change: Change, commit_id: str) -> list[Action]:
        """The change's row and, of a deleted department, the reminder that its events are still to be removed."""
        table = self._schema.changes.name
        row = change_item(change, commit_id, int(time.time()) + RETENTION_SECONDS)
        actions = [Action({"Put": {"TableName": table, "Item": row}})]
        if change.type == "department_deleted":
            reminder = {**change_key(DELETIONS_HISTORY, change.seq), "department_id": text(change.subject.id)}
            actions.append(Action({"Put": {"TableName": table, "Item": reminder}}))
        return actions

    def _object_actions(self, edit: Edit) -> list[Action]:
        before, after = edit.before, edit.after
        if isinstance(edit.subject, Department):
            return self._department_actions(before, after)  # type: ignore[arg-type]
        assert not isinstance(before, Department), "an edit stays with one kind of object"
        assert not isinstance(after, Department), "an edit stays with one kind of object"
        if before is None:
            assert after is not None, "an edit has a before or an after"
            return self._creation_of_event(after, claimed=edit.id_from_client)
        if after is None:
            return [self._deletion_of_event(before)]
        if edit.is_move and self._tables.events_key_has_department():
            return self._move_of_event(before, after)
        return [self._update_of_event(before, after)]

    def _department_actions(self, before: Department | None, after: Department | None) -> list[Action]:
        if before is None:
            assert after is not None, "an edit has a before or an after"
            return self._creation_of_department(after)
        refusal = self._department_refusal(before.id)
        key = {"TableName": self._schema.departments.name, "Key": {"id": text(before.id)}}
        if after is None:
            return [_conditional("Delete", key, before.version, refusal), self._end_of_history(before.id)]
        values = {name: value for name, value in record_of(after).items() if name != "id"}
        return [_conditional("Update", {**key, **assignments(values)}, before.version, refusal)]

    def _creation_of_department(self, department: Department) -> list[Action]:
        """With its history, which begins in a new epoch. An id that comes back must not meet what is left of the old one."""
        if (self._reads.stored_head(department.id) or {}).get("ended"):
            self._finish_deletion(department.id)
        put = {
            "TableName": self._schema.departments.name,
            "Item": item_of(department),
            "ConditionExpression": "attribute_not_exists(id)",
        }
        head = {**change_key(department.id, HEAD_SEQ), "last_seq": number(0), "epoch": text(new_epoch())}
        begin = {
            "TableName": self._schema.changes.name,
            "Item": head,
            "ConditionExpression": "attribute_not_exists(history) OR attribute_exists(ended)",
        }
        taken = DepartmentExists(department.id)
        return [Action({"Put": put}, lambda: taken), Action({"Put": begin}, lambda: taken)]

    def _end_of_history(self, department_id: str) -> Action:
        """From here on nothing can be written into the department: every write's fence fails."""
        update = {
            "TableName": self._schema.changes.name,
            "Key": change_key(department_id, HEAD_SEQ),
            "UpdateExpression": "SET ended = :ended, last_seq = if_not_exists(last_seq, :none)",
            "ExpressionAttributeValues": {":ended": {"BOOL": True}, ":none": number(0)},
        }
        return Action({"Update": update})

    def _creation_of_event(self, event: CalendarEvent, *, claimed: bool) -> list[Action]:
        taken = EventExists(event.id)
        put = {
            "TableName": self._schema.events.name,
            "Item": item_of(event),
            "ConditionExpression": "attribute_not_exists(id)",
        }
        actions = [Action({"Put": put}, lambda: taken)]
        if claimed and self._tables.events_key_has_department():
            if self._reads.events_with_id(event.id):
                raise taken
            actions.append(self._claim(event, taken))
        return actions

    def _claim(self, event: CalendarEvent, taken: EventExists) -> Action:
        """Decides between two departments in which the same id is created at this moment."""
        now = int(time.time())
        put = {
            "TableName": self._schema.records.name,
            "Item": {
                "key": text(f"event-id#{event.id}"),
                "department_id": text(event.department_id),
                "expires_at": number(now + CLAIM_SECONDS),
            },
            "ConditionExpression": "attribute_not_exists(#key) OR expires_at < :now OR department_id = :department",
            "ExpressionAttributeNames": {"#key": "key"},
            "ExpressionAttributeValues": {":now": number(now), ":department": text(event.department_id)},
        }
        return Action({"Put": put}, lambda: taken)

    def _receipt_actions(self, edit: Edit) -> list[Action]:
        if edit.receipt is None:
            return []
        put = {"TableName": self._schema.records.name, **receipt_put(edit.receipt)}
        exists = ReceiptExists(edit.receipt.key)
        return [Action({"Put": put}, lambda: exists)]

    def _deletion_of_event(self, event: CalendarEvent) -> Action:
        return self._on_event("Delete", event, {})

    def _update_of_event(self, before: CalendarEvent, after: CalendarEvent) -> Action:
        """Where the key is ``id`` alone, this also moves it: ``department_id`` is then an attribute like any other."""
        key = self._event_key(before)
        values = {name: value for name, value in record_of(after).items() if name not in key}
        return self._on_event("Update", before, assignments(values))

    def _move_of_event(self, before: CalendarEvent, after: CalendarEvent) -> list[Action]:
        """The department stands in the key, so the item is put anew, with whatever else stood in it."""
        items = self._reads.events_with_id(before.id)
        others = next((item for item in items if item["department_id"] == text(before.department_id)), {})
        put = {
            "TableName": self._schema.events.name,
            "Item": {**others, **item_of(after)},
            "ConditionExpression": "attribute_not_exists(id)",
        }
        return [self._deletion_of_event(before), Action({"Put": put}, lambda: VersionConflict(before.id))]

    def _on_event(self, operation: str, event: CalendarEvent, parameters: Json) -> Action:
        request = {"TableName": self._schema.events.name, "Key": self._event_key(event), **parameters}
        return _conditional(operation, request, event.version, self._event_refusal(event), event.department_id)

    def _event_key(self, event: CalendarEvent) -> Item:
        key = {"id": text(event.id)}
        return {**key, "department_id": text(event.department_id)} if self._tables.events_key_has_department() else key

    def _require_free_names(self, edits: Sequence[Edit]) -> None:
        """No two departments under one name: sure, because the commit fails if the list changes after this reading.

        The list's head is therefore read before.
        """
        wanted = [edit.after for edit in edits if isinstance(edit.after, Department) and _takes_name(edit)]
        if not wanted:
            return
        holders = {d.name_key: d.id for d in self._reads.departments().departments}
        for department in wanted:
            if holders.setdefault(department.name_key, department.id) != department.id:
                raise DepartmentExists(department.id)

    def _department_refusal(self, department_id: str) -> Callable[[], CalendarError]:
        def refusal() -> CalendarError:
            try:
                return VersionConflict(department_id, department_of(self._reads.department_item(department_id)))
            except DepartmentNotFound as error:
                return error

        return refusal

    def _event_refusal(self, event: CalendarEvent) -> Callable[[], CalendarError]:
        def refusal() -> CalendarError:
            try:
                return VersionConflict(event.id, self._reads.event(event.id))
            except EventNotFound as error:
                return error

        return refusal


def _histories(edits: Sequence[Edit]) -> list[str]:
    return list(dict.fromkeys(history for edit in edits for history, _type, _subject in edit.steps))


def _placed(actions: list[Action], position: int) -> list[Action]:
    """The actions, whose refusals are about the edit at ``position``."""
    return [replace(action, position=position) for action in actions]


def _numbered(edits: Sequence[Edit], heads: Mapping[str, Head], at: str) -> list[Change]:
    """The changes that the edits make, each with the next number of its history."""
    last = {history: head.last_seq for history, head in heads.items()}
    changes = []
    for edit in edits:
        for history, change_type, subject in edit.steps:
            last[history] += 1
            changes.append(Change(history, last[history], change_type, subject, at, edit.mutation_id))
    return changes


def _takes_name(edit: Edit) -> bool:
    """True where a department is created or gets another name."""
    before, after = edit.before, edit.after
    return isinstance(after, Department) and not (isinstance(before, Department) and before.name_key == after.name_key)


def _conditional(
    operation: str, request: Json, version: int, refusal: Callable[[], CalendarError], department_id: str | None = None
) -> Action:
    """An Update or Delete of an object that is still at ``version`` and, of an event, still in its department."""
    condition, values = still_at_version(version)
    if department_id is not None:
        condition = f"({condition}) AND department_id = :seen_department"
        values[":seen_department"] = text(department_id)
    both = {**request.get("ExpressionAttributeValues", {}), **values}
    return Action(
        {operation: {**request, "ConditionExpression": condition, "ExpressionAttributeValues": both}}, refusal
    )
