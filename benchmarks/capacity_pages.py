"""The tables of docs/capacity.md and docs/capacity.ko.md, made from what was measured."""

from __future__ import annotations

from pathlib import Path

from benchmarks.metering import Counted, Measured

ROOT = Path(__file__).parents[1]
EVENTS, DEPARTMENTS = 100, 10

WORDS = {
    "list_warm": ("목록 조회(메모리에 있음, 304 포함)", "list events, held (also 304)"),
    "list_cold": (f"목록 조회(처음, {EVENTS}건)", f"list events, first time ({EVENTS})"),
    "departments_warm": ("부서 목록(메모리에 있음)", "list departments, held"),
    "departments_cold": (f"부서 목록(처음, {DEPARTMENTS}개)", f"list departments, first time ({DEPARTMENTS})"),
    "head": ("최신 번호 확인", "head check"),
    "list_check": (
        "부서 목록이 바뀌었는지 확인(클라이언트마다 1분에 1회)",
        "has the list changed? (once a minute and client)",
    ),
    "join": ("방 입장(커서 있음, 놓친 것 없음)", "join with a cursor, nothing missed"),
    "long_poll": ("롱 폴링 1회(25초, 변경 없음)", "one long poll (25 s, nothing happens)"),
    "follow": (
        f"최신 번호 따라가기 1초(부서 {DEPARTMENTS}개와 목록)",
        f"follow heads for 1 s ({DEPARTMENTS} departments, list)",
    ),
    "ready": ("준비 상태 확인(/readyz)", "readiness probe (/readyz)"),
    "upkeep": ("정리 작업(프로세스마다 1분에 1회)", "upkeep (once a minute and process)"),
    "create": ("이벤트 생성", "create an event"),
    "create_named": ("이벤트 생성(멱등 키)", "create an event, idempotent"),
    "repeat": ("같은 멱등 키로 다시 보낸 생성", "the same creation repeated"),
    "create_chosen": ("이벤트 생성(ID 지정)", "create an event, id given"),
    "create_client": ("이벤트 생성(ID와 멱등 키, 두 클라이언트)", "create an event, id and idempotent (both clients)"),
    "announce": ("다른 프로세스의 변경 1건 알림", "announce one change of another process"),
    "create_behind": ("같은 생성, 그사이 다른 프로세스가 썼을 때", "the same, another process wrote since"),
    "update": ("이벤트 수정", "change an event"),
    "update_named": ("이벤트 수정(멱등 키)", "change an event, idempotent"),
    "update_cold": ("이벤트 수정(프로세스가 아무것도 읽지 않았을 때)", "change an event, nothing held"),
    "update_date": ("이벤트 날짜 변경", "change an event's date"),
    "move": ("이벤트를 다른 부서로 이동", "move an event"),
    "delete": ("이벤트 삭제", "delete an event"),
    "catch_up": ("따라잡기(변경 10건)", "catch up (10 changes)"),
    "list_behind": ("목록 조회(다른 프로세스가 10건 변경)", "list events, 10 changes by others"),
    "department_create": ("부서 생성", "create a department"),
    "department_rename": ("부서 이름 변경", "rename a department"),
    "department_delete": (f"부서 삭제(이벤트 {EVENTS}건 남짓)", f"delete a department (some {EVENTS} events)"),
}


def table(moto: list[Measured], ministack: list[Measured], language: str) -> str:
    """The figures as a Markdown table."""
    korean = language == "ko"
    head = (
        "| 작업 | 읽기 | 쓰기 | moto 읽기/쓰기 | ministack 읽기/쓰기 |"
        if korean
        else "| operation | read | write | moto read/write | ministack read/write |"
    )
    rows = [
        _row(WORDS[first.name][0 if korean else 1], first.counted, other.counted)
        for first, other in zip(moto, ministack, strict=True)
    ]
    return "\n".join([head, "|---|---:|---:|---:|---:|", *rows])


def _row(words: str, counted: Counted, other: Counted) -> str:
    units = counted.load.total
    said = f"{counted.said_read:g} / {counted.said_write:g} | {other.said_read:g} / {other.said_write:g}"
    return f"| {words} | {units.read:g} | {units.write:g} | {said} |"


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
