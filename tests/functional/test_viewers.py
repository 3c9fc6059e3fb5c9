"""Viewers see each other by name on every kind of server, and one whose process is killed is gone."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
from functional.serving import Server
from functional.talking import WAIT_SECONDS, Listener, create_department, listening

EVENT = str(uuid.uuid4())
VIEWER = """
import sys, socketio
client = socketio.Client(reconnection=False)
client.connect(sys.argv[1], transports=[sys.argv[3]])
client.call("join_department", {"department_id": sys.argv[2]})
print(client.call("presence_update", {"department_id": sys.argv[2], "name": "박셋", "editing": sys.argv[4]})["id"], flush=True)
client.wait()
"""


def viewing(listener: Listener, department_id: str, name: str, editing: str | None = None) -> str:
    """The id under which the listener is a viewer."""
    answer = listener.ask("presence_update", {"department_id": department_id, "name": name, "editing": editing})
    assert (answer["success"], answer["department_id"]) == (True, department_id), answer
    return str(answer["id"])


def heard_until(listener: Listener, count: int) -> dict[str, Any]:
    """The first ``presence`` with so many viewers."""
    while True:
        message = dict(listener.next("presence")[1])
        if message["count"] == count:
            return message


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_viewers_see_each_other_until_one_is_killed_and_the_other_leaves(
    server: Server, transport: str, tmp_path: Path
) -> None:
    department_id = create_department(server)["id"]
    with listening(server) as first, listening(server, transport) as second, listening(server) as outside:
        assert first.ask("presence_update", {"department_id": department_id, "name": "하나"})["error"] == "not_in_room"
        for listener in (first, second):
            listener.ask("join_department", {"department_id": department_id})
        one = {"id": viewing(first, department_id, "김하나"), "name": "김하나", "editing": None}
        two = {"id": viewing(second, department_id, "이둘", EVENT), "name": "이둘", "editing": EVENT}
        for listener in (first, second):
            assert heard_until(listener, 2) == {"department_id": department_id, "viewers": [two, one], "count": 2}

        command = [sys.executable, "-c", VIEWER, server.url, department_id, "websocket", EVENT]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as third:
            assert third.stdout is not None
            three = {"id": third.stdout.readline().strip(), "name": "박셋", "editing": EVENT}
            assert three in heard_until(first, 3)["viewers"]
            third.kill()
        assert heard_until(first, 2)["viewers"] == [two, one]

        second.ask("leave_department", {"department_id": department_id})
        assert heard_until(first, 1)["viewers"] == [one]
        viewing(first, department_id, "김하나", EVENT)
        assert first.next("presence")[1]["viewers"] == [{**one, "editing": EVENT}]

        assert requests.delete(f"{server.url}/api/departments/{department_id}", timeout=WAIT_SECONDS).status_code == 200
        first.next("sync_reset")
        refused = first.ask("presence_update", {"department_id": department_id, "name": "김하나"})
        assert refused["error"] == "not_in_room"
        assert [message for message in outside.heard_so_far() if message[0] == "presence"] == []
