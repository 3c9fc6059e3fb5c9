"""What the clients of several workers behind one proxy do, and where their sockets are."""

from __future__ import annotations

import time
import uuid

import requests
from functional.serving import Server
from prometheus_client.parser import text_string_to_metric_families

WRITE_SECONDS = 20


def open_sockets(worker: Server) -> float:
    """How many sockets ``worker`` holds, as it says itself."""
    text = requests.get(worker.url + "/metrics", timeout=10).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "dallyeok_sockets"
    )


def persistent_post(server: Server, department_id: str, title: str) -> None:
    """Create an event as clients do: the same write again until it has a final answer."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    deadline = time.monotonic() + WRITE_SECONDS
    while True:
        body = {"title": title, "event_date": "2024-01-20"}
        answer = requests.post(f"{server.url}/api/events/{department_id}", json=body, headers=headers, timeout=10)
        if answer.status_code == 201:
            return
        assert answer.status_code == 503, answer.text
        assert answer.json()["error"] == "store_unavailable"
        assert time.monotonic() < deadline
        time.sleep(0.1)


def polling_address(server: Server) -> str:
    """Where a session over polling begins; with ``&sid=`` and its id, where it goes on."""
    return f"{server.url}/socket.io/?EIO=4&transport=polling"


def began_session(server: Server) -> str:
    """The id of a new session over polling."""
    opened = requests.get(polling_address(server), timeout=10)
    assert opened.status_code == 200, opened.text
    return opened.text.partition('"sid":"')[2].partition('"')[0]


def check_sessions_of_the_gone_end_at_once(server: Server, gone: dict[str, int], within: float = 2) -> None:
    """The sessions ``gone`` (by id: the port of their worker, which is no more) are refused without waiting for it.

    The refusal ends the session at the client, which begins another: that one is served.
    """
    assert gone
    for sid, port in gone.items():
        assert sid.startswith(f"{port}.")
        began = time.monotonic()
        refused = requests.get(f"{polling_address(server)}&sid={sid}", timeout=10)
        assert (refused.status_code, refused.json()["error"]) == (503, "store_unavailable")
        assert time.monotonic() - began < within
        assert not began_session(server).startswith(f"{port}.")
