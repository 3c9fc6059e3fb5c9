"""The capacity units of each operation of the server: ``python -m benchmarks.capacity`` renews the tables in docs/.

Each operation is made through the server's own services on moto and on ministack, and every call it makes is counted by
AWS's rules. The doubles' own figures stand beside it: neither knows the sizes of items.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.metering import Meter, Units
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Edit
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import StoredAnswer
from calendar_server.services.calendar import Calendar
from calendar_server.services.mutations import AnsweredBefore, Mutation
from calendar_server.services.upkeep import look_after
from models import DynamoDBDatabase

ROOT = Path(__file__).parents[1]
EVENTS, DEPARTMENTS = 100, 10
OLD = "2024-01-15T10:30:00.000Z"
BODY = {
    "title": "분기 마감 회의 준비",
    "event_date": "2024-01-20",
    "time": "오후 2:00 - 3:00",
    "description": "지난 분기 결과를 함께 보고 다음 분기의 목표를 정합니다. 부서별로 자료를 하나씩 준비해 주세요.",
    "url": "https://intra.example.com/docs/quarter",
}
ANSWER = StoredAnswer(201, (("ETag", '"1-0123456789abcdef"'), ("Location", "/api/events/" + "0" * 73)), b"0" * 900)
"""About as large as the answers that are kept."""


WORDS = {
    "list_warm": ("목록 조회(메모리에 있음, 304 포함)", "list events, held (also 304)"),
    "list_cold": (f"목록 조회(처음, {EVENTS}건)", f"list events, first time ({EVENTS})"),
    "departments_warm": ("부서 목록(메모리에 있음)", "list departments, held"),
    "departments_cold": (f"부서 목록(처음, {DEPARTMENTS}개)", f"list departments, first time ({DEPARTMENTS})"),
    "head": ("머리 확인", "head check"),
    "join": ("방 입장(커서 있음, 놓친 것 없음)", "join with a cursor, nothing missed"),
    "long_poll": ("롱 폴링 1회(25초, 변경 없음)", "one long poll (25 s, nothing happens)"),
    "follow": (
        f"머리 따라가기 1초(부서 {DEPARTMENTS}개와 목록)",
        f"follow heads for 1 s ({DEPARTMENTS} departments, list)",
    ),
    "ready": ("준비 상태 확인(/readyz)", "readiness probe (/readyz)"),
    "upkeep": ("정리 작업(프로세스마다 1분에 1회)", "upkeep (once a minute and process)"),
    "create": ("이벤트 생성", "create an event"),
    "create_named": ("이벤트 생성(멱등 키)", "create an event, idempotent"),
    "repeat": ("같은 멱등 키로 다시 보낸 생성", "the same creation repeated"),
    "create_chosen": ("이벤트 생성(ID 지정)", "create an event, id given"),
    "update": ("이벤트 수정", "change an event"),
    "update_named": ("이벤트 수정(멱등 키)", "change an event, idempotent"),
    "update_date": ("이벤트 날짜 변경", "change an event's date"),
    "move": ("이벤트를 다른 부서로 이동", "move an event"),
    "delete": ("이벤트 삭제", "delete an event"),
    "catch_up": ("따라잡기(변경 10건)", "catch up (10 changes)"),
    "list_behind": ("목록 조회(다른 프로세스가 10건 변경)", "list events, 10 changes by others"),
    "department_create": ("부서 생성", "create a department"),
    "department_rename": ("부서 이름 변경", "rename a department"),
    "department_delete": (f"부서 삭제(이벤트 {EVENTS}건 남짓)", f"delete a department (some {EVENTS} events)"),
}


@dataclass(frozen=True)
class Measured:
    """One operation and its units."""

    name: str
    units: Units


class Scene:
    """A database with ten departments, one of them with 100 events, and a process that holds what it has read."""

    def __init__(self, database: DynamoDBDatabase, endpoint: str | None) -> None:
        self.database = database
        self.warm = Calendar(database, secret="비밀")
        self.departments = [self._department(f"부서 {number}") for number in range(DEPARTMENTS)]
        self.first, self.second = self.departments[:2]
        self._fill(self.first)
        self.read(self.warm)
        self.meter = Meter(database, endpoint)
        self._keys = itertools.count()

    def read(self, calendar: Calendar) -> None:
        for department_id in (self.first, self.second):
            calendar.reading.events(department_id)
        calendar.reading.departments()

    def _department(self, name: str) -> str:
        return self.warm.editing.create_department({"name": name, "description": "설명"}).subject.id

    def _fill(self, department_id: str) -> None:
        """Events that were written long ago: the end of the history says nothing about them."""
        fields = {"created_at": OLD, "last_modified": OLD, "department_id": department_id, **BODY}
        requests = []
        for number in range(EVENTS):
            event_id = f"{number:08}-0000-4000-8000-000000000000"
            item = {"id": {"S": event_id}, "version": {"N": "1"}, **{name: {"S": fields[name]} for name in fields}}
            requests.append({"PutRequest": {"Item": item}})
        self.database.connection.write_batch(self.database.schema.events.name, requests)

    def named(self) -> Mutation:
        return Mutation(f"{next(self._keys):036}", "0" * 64, lambda _written: ANSWER, lambda _error: ANSWER)

    def created(self, mutation: Mutation | None = None, department_id: str | None = None) -> str:
        return self.warm.editing.create_event(department_id or self.first, BODY, mutation).subject.id

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
    target = scene.created()
    yield "update", lambda: edit.update_event(target, {"title": "바뀐 회의 제목"})
    named = scene.named()
    yield "update_named", lambda: edit.update_event(target, {"title": "다시 바뀐 제목"}, mutation=named)
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
        with scene.meter.measuring() as units:
            work()
        found.append(Measured(name, units))
    return found


def table(moto: list[Measured], ministack: list[Measured], language: str) -> str:
    """The figures as a Markdown table."""
    korean = language == "ko"
    head = (
        "| 작업 | 읽기 | 쓰기 | moto 읽기/쓰기 | ministack 읽기/쓰기 |"
        if korean
        else "| operation | read | write | moto read/write | ministack read/write |"
    )
    rows = [
        f"| {WORDS[first.name][0 if korean else 1]} | {first.units.read:g} | {first.units.write:g} "
        f"| {first.units.said_read:g} / {first.units.said_write:g} | {other.units.said_read:g} / {other.units.said_write:g} |"
        for first, other in zip(moto, ministack, strict=True)
    ]
    return "\n".join([head, "|---|---:|---:|---:|---:|", *rows])


def pages(moto: list[Measured], ministack: list[Measured]) -> dict[Path, str]:
    """Each page with its table renewed."""
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    found = {}
    for name, language in (("capacity.md", "en"), ("capacity.ko.md", "ko")):
        path = ROOT / "docs" / name
        text = path.read_text(encoding="utf-8")
        before, after = text.split(begin)[0], text.split(end)[1]
        found[path] = f"{before}{begin}\n{table(moto, ministack, language)}\n{end}{after}"
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
        print(f"{each.name:20} {each.units.read:7g} {each.units.write:7g}  {dict.fromkeys(each.units.calls)}")


if __name__ == "__main__":
    main()
