"""ETag, ``If-None-Match`` and ``If-Match`` (RFC 9110, 8.8.3 and 13.1)."""

from __future__ import annotations

import pytest

from calendar_server.api.entity_tags import TagCondition


def test_every_object_and_list_answer_has_a_tag(client, department, event):
    read = [
        "/api/departments",
        f"/api/departments/{department['id']}",
        f"/api/events/{department['id']}",
        f"/api/events/{department['id']}/{event['id']}",
    ]
    for address in read:
        answer = client.get(address)
        assert answer.headers["ETag"].startswith('"'), address
        assert answer.headers["Cache-Control"] == "private, no-cache"
    made = client.post(f"/api/events/{department['id']}", json={"event_date": "2024-01-20", "title": "둘"})
    assert made.headers["ETag"] == client.get(made.headers["Location"]).headers["ETag"]
    changed = client.put(f"/api/events/{event['id']}", json={"title": "바뀜"})
    assert changed.headers["ETag"] == client.get(read[3]).headers["ETag"]
    renamed = client.patch(read[1], json={"name": "새 이름"})
    assert renamed.headers["ETag"] == client.get(read[1]).headers["ETag"]


def test_known_state_is_304_without_a_body(client, department, event):
    addresses = [
        "/api/departments",
        f"/api/departments/{department['id']}",
        f"/api/events/{department['id']}",
        f"/api/events/{department['id']}?from=2024-01-01&limit=5",
        f"/api/events/{department['id']}/{event['id']}",
    ]
    for address in addresses:
        tag = client.get(address).headers["ETag"]
        for sent in (tag, f"W/{tag}", f'"other", {tag}', f'W/"a,b",{tag} , "c"', "*"):
            answer = client.get(address, headers={"If-None-Match": sent})
            assert (answer.status_code, answer.data) == (304, b""), (address, sent)
            assert answer.headers["ETag"] == tag
            assert "Content-Type" not in answer.headers
        for sent in ('"other"', tag.strip('"'), "", "W/", '"', f"{tag}x", f"w/{tag}"):
            assert client.get(address, headers={"If-None-Match": sent}).status_code == 200, (address, sent)


def test_304_of_a_list_reads_only_the_head(client, department, event, watched_store):
    for address in ("/api/departments", f"/api/events/{department['id']}", f"/api/events/{department['id']}?limit=3"):
        tag = client.get(address).headers["ETag"]
        watched_store.calls.clear()
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
        assert watched_store.calls == ["head"]


def test_tag_of_a_list_changes_with_every_change_in_it(client, department, make_event):
    address = f"/api/events/{department['id']}"
    tags = [client.get(address).headers["ETag"]]
    event = make_event()
    tags.append(client.get(address).headers["ETag"])
    client.put(f"/api/events/{event['id']}", json={"title": "바뀜"})
    tags.append(client.get(address).headers["ETag"])
    client.delete(f"/api/events/{event['id']}")
    tags.append(client.get(address).headers["ETag"])
    assert len(set(tags)) == 4
    for known in tags[:-1]:
        assert client.get(address, headers={"If-None-Match": known}).status_code == 200


def test_tag_of_a_filtered_list_names_its_filter(client, department, event):
    address = f"/api/events/{department['id']}"
    queries = ["", "?limit=1", "?limit=2", "?from=2024-01-01", "?to=2024-12-31", "?from=2024-01-01&to=2024-12-31"]
    tags = {client.get(address + query).headers["ETag"] for query in queries}
    assert len(tags) == len(queries)


def test_event_made_again_under_its_id_has_another_tag(client, department, event):
    address = f"/api/events/{department['id']}/{event['id']}"
    first = client.get(address).headers["ETag"]
    client.delete(f"/api/events/{event['id']}")
    body = {field: event[field] for field in ("id", "event_date", "title", "time")}
    again = client.post(f"/api/events/{department['id']}", json=body)
    assert again.json["event"]["version"] == 1
    if again.json["event"]["created_at"] != event["created_at"]:
        assert again.headers["ETag"] != first
    assert client.get(address, headers={"If-None-Match": again.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("kind", ["departments", "events"])
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
class TestIfMatch:
    @pytest.fixture
    def target(self, kind, department, event):
        """Where to write, where to read, and what to write."""
        if kind == "departments":
            return f"/api/departments/{department['id']}", f"/api/departments/{department['id']}", {"name": "새 이름"}
        read = f"/api/events/{department['id']}/{event['id']}"
        return f"/api/events/{event['id']}", read, {"title": "새 제목"}

    @pytest.mark.parametrize("form", ["{tag}", '"other", {tag}', "*", ' {tag} , W/"x"'])
    def test_matching_tag_lets_the_write_pass(self, client, target, method, kind, form):
        write, read, body = target
        tag = client.get(read).headers["ETag"]
        answer = getattr(client, method)(write, json=body, headers={"If-Match": form.format(tag=tag)})
        assert answer.status_code == 200

    @pytest.mark.parametrize("form", ['"other"', "W/{tag}", "{bare}", "", '"', "W/*", '*, "x"', "{tag}x", "'{bare}'"])
    def test_anything_else_is_a_conflict_with_the_current_state(self, client, target, method, kind, form):
        write, read, body = target
        before = client.get(read)
        tag = before.headers["ETag"]
        sent = form.format(tag=tag, bare=tag.strip('"'))
        answer = getattr(client, method)(write, json=body, headers={"If-Match": sent})
        assert (answer.status_code, answer.json["error"]) == (412, "version_conflict")
        assert answer.json["current"] == before.json[kind.removesuffix("s")]
        assert answer.headers["ETag"] == tag
        assert client.get(read).json == before.json

    def test_state_of_yesterday_is_a_conflict(self, client, target, method, kind):
        write, read, body = target
        stale = client.get(read).headers["ETag"]
        client.put(write, json={"description": "다른 사람의 변경"})
        answer = getattr(client, method)(write, json=body, headers={"If-Match": stale})
        assert answer.status_code == 412
        assert answer.json["current"]["description"] == "다른 사람의 변경"

    def test_what_is_gone_is_404(self, client, target, method, kind):
        write, _read, body = target
        client.delete(write)
        assert getattr(client, method)(write, json=body, headers={"If-Match": "*"}).status_code == 404


def test_write_without_if_match_is_applied_field_by_field(client, department, event):
    client.put(f"/api/events/{event['id']}", json={"title": "가"})
    client.put(f"/api/events/{event['id']}", json={"description": "나"})
    found = client.get(f"/api/events/{department['id']}/{event['id']}").json["event"]
    assert (found["title"], found["description"], found["version"]) == ("가", "나", 3)


@pytest.mark.parametrize(
    ("header", "strong", "weak"),
    [
        ('"a"', {'"a"'}, set()),
        ('W/"a"', set(), {'"a"'}),
        ('"a,b" ,\t"c"', {'"a,b"', '"c"'}, set()),
        ('""', {'""'}, set()),
        (', ,"a",', {'"a"'}, set()),
        ('"a"b"', set(), set()),
        ('"a b"', set(), set()),
        ("a", set(), set()),
        ('x"a", "b"', {'"b"'}, set()),
    ],
)
def test_lists_of_tags_are_read_by_the_grammar(header, strong, weak):
    condition = TagCondition.parse(header)
    assert (condition.strong, condition.weak, condition.anything) == (strong, weak, False)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("header", ['"' * 100_000, " " * 100_000 + "x", '"a' * 50_000, "," * 100_000, '",' * 50_000])
def test_absurd_headers_are_read_in_no_time(header):
    assert '"x"' not in TagCondition.parse(header).strong
