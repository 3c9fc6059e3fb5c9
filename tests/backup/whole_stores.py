"""Stores filled with something of everything, and what two of them must have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from samples import department, event, receipt

from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, DepartmentList, Edit, Head
from calendar_server.domain.clock import now
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.store.contract import Store
from calendar_server.store.extracts import KeptReceipt


def fill(store: Store) -> list[Department]:
    """Two departments that live and one that is gone; events made, changed, moved and deleted; named writes."""
    store.secret()
    first, second, gone = (department(name) for name in ("개발팀", "영업팀 🗓", "없어진 팀"))
    for each in (first, second, gone):
        store.commit([Edit(None, each)])
    made = [event(first.id, f"회의 {number}") for number in range(30)]
    store.commit([Edit(None, each) for each in made[:20]])
    store.commit([Edit(None, each, f"쓰기 {each.id}", receipt(f"쓰기 {each.id}")) for each in made[20:]])
    changed = replace(made[0], title="바뀐 회의", description="줄\n바꿈 \u0000 \u2028", version=2, last_modified=now())
    store.commit([Edit(made[0], changed)])
    moved = replace(made[1], department_id=second.id, version=2)
    store.commit([Edit(made[1], moved, "옮기기", receipt("옮기기", b"\xff\x00"))])
    store.commit([Edit(made[2], None)])
    store.keep_receipt(receipt("아무것도 안 바꾼 쓰기"))
    store.commit([Edit(None, event(gone.id))])
    store.commit([Edit(gone, None)])
    store.finish_deletions()
    return [first, second]


def content(store: Store, scratch: Path) -> dict[str, Any]:
    """Every row that the contract lets one see, and the numbers at which the histories stand."""
    listed = store.list_departments()
    histories = [DEPARTMENTS_HISTORY, *(each.id for each in listed.departments)]
    with store.extract(scratch) as extract:
        receipts = sorted(extract.receipts(), key=lambda kept: kept.receipt.key)
    return {
        "departments": listed.departments,
        "events": {each.id: store.snapshot(each.id).events for each in listed.departments},
        "numbers": {history: store.head(history).last_seq for history in histories},
        "changes": {history: store.changes_after(history, 0, 10_000) for history in histories},
        "receipts": receipts,
        "secret": store.secret(),
    }


def epochs(store: Store) -> dict[str, str]:
    """The epoch of every history."""
    ids = [each.id for each in store.list_departments().departments]
    return {history: store.head(history).epoch for history in (DEPARTMENTS_HISTORY, *ids)}


class MadeUp:
    """An extract of one department with ``count`` events and changes, none of which is held."""

    def __init__(self, count: int) -> None:
        self.name = "지어낸 것"
        self.secret = "비밀"
        self.count = count
        self.department = department()
        self.departments = DepartmentList(Head(1, "a"), (self.department,))
        self.heads = {self.department.id: Head(count, "b")}

    def events(self) -> Iterator[CalendarEvent]:
        return (event(self.department.id, f"회의 {number}", id=f"{number:036}") for number in range(self.count))

    def changes(self) -> Iterator[Change]:
        for number, each in enumerate(self.events(), 1):
            yield Change(self.department.id, number, "event_created", each, now())

    def receipts(self) -> Iterator[KeptReceipt]:
        return iter(())


class CutOff(MadeUp):
    """An extract whose reader is stopped after ``after`` events."""

    def __init__(self, whole: Any, after: int) -> None:
        self.__dict__.update({"name": whole.name, "secret": whole.secret, "heads": whole.heads})
        self.departments = whole.departments
        self._whole = whole
        self._after = after

    def events(self) -> Iterator[CalendarEvent]:
        for number, each in enumerate(self._whole.events()):
            if number == self._after:
                raise KeyboardInterrupt
            yield each

    def changes(self) -> Iterator[Change]:
        changes: Iterator[Change] = self._whole.changes()
        return changes
