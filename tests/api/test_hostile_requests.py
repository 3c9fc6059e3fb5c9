"""Whatever a client sends: an answer in JSON, never a 500, and nothing changed half-way."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BOUNDED = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FIELDS = ["event_date", "title", "description", "time", "url", "id", "department_id", "version", "name", "colour"]

texts = st.text(max_size=20) | st.sampled_from(
    ["2024-01-20", "오후 2:00", "https://example.com", "\x00", "\u202e", "9" * 300]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from(FIELDS) | texts, values, max_size=6) | values
payloads = bodies.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=60)
segments = st.text(alphabet=st.characters(exclude_characters="/?#", codec="utf-8"), min_size=1, max_size=12)
header_values = st.text(
    alphabet=st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30
)


def assert_answered(answer):
    assert answer.status_code < 500, answer.text
    if answer.status_code not in (204, 304):
        assert answer.content_type == "application/json"
        assert answer.json["success"] is (answer.status_code < 400)


@BOUNDED
@given(
    method=st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]),
    payload=payloads,
    kind=st.sampled_from(["d", "D", "e", "E"]),
)
def test_no_body_is_a_server_error(client, department, event, method, payload, kind):
    address = {
        "d": "/api/departments",
        "D": f"/api/departments/{department['id']}",
        "e": f"/api/events/{department['id']}",
        "E": f"/api/events/{event['id']}",
    }[kind]
    if method == "DELETE":
        address += "-not"
    assert_answered(client.open(address, method=method, data=payload, content_type="application/json"))
    listed = client.get(f"/api/events/{department['id']}")
    assert_answered(listed)
    assert event["id"] in [each["id"] for each in listed.json["events"]] or method in ("PUT", "PATCH")


@BOUNDED
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
    path=st.lists(segments, max_size=4),
)
def test_no_path_is_a_server_error(client, method, path):
    answer = client.open("/api/events/" + "/".join(path), method=method, data=b"{}", content_type="application/json")
    if method != "HEAD":
        assert_answered(answer)


@BOUNDED
@given(query=st.dictionaries(st.sampled_from(["from", "to", "limit", "page", "x"]), st.text(max_size=20), max_size=5))
def test_no_query_is_a_server_error(client, department, query):
    assert_answered(client.get(f"/api/events/{department['id']}", query_string=query))


@BOUNDED
@given(
    name=st.sampled_from(["If-Match", "If-None-Match", "Accept-Language", "Content-Type", "Accept", "Range"]),
    value=header_values,
)
def test_no_header_is_a_server_error(client, department, event, name, value):
    assert_answered(client.get(f"/api/events/{department['id']}", headers={name: value}))
    assert_answered(
        client.put(f"/api/events/{event['id']}", data=b"{}", headers={"Content-Type": "application/json", name: value})
    )


@pytest.mark.parametrize(
    "page", ["W10", "WyJhIiwiYiJd", "WyJhIiwiYiIsIlx1ZDgwMCJd", "e30", "bnVsbA", "=", "a", "한글", "W" * 5000]
)
def test_forged_page_is_refused(client, department, page):
    answer = client.get(f"/api/events/{department['id']}", query_string={"page": page})
    assert (answer.status_code, answer.json["details"][0]["code"]) == (422, "invalid_page")
