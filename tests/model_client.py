"""A client of the model: it keeps a copy of each history, and follows it through the servers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from model_servers import Json, Servers

LIST = "departments"
"""The history of the list of departments."""


@dataclass(frozen=True)
class Copy:
    """What a client holds of a history: its objects after change ``seq``, and the cursor that stands for it."""

    objects: dict[str, Json]
    seq: int
    cursor: str


def loaded(servers: Servers, process: int, history: str) -> Copy:
    """A fresh list, which the full form of sync must equal."""
    path = "/api/departments" if history == LIST else f"/api/events/{history}"
    listed = servers.request(process, "GET", path)
    everything = servers.request(process, "GET", f"/api/sync/{history}")
    assert (listed.status, everything.status) == (200, 200)
    assert {**listed.body, "full": True} == everything.body
    objects = listed.body["departments" if history == LIST else "events"]
    return Copy({each["id"]: each for each in objects}, listed.body["seq"], listed.body["cursor"])


def followed(
    servers: Servers, process: int, history: str, copy: Copy, limit: int = 1_000, pages: int | None = None
) -> tuple[Copy | None, bool]:
    """``copy`` after what the server says has happened since, ``pages`` at the most; None where all of it is gone.

    True beside it where the server has said that there is no more.
    """
    while pages is None or pages > 0:
        answer = servers.request(process, "GET", f"/api/sync/{history}?cursor={copy.cursor}&limit={limit}")
        if answer.status == 404:
            return None, True
        if answer.status == 410:
            return loaded(servers, process, history), True
        assert answer.status == 200, answer
        assert len(answer.body["changes"]) <= limit
        copy = applied(copy, answer.body)
        if not answer.body["has_more"]:
            return copy, True
        pages = None if pages is None else pages - 1
    return copy, False


def applied(copy: Copy, body: Json) -> Copy:
    """``copy`` after a page of changes, which must follow on from it and from one another."""
    objects = dict(copy.objects)
    numbers = range(copy.seq + 1, copy.seq + 1 + len(body["changes"]))
    assert [change["seq"] for change in body["changes"]] == list(numbers)
    for change in body["changes"]:
        object_id = change["data"]["id"]
        assert (object_id in objects) is not change["type"].endswith("_created")
        if change["type"].endswith("_deleted"):
            del objects[object_id]
        else:
            objects[object_id] = change["data"]
    assert body["seq"] == copy.seq + len(body["changes"])
    return replace(copy, objects=objects, seq=body["seq"], cursor=body["cursor"])
