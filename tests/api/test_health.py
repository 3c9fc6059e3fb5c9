"""The probes."""

from __future__ import annotations

from calendar_server.errors import StoreUnavailable, StoreUnusable


def test_living_process_says_so_whatever_its_store_does(client, watched_store):
    watched_store.failure = StoreUnavailable("gone")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"success": True, "status": "ok"})
    assert watched_store.calls == []


def test_ready_while_the_store_answers(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"success": True, "status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_not_ready_while_the_store_does_not_answer(client, watched_store):
    watched_store.failure = StoreUnavailable("no answer within 2 s", retry_after_seconds=3)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["error"]) == (503, "store_unavailable")
    assert answer.headers["Retry-After"] == "3"
    assert "no answer within 2 s" in answer.json["message"]
    watched_store.failure = None
    assert client.get("/readyz").status_code == 200


def test_not_ready_names_everything_that_is_missing(client, watched_store):
    watched_store.failure = StoreUnusable(["table 'events' is missing", "index 'name-index' is missing"])
    answer = client.get("/readyz", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json["error"]) == (503, "store_unavailable")
    assert [each["message"] for each in answer.json["details"]] == list(watched_store.failure.problems)
    assert "index 'name-index' is missing" in answer.json["message"]
