"""The demonstration company: believable, the same for the same day, and in a file of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests
from functional.serving import ROOT, serving

from calendar_server.demo.__main__ import FILE_NAME, fill, main
from calendar_server.demo.planning import plan
from calendar_server.domain.changes import events_history
from calendar_server.domain.holidays import statutory_holidays
from calendar_server.store.embedded import EmbeddedStore

TODAY = date(2026, 11, 18)
DAYS = [TODAY, date(2027, 2, 10), date(2026, 1, 1), date(2028, 2, 29), date(2025, 10, 6)]


@pytest.mark.parametrize("today", DAYS)
def test_there_are_some_three_hundred_events_of_eight_departments_around_the_day(today: date) -> None:
    calendar = plan(today)
    events = [event for _department, events in calendar for event in events]
    assert len(calendar) == 8
    assert 280 <= len(events) <= 360
    near = [event for event in events if abs(date.fromisoformat(event.event_date) - today) <= timedelta(days=21)]
    assert len(near) > len(events) * 0.4


@pytest.mark.parametrize("today", DAYS)
def test_nobody_works_on_weekends_and_holidays(today: date) -> None:
    holidays = {each.date for year in range(2025, 2029) for each in statutory_holidays(year)}
    for _department, events in plan(today):
        for event in events:
            assert date.fromisoformat(event.event_date).weekday() < 5, event
            assert event.event_date not in holidays, event


def test_the_same_day_gives_the_same_calendar_ids_included() -> None:
    assert plan(TODAY) == plan(TODAY)
    assert plan(TODAY) != plan(TODAY + timedelta(days=7))
    ids = Counter(event.id for _department, events in plan(TODAY) for event in events)
    assert set(ids.values()) == {1}


def test_times_are_written_as_people_do_and_most_can_be_read() -> None:
    events = [event for _department, events in plan(TODAY) for event in events]
    written = {event.time for event in events if event.time}
    unread = {event.time for event in events if event.time and event.span.start is None}
    assert len(written) > 40
    assert unread == {"종일", "오전 중", "18:00까지"}
    assert any(event.url for event in events)
    assert any(event.description for event in events)


def test_it_is_made_anew_and_touches_no_other_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = EmbeddedStore(tmp_path / "calendar.sqlite3")
    own.close()
    before = (tmp_path / "calendar.sqlite3").read_bytes()
    for day in ("2026-11-11", "2026-11-18"):
        assert main(["--folder", str(tmp_path), "--date", day]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calendar.sqlite3", FILE_NAME]
    assert (tmp_path / "calendar.sqlite3").read_bytes() == before
    assert "새로 만들었습니다" in capsys.readouterr().out
    store = EmbeddedStore(tmp_path / FILE_NAME)
    try:
        assert [each.name for each in store.list_departments().departments][:2] == ["대표이사실", "개발팀"]
        for department, events in plan(TODAY):
            assert store.head(events_history(department.id)).last_seq == len(events)
    finally:
        store.close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("no folder")
    assert main(["--folder", str(tmp_path / "file")]) == 1
    assert "file/demo.sqlite3" in capsys.readouterr().err


def test_what_a_killed_run_left_behind_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "demo.new.sqlite3").write_text("half a file")
    assert fill(tmp_path / FILE_NAME, TODAY)[0] == 8


@pytest.mark.functional
def test_a_server_shows_it(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "calendar_server.demo"]
    made = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    with serving("gunicorn-eventlet", tmp_path, {"EMBEDDED_PATH": "data/demo.sqlite3"}) as server:
        departments = requests.get(f"{server.url}/api/departments", timeout=10).json()["departments"]
        assert "개발팀" in [each["name"] for each in departments]
        path = f"{server.url}/api/events/{departments[0]['id']}"
        assert len(requests.get(path, params={"q": "임원 회의"}, timeout=10).json()["events"]) >= 8
    assert sorted(path.name for path in (tmp_path / "data").glob("*.sqlite3")) == [FILE_NAME]
