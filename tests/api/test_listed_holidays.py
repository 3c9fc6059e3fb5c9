"""``GET /api/holidays``: its answers, its refusals, its tag."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from calendar_server.services.calendar import Calendar
from calendar_server.services.holidays import HolidayList

AUTUMN = "/api/holidays?from=2025-10-05&to=2025-10-08"


def test_holidays_are_listed_by_day_with_both_names(client: FlaskClient) -> None:
    answer = client.get("/api/holidays?from=2025-01-27&to=2025-01-29")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-cache"
    marks = {"substitute": False, "temporary": False}
    assert answer.json == {
        "success": True,
        "holidays": [
            {
                **marks,
                "date": "2025-01-27",
                "name": "임시공휴일",
                "name_en": "Temporary Public Holiday",
                "temporary": True,
            },
            {**marks, "date": "2025-01-28", "name": "설날 연휴", "name_en": "Seollal Holiday"},
            {**marks, "date": "2025-01-29", "name": "설날", "name_en": "Seollal"},
        ],
    }


def test_the_tag_holds_until_the_list_changes(
    app: Flask, client: FlaskClient, calendar: Calendar, tmp_path: Path
) -> None:
    path = tmp_path / "holidays.json"
    calendar.holidays = HolidayList(path)
    tag = client.get(AUTUMN).headers["ETag"]
    again = client.get(AUTUMN, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    path.write_text('[{"date": "2025-10-06", "remove": true}]', encoding="utf-8")
    changed = client.get(AUTUMN, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert [each["date"] for each in changed.json["holidays"]] == ["2025-10-05", "2025-10-07", "2025-10-08"]


def test_what_is_wrong_with_the_range_is_named_in_both_languages(client: FlaskClient) -> None:
    missing = client.get("/api/holidays")
    assert missing.status_code == 422
    assert [each["field"] for each in missing.json["details"]] == ["from", "to"]
    for language, words in (("ko", "3년을 넘을 수 없습니다"), ("en", "at most 3 years")):
        answer = client.get("/api/holidays?from=2025-01-01&to=2028-01-02", headers={"Accept-Language": language})
        assert answer.status_code == 422
        (problem,) = answer.json["details"]
        assert (problem["field"], problem["code"]) == ("to", "range_too_long")
        assert words in problem["message"]


def test_it_asks_no_store(client: FlaskClient, watched_store: object) -> None:
    watched_store.failure = RuntimeError("down")  # type: ignore[attr-defined]
    assert client.get(AUTUMN).status_code == 200
