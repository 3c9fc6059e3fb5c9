"""The program itself: output, options and exit codes."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import migrate_to_dynamodb
from calendar_server.config import VARIABLES
from calendar_server.errors import StoreUnavailable
from calendar_server.migration.holdings import Patience
from calendar_server.migration.identity import stable_id
from calendar_server.services.editing import Editing
from calendar_server.store.embedded import EmbeddedStore

DEPARTMENTS = [{"id": "d1", "name": "개발팀"}, {"id": "d2", "name": "인사팀"}]
EVENTS = [{"id": 1, "department_id": "d1", "event_date": "2024-01-20", "title": "팀 회의"}]
BAD_EVENT = {"id": 2, "department_id": "d1", "event_date": "2024-02-30", "title": "없는 날"}
RULE = "=" * 50

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two departments and an event, and no settings from outside."""
    for name in (*VARIABLES, "AWS_DEFAULT_REGION", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STORE", "embedded")
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "departments.json", DEPARTMENTS)
    put(tmp_path / "events.json", EVENTS)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program in ``folder``: exit code and everything it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        try:
            code = migrate_to_dynamodb.main(arguments, Patience((0, 0), sleep=lambda _seconds: None))
        except SystemExit as stop:
            code = int(str(stop.code))
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def put(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def store_in(folder: Path) -> Any:
    return closing(EmbeddedStore(folder / "data" / "calendar.sqlite3"))


def test_the_output_is_the_one_that_users_know(run: Run, folder: Path) -> None:
    code, output = run()
    assert code == 0
    assert (
        output
        == f"""  • 저장소: 내장 저장소(SQLite) {folder}/data/calendar.sqlite3
  • 원본: departments.json, events.json
{RULE}
🚀 JSON → DynamoDB 마이그레이션 시작
{RULE}

📋 부서 데이터 마이그레이션 시작...
  ✓ 부서 '개발팀' 마이그레이션 완료
  ✓ 부서 '인사팀' 마이그레이션 완료
✅ 부서 데이터 마이그레이션 완료: 2개

📅 캘린더 이벤트 데이터 마이그레이션 시작...
  ✓ 이벤트 '팀 회의' (2024-01-20) 마이그레이션 완료
✅ 이벤트 데이터 마이그레이션 완료: 1개

🔍 마이그레이션 검증 중...
  • 부서: 2개
  • 이벤트: 1개

✅ 마이그레이션 검증 완료
{RULE}
"""
    )


def test_a_second_run_writes_nothing_and_says_so(run: Run) -> None:
    run()
    code, output = run()
    assert code == 0
    assert "  • 이미 있는 부서 2개, 새로 쓴 것 없음\n✅ 부서 데이터 마이그레이션 완료: 0개\n" in output
    assert "  • 이미 있는 이벤트 1개, 새로 쓴 것 없음\n✅ 이벤트 데이터 마이그레이션 완료: 0개\n" in output


@pytest.mark.parametrize("place", ["data", "elsewhere"])
def test_files_are_found_in_data_and_in_the_source_folder(run: Run, folder: Path, place: str) -> None:
    for name in ("departments.json", "events.json"):
        (folder / place).mkdir(exist_ok=True)
        (folder / name).rename(folder / place / name.replace("events", "calendar_events"))
    code, output = run(*(["--source", place] if place == "elsewhere" else []))
    assert code == 0
    assert f"원본: {place}/departments.json, {place}/calendar_events.json\n" in output


def test_a_dry_run_makes_no_store(run: Run, folder: Path) -> None:
    code, output = run("--dry-run")
    assert code == 0
    assert "새로 쓸 이벤트 1개, 이미 있는 이벤트 0개" in output
    assert sorted(os.listdir(folder)) == ["departments.json", "events.json"]


def test_a_dry_run_leaves_an_existing_store_as_it_is(run: Run, folder: Path) -> None:
    run()
    put(folder / "events.json", [*EVENTS, {**EVENTS[0], "id": 5}])
    before = (folder / "data" / "calendar.sqlite3").read_bytes()
    code, output = run("--dry-run")
    assert (code, (folder / "data" / "calendar.sqlite3").read_bytes()) == (0, before)
    assert "새로 쓸 이벤트 1개, 이미 있는 이벤트 1개" in output


def test_one_bad_record_and_nothing_is_written_at_all(run: Run, folder: Path) -> None:
    put(folder / "events.json", [*EVENTS, BAD_EVENT, {"id": 3, "department_id": "d9", "title": "누구의 것?"}])
    code, output = run()
    assert code == 1
    assert (
        "  ✗ events.json #2 이벤트 '없는 날': event_date: YYYY-MM-DD 형식의 실제 날짜여야 합니다. (값: 2024-02-30)\n"
        in output
    )
    assert "  ✗ events.json #3 이벤트 '누구의 것?': department_id: 부서를 찾을 수 없습니다. (값: d9)\n" in output
    assert "❌ 아무것도 쓰지 않았습니다." in output
    assert not (folder / "data").exists()


def test_skip_invalid_takes_the_rest(run: Run, folder: Path) -> None:
    put(folder / "events.json", [BAD_EVENT, *EVENTS])
    code, output = run("--skip-invalid")
    assert code == 0
    assert "⚠️ 옮길 수 없는 데이터 1건 (건너뜁니다):" in output
    with store_in(folder) as store:
        assert [event.title for event in store.snapshot(stable_id("department", "d1")).events] == ["팀 회의"]


def test_the_report_holds_every_decision(run: Run, folder: Path) -> None:
    put(folder / "events.json", [BAD_EVENT, {**EVENTS[0], "color": "red"}])
    run("--skip-invalid", "--report", "report.json")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert (report["exit_code"], report["events"]) == (0, {"written": 1, "already_there": 0})
    assert report["ignored_fields"]["events"] == {"color": 1}
    assert [(each["file"], each["fields"]) for each in report["ignored"]] == [("events.json", {"color": "red"})]
    assert report["verification"]["ok"] is True
    [invalid] = report["invalid"]
    assert (invalid["file"], invalid["record"], invalid["label"]) == ("events.json", "#1", "없는 날")
    assert invalid["problems"] == [
        {
            "field": "event_date",
            "code": "invalid_date",
            "reason": "YYYY-MM-DD 형식의 실제 날짜여야 합니다.",
            "reason_en": "This must be a date of the calendar, written YYYY-MM-DD.",
        }
    ]


def test_a_refusal_is_reported_too(run: Run, folder: Path) -> None:
    put(folder / "events.json", [BAD_EVENT])
    code, _output = run("--report", "report.json")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert (code, report["exit_code"], report["events"]["written"]) == (1, 1, 0)
    assert "아무것도 쓰지 않았습니다" in report["failure"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["--source", "nowhere"],
        ["--source", "events.json"],
        ["--source", "empty"],
        ["--report", "nowhere/report.json"],
        ["--report", "events.json"],
    ],
)
def test_wrong_use_is_exit_code_2_and_touches_nothing(run: Run, folder: Path, arguments: list[str]) -> None:
    (folder / "empty").mkdir()
    before = (folder / "events.json").read_bytes()
    assert run(*arguments)[0] == 2
    assert (folder / "events.json").read_bytes() == before
    assert not (folder / "data").exists()


