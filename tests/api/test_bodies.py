"""Bodies of every wrong kind are refused by name, and nothing of them is kept."""

from __future__ import annotations

import pytest

JSON = "application/json"
GOOD = {"event_date": "2024-01-20", "title": "회의"}


@pytest.fixture
def address(department):
    return f"/api/events/{department['id']}"


def codes(answer):
    return {(each["field"], each["code"]) for each in answer.json["details"]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{]",
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b'{"title": NaN}',
        b'{"title": Infinity}',
        b'{"title": -Infinity}',
        b'{"title": 1e999}',
        b'{"title": "\\ud800"}',
        b'{"title": "\\udc00\\ud800"}',
        b'{"title": "\xff"}',
        b"\xff\xfe{\x00}\x00",
        b"\xed\xa0\x80",
        b"{'title': 'x'}",
        b'{"title": "x"} x',
        b'{"title": "x",}',
        b'{"title": "a\nb"}',
        b"undefined",
        b"title=x",
        b'\x00{"title": "x"}',
    ],
)
def test_what_is_no_json_is_400(client, address, body):
    answer = client.post(address, data=body, content_type=JSON)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_json")
    assert client.get(address).json["events"] == []


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true", b"[{}]", b"1.5e10"])
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_json_that_is_no_object_is_422(client, address, event, body, method):
    target = address if method == "post" else f"/api/events/{event['id']}"
    answer = getattr(client, method)(target, data=body, content_type=JSON)
    assert answer.status_code == 422
    assert codes(answer) == {("", "type_object")}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "application/jsonp",
        "application/octet-stream",
        "+json",
        "\xe9/\xff",
    ],
)
def test_other_content_types_are_415(client, address, content_type):
    answer = client.post(address, data=b'{"event_date": "2024-01-20", "title": "x"}', content_type=content_type)
    assert (answer.status_code, answer.json["error"]) == (415, "json_required")


@pytest.mark.parametrize(
    "content_type",
    [JSON, "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json", "application/json;"],
)
def test_json_content_types_are_taken(client, address, content_type):
    answer = client.post(address, data=b'{"event_date": "2024-01-20", "title": "x"}', content_type=content_type)
    assert answer.status_code == 201


@pytest.mark.parametrize("field", ["event_date", "title", "description", "time", "url"])
@pytest.mark.parametrize("value", [5, 1.5, True, [], {}, ["x"], {"a": 1}])
def test_wrong_type_is_named_for_every_field(client, address, event, field, value):
    for answer in (
        client.post(address, json={**GOOD, field: value}),
        client.put(f"/api/events/{event['id']}", json={field: value}),
    ):
        assert answer.status_code == 422
        assert codes(answer) == {(field, "type_string")}


@pytest.mark.parametrize("field", ["name", "description"])
@pytest.mark.parametrize("value", [5, False, [], {}])
def test_wrong_type_is_named_for_the_fields_of_departments(client, department, field, value):
    for answer in (
        client.post("/api/departments", json={"name": "다른 팀", field: value}),
        client.put(f"/api/departments/{department['id']}", json={field: value}),
    ):
        assert codes(answer) == {(field, "type_string")}
    assert client.get("/api/departments").json["departments"] == [department]


def test_all_mistakes_of_a_body_are_named_together(client, address):
    body = {"event_date": "2024-02-30", "title": " ", "url": "javascript:alert(1)", "time": 5, "colour": "red"}
    answer = client.post(address, json={**body, "description": "가" * 5001})
    assert answer.status_code == 422
    assert codes(answer) == {
        ("event_date", "invalid_date"),
        ("title", "required"),
        ("url", "invalid_url"),
        ("time", "type_string"),
        ("colour", "unknown_field"),
        ("description", "too_long"),
    }
    assert all(each["message"] for each in answer.json["details"])
    assert client.get(address).json["events"] == []


def test_missing_required_fields_are_named(client, address):
    assert codes(client.post(address, json={})) == {("event_date", "required"), ("title", "required")}
    assert codes(client.post("/api/departments", json={})) == {("name", "required")}


