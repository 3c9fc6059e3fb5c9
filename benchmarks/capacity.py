"""The capacity units of each operation of the server: ``python -m benchmarks.capacity`` renews the tables in docs/.

Each operation is made through the server's own services on moto and on ministack, and every call it makes is counted by
AWS's rules. The doubles' own figures stand beside it: neither knows the sizes of items.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from benchmarks.capacity_pages import DEPARTMENTS, EVENTS, pages
from benchmarks.metering import Measured, Meter
from calendar_server.domain import clock
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import StoredAnswer
from calendar_server.services.calendar import Calendar
from calendar_server.services.mutations import AnsweredBefore, Mutation
from calendar_server.services.upkeep import look_after
from models import DynamoDBDatabase

ROOT = Path(__file__).parents[1]
RECENT = 25
"""Changes among them that the history still has: as many as a first list looks at."""
OLD = "2024-01-15T10:30:00.000Z"
BODY = {
    "title": "분기 마감 회의 준비",
    "event_date": "2024-01-20",
    "time": "오후 2:00 - 3:00",
    "description": "지난 분기 결과를 함께 보고 다음 분기의 목표를 정합니다. 부서별로 자료를 하나씩 준비해 주세요.",
    "url": "https://intra.example.com/docs/quarter",
}
ANSWER = StoredAnswer(201, (("Location", "/api/events/" + "0" * 73), ("Others", "0" * 132)), b"0" * 667)
"""As large as the answer that is kept when this event is created."""


class Scene:
    """A database with ten departments, one of them with 100 events, and two processes that hold what they have read."""

    def __init__(self, database: DynamoDBDatabase, endpoint: str | None) -> None:
        self.database = database
        self.warm, self.other = (Calendar(database, secret="비밀") for _ in range(2))
        self.departments = [self._department(f"부서 {number}") for number in range(DEPARTMENTS)]
        self.first, self.second = self.departments[:2]
        self._fill(self.first, EVENTS - RECENT)
        with patch.object(clock, "now", return_value=clock.timestamp(datetime.now(UTC) - timedelta(days=1))):
            self.others_write(RECENT)
        self.read(self.warm)
        self.read(self.other)
        self.meter = Meter(database, endpoint)
        self._keys = itertools.count()

    def read(self, calendar: Calendar) -> None:
        for department_id in (self.first, self.second):
            calendar.reading.events(department_id)
        calendar.reading.departments()

    def _department(self, name: str) -> str:
        return self.warm.editing.create_department({"name": name, "description": "설명"}).subject.id

    def _fill(self, department_id: str, count: int) -> None:
        """Events that were written long ago: the end of the history says nothing about them."""
        fields = {"created_at": OLD, "last_modified": OLD, "department_id": department_id, **BODY}
        requests = []
        for number in range(count):
            event_id = f"{number:08}-0000-4000-8000-000000000000"
            item = {"id": {"S": event_id}, "version": {"N": "1"}, **{name: {"S": fields[name]} for name in fields}}
            requests.append({"PutRequest": {"Item": item}})
        self.database.connection.write_batch(self.database.schema.events.name, requests)

    def named(self) -> Mutation:
        return Mutation(f"{next(self._keys):036}", "0" * 32, lambda _written: ANSWER, lambda _error: ANSWER)

    def created(self, mutation: Mutation | None = None) -> str:
        return self.warm.editing.create_event(self.first, BODY, mutation).subject.id

    def created_by_client(self, calendar: Calendar) -> str:
        """As both ready-made clients create an event: under an id and an Idempotency-Key of their own."""
        body = {"id": f"{next(self._keys):08}-9999-4000-8000-000000000000", **BODY}
        return calendar.editing.create_event(self.first, body, self.named()).subject.id

    def others_write(self, count: int) -> None:
        department_id = self.first
        head = self.database.head(department_id)
        events = [
            CalendarEvent(
                id=f"{head.last_seq + n:08}-1111-4000-8000-000000000000",
                department_id=department_id,
                created_at=OLD,
                last_modified=OLD,
                **BODY,
            )
            for n in range(count)
        ]
        self.database.commit([Edit(None, event) for event in events])


def operations(scene: Scene) -> Iterator[tuple[str, Callable[[], object]]]:
    """Name, and what is to be measured; what it needs is made before it is given out."""
    warm, first, second = scene.warm, scene.first, scene.second

    def cold() -> Calendar:
        return Calendar(scene.database, secret="비밀")

    cursor = warm.cursors.text(first, scene.database.head(first))
    listed = warm.cursors.text(DEPARTMENTS_HISTORY, scene.database.head(DEPARTMENTS_HISTORY))
    edit, read, sync = warm.editing, warm.reading, warm.syncing

    yield "list_warm", lambda: read.events(first)
    yield "list_cold", lambda: cold().reading.events(first)
    yield "departments_warm", read.departments
    yield "departments_cold", cold().reading.departments
    yield "head", lambda: read.department_head(first)
    yield "list_check", lambda: sync.missed(DEPARTMENTS_HISTORY, listed)
    yield "join", lambda: (sync.head(first), sync.missed(first, cursor))
    yield "long_poll", lambda: [sync.missed(DEPARTMENTS_HISTORY, listed) for _ in range(2)]
    yield "follow", lambda: scene.database.heads([DEPARTMENTS_HISTORY, *scene.departments])
    yield "ready", scene.database.check
    yield "upkeep", lambda: look_after(scene.database)
    yield "create", scene.created
    yield "create_named", lambda: scene.created(scene.named())
    repeated = scene.named()
    scene.created(repeated)
    yield "repeat", lambda: _answered_before(lambda: scene.created(repeated))
    chosen = {**BODY, "id": "99999999-0000-4000-8000-000000000000"}
    yield "create_chosen", lambda: edit.create_event(first, chosen)
    yield "create_client", lambda: scene.created_by_client(warm)
    scene.read(scene.other)
    before_one = warm.cursors.text(first, scene.database.head(first))
    scene.others_write(1)
    yield "announce", lambda: sync.missed(first, before_one)
    yield "create_behind", lambda: scene.created_by_client(scene.other)
    read.events(first)
    target = scene.created()
    yield "update", lambda: edit.update_event(target, {"title": "바뀐 회의 제목"})
    named = scene.named()
    yield "update_named", lambda: edit.update_event(target, {"title": "다시 바뀐 제목"}, mutation=named)
    yield "update_cold", lambda: cold().editing.update_event(target, {"title": "또 바뀐 제목"})
    read.events(first)
    yield "update_date", lambda: edit.update_event(target, {"event_date": "2024-02-20"})
    yield "move", lambda: edit.update_event(target, {"department_id": second})
    yield "delete", lambda: edit.delete_event(target)
    behind = warm.cursors.text(first, scene.database.head(first))
    scene.others_write(10)
    yield "catch_up", lambda: sync.missed(first, behind)
    yield "list_behind", lambda: read.events(first)
    yield "department_create", lambda: edit.create_department({"name": "새 부서"})
    yield "department_rename", lambda: edit.update_department(second, {"name": "새 이름"})
    yield "department_delete", lambda: edit.delete_department(first)


def _answered_before(write: Callable[[], object]) -> None:
    try:
        write()
    except AnsweredBefore:
        return
    raise AssertionError("a repeated write is answered from its receipt")


def measured(database: DynamoDBDatabase, endpoint: str | None = None) -> list[Measured]:
    """All operations on ``database``, which is empty."""
    found = []
    scene = Scene(database, endpoint)
    for name, work in operations(scene):
        with scene.meter.measuring() as counted:
            work()
        found.append(Measured(name, counted))
    return found


def main() -> None:
    """Measure on both doubles and write the pages."""
    sys.path.insert(0, str(ROOT / "tests"))
    from doubles import FAKE_CREDENTIALS, made_database, ministack_server
    from moto import mock_aws

    os.environ.update(FAKE_CREDENTIALS)
    with mock_aws():
        moto = measured(made_database())
    with tempfile.TemporaryDirectory() as folder, ministack_server(Path(folder)) as endpoint:
        ministack = measured(made_database(endpoint), endpoint)
    for path, text in pages(moto, ministack).items():
        path.write_text(text, encoding="utf-8")
    for each in moto:
        units = each.counted.load.total
        calls = ", ".join(f"{count} {name}" for name, count in Counter(each.counted.calls).items())
        print(f"{each.name:20} {units.read:7g} {units.write:7g}  {calls}")


if __name__ == "__main__":
    main()
