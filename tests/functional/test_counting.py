"""Many count in one event's description, each insisting on the state that it has read: no count is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from functional.serving import Server
from functional.sizes import sized
from functional.subscriber import subscribing
from functional.talking import create_department, create_event

WRITERS = 16
ATTEMPTS = sized(15, 500)


def count_up(server: Server, department_id: str, event_id: str) -> int:
    """How many of the attempts have been accepted. After a refusal it goes on from what the refusal shows."""
    accepted = 0
    with requests.Session() as session:
        answer = session.get(f"{server.url}/api/events/{department_id}/{event_id}", timeout=30)
        for _ in range(ATTEMPTS):
            shown = answer.json()
            seen = int((shown.get("event") or shown["current"])["description"])
            body, headers = {"description": str(seen + 1)}, {"If-Match": answer.headers["ETag"]}
            answer = session.put(f"{server.url}/api/events/{event_id}", json=body, headers=headers, timeout=30)
            assert answer.status_code in (200, 412), answer.text
            accepted += answer.status_code == 200
    return accepted


@pytest.mark.soak
@pytest.mark.timeout(sized(120, 1_200))
def test_the_final_value_is_the_number_of_accepted_increments(server: Server) -> None:
    department_id = create_department(server)["id"]
    event_id = create_event(server, department_id, description="0")["id"]
    with subscribing(server.url, [department_id]) as [subscriber]:
        with ThreadPoolExecutor(WRITERS) as pool:
            accepted = sum(pool.map(lambda _n: count_up(server, department_id, event_id), range(WRITERS)))
        event = requests.get(f"{server.url}/api/events/{department_id}/{event_id}", timeout=10).json()["event"]
        assert int(event["description"]) == accepted
        assert event["version"] == accepted + 1
        assert ATTEMPTS <= accepted <= ATTEMPTS * WRITERS
        subscriber.wait_for([event], seconds=2)
        assert subscriber.seq == accepted + 1