def test_null_for_a_required_field_is_refused(client, event):
    answer = client.put(f"/api/events/{event['id']}", json={"title": None, "event_date": None})
    assert codes(answer) == {("title", "required"), ("event_date", "required")}


def test_null_for_an_optional_text_is_the_empty_text(client, address):
    event = client.post(address, json={**GOOD, "description": None, "time": None, "url": None}).json["event"]
    assert (event["description"], event["time"], event["url"]) == ("", "", "")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\tscript:x",
        "data:text/html,x",
        "//example.com",
        "example.com",
        "ftp://example.com",
        "http://",
        "http:///x",
        "https://[::1",
        "http://a b",
        "vbscript:x",
        "http://x:99999",
        'https://x/"><script>',
    ],
)
def test_only_web_addresses_are_taken(client, address, url):
    assert codes(client.post(address, json={**GOOD, "url": url})) == {("url", "invalid_url")}


@pytest.mark.parametrize("url", ["", "http://example.com", "HTTPS://example.com/가?b=c#d", "https://[::1]:8080/"])
def test_web_addresses_are_kept_as_they_are(client, address, url):
    assert client.post(address, json={**GOOD, "url": url}).json["event"]["url"] == url


@pytest.mark.parametrize(("field", "limit"), [("title", 200), ("description", 5000), ("time", 100)])
@pytest.mark.parametrize("character", ["가", "a", "😀", "\u1100\u1161"])
def test_limits_count_characters_after_trimming_and_nfc(client, address, field, limit, character):
    longest = client.post(address, json={**GOOD, field: f"  {character * limit}\n"})
    assert longest.status_code == 201
    assert len(longest.json["event"][field]) == limit
    longer = client.post(address, json={**GOOD, field: character * (limit + 1)})
    assert codes(longer) == {(field, "too_long")}
    assert str(limit) in longer.json["details"][0]["message"]


def test_limit_of_a_departments_name(client):
    assert client.post("/api/departments", json={"name": "가" * 101}).status_code == 422
    assert client.post("/api/departments", json={"name": " " + "가" * 100}).status_code == 201


def test_limit_of_an_address(client, address):
    base = "https://example.com/"
    longest = base + "a" * (2048 - len(base))
    assert client.post(address, json={**GOOD, "url": longest}).status_code == 201
    assert codes(client.post(address, json={**GOOD, "url": longest + "a"})) == {("url", "too_long")}


@pytest.mark.parametrize(
    "date", ["2024-1-5", "2023-02-29", "2024-13-01", "0000-01-01", "2024-01-20T00:00", "２０２４-01-01", "내일"]
)
def test_only_real_dates_are_taken(client, address, date):
    assert codes(client.post(address, json={**GOOD, "event_date": date})) == {("event_date", "invalid_date")}


@pytest.mark.parametrize("chosen", ["1", "not-a-uuid", 5, "", "{%s}" % ("0" * 32), "0" * 32])
def test_chosen_id_must_be_a_uuid(client, address, chosen):
    answer = client.post(address, json={**GOOD, "id": chosen})
    assert answer.status_code == 422
    assert {field for field, _code in codes(answer)} == {"id"}


def test_text_is_trimmed_and_composed(client, address):
    event = client.post(address, json={**GOOD, "title": " \u1112\u116c\u110b\u1174 \n"}).json["event"]
    assert event["title"] == "회의"


def test_unknown_field_of_any_name_is_refused_and_named(client, department):
    for name in ("", "colour", "__proto__", "이름", "x" * 5000):
        answer = client.put(f"/api/departments/{department['id']}", json={name: 1})
        assert codes(answer) == {(name[:100], "unknown_field")}


def test_details_speak_english_where_it_is_preferred(client):
    answer = client.post("/api/departments", json={}, headers={"Accept-Language": "en-US,en;q=0.9,ko;q=0.1"})
    assert answer.json["message"] == "Please check what you entered."
    assert answer.json["details"] == [{"field": "name", "code": "required", "message": "This is required."}]