def test_every_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE", "postgres")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    code, output = run()
    assert code == 2
    assert "STORE='postgres'" in output
    assert "LOG_LEVEL='LOUD'" in output


def test_help_is_korean_and_english(run: Run) -> None:
    code, output = run("--help")
    assert code == 0
    assert "저장소로 옮깁니다" in output
    assert "It may be run again at any time" in output
    for option in ("--dry-run", "--skip-invalid", "--report FILE", "--source DIR"):
        assert option in output


def test_a_file_that_is_no_store_of_ours_is_refused_in_plain_words(run: Run, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "calendar.sqlite3").write_bytes(b"not a database at all, but long enough to look at" * 9)
    code, output = run()
    assert code == 1
    assert "저장소를 사용할 수 없습니다" in output
    assert "EMBEDDED_PATH" in output


def test_a_broken_file_is_refused_even_with_skip_invalid(run: Run, folder: Path) -> None:
    (folder / "events.json").write_text("[{]", encoding="utf-8")
    code, output = run("--skip-invalid")
    assert code == 1
    assert "events.json: 올바른 JSON이 아닙니다" in output
    assert not (folder / "data").exists()


def test_a_store_that_does_not_answer_ends_in_a_clear_message(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(*_arguments: Any) -> Any:
        raise StoreUnavailable("disk I/O error")

    monkeypatch.setattr(EmbeddedStore, "commit", no_answer)
    code, output = run()
    assert code == 1
    assert "저장소가 응답하지 않아 멈췄습니다: disk I/O error" in output
    assert "다시 실행하면 남은 데이터부터 이어서 진행합니다" in output
    monkeypatch.undo()


def test_what_differs_at_version_1_fails_and_what_was_edited_does_not(run: Run, folder: Path) -> None:
    run()
    with store_in(folder) as store:
        Editing(store).update_event(stable_id("event", "1"), {"title": "바뀐 회의"})
    code, output = run()
    assert code == 0
    assert "  • 이벤트 '팀 회의' (2024-01-20): 옮긴 뒤에 수정되어 그대로 두었습니다(버전 2)\n" in output
    put(folder / "departments.json", [{**DEPARTMENTS[0], "description": "새 설명"}, DEPARTMENTS[1]])
    code, output = run()
    assert code == 1
    assert "  ✗ departments.json #1 부서 '개발팀': 저장소의 내용이 원본과 다릅니다(description)\n" in output
    assert "❌ 마이그레이션 검증 실패: 1건" in output


def test_a_department_that_somebody_made_already_takes_the_events(run: Run, folder: Path) -> None:
    with store_in(folder) as store:
        made = Editing(store).create_department({"name": "개발팀"}).subject
    for _ in range(2):
        code, output = run()
        assert code == 0
        assert "  • 부서 '개발팀': 저장소에 이미 있는 부서 '개발팀'에 이벤트를 넣습니다\n" in output
    with store_in(folder) as store:
        assert [event.title for event in store.snapshot(made.id).events] == ["팀 회의"]
        assert len(store.list_departments().departments) == 2


def test_control_characters_of_a_title_never_reach_the_terminal(run: Run, folder: Path) -> None:
    put(folder / "events.json", [{**EVENTS[0], "title": "회의\x1b[2J\n끝"}])
    assert "'회의�[2J�끝'" in run()[1]


def test_many_records_get_no_line_each(run: Run, folder: Path) -> None:
    put(folder / "events.json", [{**EVENTS[0], "id": number} for number in range(41)])
    output = run()[1]
    assert "✓ 이벤트" not in output
    assert "✅ 이벤트 데이터 마이그레이션 완료: 41개" in output


def test_many_records_on_a_terminal_get_a_bar(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    put(folder / "events.json", [{**EVENTS[0], "id": number} for number in range(41)])
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    assert run()[0] == 0
    assert "41/41" in terminal.getvalue()
    assert "✓ 이벤트" not in terminal.getvalue()
