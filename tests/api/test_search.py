"""``GET /api/events/{department_id}?q=``: which events are found, and how the search goes with the list's other cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

Json = dict[str, Any]
DECOMPOSED = "\u1112\u116c\u110b\u1174"  # 회의, as some keyboards and file systems write it


@pytest.fixture
def search(client: FlaskClient, department: Json, make_event: Callable[..., Json]) -> Callable[..., list[str]]:
    """The titles that are found among some events."""
    make_event("2024-01-20", "주간 회의", description="Agenda: 로드맵 Review")
    make_event("2024-01-21", "디자인 회의", description="시안 리뷰\n100% 완료")
    make_event("2024-01-22", "Straße closed", description="")
    make_event("2024-01-23", "점심", description="다 같이")

    def titles(q: str, **parameters: Any) -> list[str]:
        answer = client.get(f"/api/events/{department['id']}", query_string={"q": q, **parameters})
        assert answer.status_code == 200, answer.text
        return [event["title"] for event in answer.json["events"]]

    return titles


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("회의", ["주간 회의", "디자인 회의"]),
        ("  회의  ", ["주간 회의", "디자인 회의"]),
        (DECOMPOSED, ["주간 회의", "디자인 회의"]),
        ("회의 리뷰", ["디자인 회의"]),
        ("리뷰 디자인", ["디자인 회의"]),
        ("REVIEW 주간", ["주간 회의"]),
        ("agenda:", ["주간 회의"]),
        ("로드", ["주간 회의"]),
        ("STRASSE", ["Straße closed"]),
        ("100%", ["디자인 회의"]),
        ("회의　시안", ["디자인 회의"]),
        ("회의 점심", []),
        ("없는말", []),
        (".*", []),
        ("리뷰완료", []),
    ],
)
def test_all_words_must_occur_in_title_or_description_in_whatever_case(
    search: Callable[..., list[str]], q: str, found: list[str]
) -> None:
    assert search(q) == found


@pytest.mark.parametrize("q", ["", "   "])
def test_an_empty_search_is_none(search: Callable[..., list[str]], q: str) -> None:
    assert len(search(q)) == 4


def test_a_search_goes_with_dates(search: Callable[..., list[str]]) -> None:
    assert search("회의", **{"from": "2024-01-21"}) == ["디자인 회의"]
    assert search("회의", to="2024-01-20") == ["주간 회의"]


def test_pages_of_a_search_together_are_all_that_is_found(
    client: FlaskClient, department: Json, search: Callable[..., list[str]]
) -> None:
    path = f"/api/events/{department['id']}"
    first = client.get(path, query_string={"q": "회의", "limit": 1}).json
    second = client.get(path, query_string={"q": "회의", "limit": 1, "page": first["next_page"]}).json
    assert [each["events"][0]["title"] for each in (first, second)] == ["주간 회의", "디자인 회의"]
    assert second["next_page"] is None


def test_a_tag_holds_for_its_search_until_something_changes(
    client: FlaskClient, department: Json, search: Callable[..., list[str]], make_event: Callable[..., Json]
) -> None:
    path = f"/api/events/{department['id']}"

    def ask(q: str, **headers: str) -> Any:
        return client.get(path, query_string={"q": q}, headers=headers)

    tag = ask("회의 리뷰").headers["ETag"]
    known = {"If-None-Match": tag}
    assert ask("리뷰  회의", **known).status_code == 304
    assert ask("회의", **known).status_code == 200
    assert ask("", **known).status_code == 200
    make_event(title="리뷰 회의")
    assert len(ask("회의 리뷰", **known).json["events"]) == 2


def test_a_search_that_is_too_long_is_named_with_whatever_else_is_wrong(client: FlaskClient, department: Json) -> None:
    path = f"/api/events/{department['id']}"
    answer = client.get(path, query_string={"q": "가" * 201, "limit": "0"})
    assert answer.status_code == 422
    assert [(each["field"], each["code"]) for each in answer.json["details"]] == [
        ("limit", "out_of_range"),
        ("q", "too_long"),
    ]
    assert client.get(path, query_string={"q": " " + "가" * 200}).status_code == 200
    assert client.get("/api/events/nobody", query_string={"q": "가" * 201}).status_code == 404


@pytest.mark.parametrize("raw", ["%ff%fe", "%00", "%ED%A0%80", "%"])
def test_no_bytes_break_it(client: FlaskClient, department: Json, raw: str) -> None:
    assert client.get(f"/api/events/{department['id']}?q={raw}").status_code in (200, 422)
