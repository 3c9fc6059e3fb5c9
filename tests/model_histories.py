"""The model: what the departments and events must be, the random writes, and what befalls clients and servers.

After each step every client's old state, followed by the changes since its cursor, must be what the processes list, and
what the model knows.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from model_client import LIST, Copy, followed, loaded
from model_servers import PROCESSES, Answer, Json, Servers

MOST_DEPARTMENTS = 3

processes = st.integers(0, PROCESSES - 1)
choices = st.integers(0, 1_000_000)
names = st.sampled_from(["개발팀", "영업팀", "Design", "DESIGN", "총무팀"])
texts = st.sampled_from(["", "주간 회의", "월례 회의", "café", "한 줄\n두 줄"])
bodies = st.fixed_dictionaries(
    {"title": st.sampled_from(["회의", "출장", "휴가"]), "event_date": st.sampled_from(["2024-01-20", "2024-02-29"])},
    optional={"description": texts, "time": st.sampled_from(["", "오후 2:00", "09:00-10:30"])},
)
changes_of_fields = st.dictionaries(st.sampled_from(["title", "description", "time"]), texts.filter(bool), max_size=2)
keys = st.booleans()

EVENT_WRITES = {
    "create_event": 4,
    "change_event": 4,
    "move_event": 3,
    "delete_event": 2,
    "insist_on_an_old_state": 1,
    "repeat_last_write": 2,
}
"""What is done to events, and how often beside the others."""


@dataclass(frozen=True)
class EventWrite:
    """A write that is made where there is something to make it on."""

    kind: str
    process: int
    choice: int
    named: bool
    body: Json
    fields: Json
    own_id: str


event_writes = st.builds(
    EventWrite,
    kind=st.sampled_from([kind for kind, weight in EVENT_WRITES.items() for _ in range(weight)]),
    process=processes,
    choice=choices,
    named=keys,
    body=bodies,
    fields=changes_of_fields,
    own_id=st.sampled_from(["no", "no", "new", "old"]),
)


@dataclass
class LastWrite:
    """A write that its client may repeat, and how it was answered."""

    request: tuple[str, str, Json | None, Json]
    answer: Answer


@dataclass
class Client:
    """Keeps a copy of each history that it has met."""

    copies: dict[str, Copy] = field(default_factory=dict)


class Histories(RuleBasedStateMachine):
    """``servers``: two processes over one store, both empty."""

    def __init__(self, servers: Servers, most_restarts: int) -> None:
        super().__init__()
        self.servers = servers
        self.restarts_left = most_restarts
        self.departments: dict[str, Json] = {}
        self.events: dict[str, Json] = {}
        self.gone: list[str] = []
        self.heads: dict[str, int] = {LIST: 0}
        self.unread: int | None = None
        self.clients = [Client() for _ in range(2)]
        self.last: LastWrite | None = None

    # --- writes

    @initialize(late=st.booleans())
    def two_departments(self, late: bool) -> None:
        for name in ("개발팀", "영업팀"):
            self.create_department(0, name, "", named=False, late=late)

    @rule(writes=st.lists(event_writes, min_size=1, max_size=6))
    def events_are_written(self, writes: list[EventWrite]) -> None:
        for each in writes:
            needs_event = each.kind not in ("create_event", "repeat_last_write")
            if self.departments and (self.events or not needs_event):
                getattr(self, each.kind)(each)

    @precondition(lambda self: len(self.departments) < MOST_DEPARTMENTS)
    @rule(process=processes, name=names, description=texts, named=keys, late=st.booleans())
    def department_is_created(self, process: int, name: str, description: str, named: bool, late: bool) -> None:
        self.create_department(process, name, description, named, late)

    def create_department(self, process: int, name: str, description: str, named: bool, late: bool) -> None:
        body = {"name": name, "description": description}
        taken = name.casefold() in {each["name"].casefold() for each in self.departments.values()}
        answer = self.write(process, "POST", "/api/departments", body, named)
        if taken:
            self.refused(answer, 409, "department_exists")
            return
        self.accepted(answer, 201, LIST)
        made = answer.body["department"]
        assert (made["name"], made["description"]) == (name, description)
        self.departments[made["id"]] = made
        self.heads[made["id"]] = 0
        if late:
            self.index_falls_behind(made["id"])

    @precondition(lambda self: self.departments)
    @rule(process=processes, choice=choices, name=names, named=keys)
    def rename_department(self, process: int, choice: int, name: str, named: bool) -> None:
        department = self.chosen(self.departments, choice)
        others = {each["name"].casefold() for each in self.departments.values() if each is not department}
        answer = self.write(process, "PUT", f"/api/departments/{department['id']}", {"name": name}, named)
        if name.casefold() in others:
            self.refused(answer, 409, "department_exists")
            return
        self.accepted(answer, 200, LIST, rows=name != department["name"])
        self.departments[department["id"]] = answer.body["department"]
        assert answer.body["department"]["name"] == name

    @precondition(lambda self: self.departments)
    @rule(process=processes, choice=choices, named=keys)
    def delete_department(self, process: int, choice: int, named: bool) -> None:
        department_id = self.chosen(self.departments, choice)["id"]
        answer = self.write(process, "DELETE", f"/api/departments/{department_id}", None, named)
        self.accepted(answer, 200, LIST)
        del self.departments[department_id], self.heads[department_id]
        for event in [each for each in self.events.values() if each["department_id"] == department_id]:
            self.gone.append(self.events.pop(event["id"])["id"])
        self.refused(self.servers.request(process, "POST", f"/api/events/{department_id}", {}), 404)

    def create_event(self, wish: EventWrite) -> None:
        department_id = self.chosen(self.departments, wish.choice)["id"]
        body = {**wish.body, **self.id_from_client(wish)}
        answer = self.write(wish.process, "POST", f"/api/events/{department_id}", body, wish.named)
        if body.get("id") in self.events:
            self.refused(answer, 409, "event_exists")
            return
        self.accepted(answer, 201, department_id)
        made = answer.body["event"]
        assert {**made, **body, "version": 1, "department_id": department_id} == made
        self.events[made["id"]] = made

    def id_from_client(self, wish: EventWrite) -> Json:
        """None, a new one, or one that somebody has or that somebody had."""
        known = [*self.gone, *self.events]
        if wish.own_id == "no" or (wish.own_id == "old" and not known):
            return {}
        new = str(uuid.UUID(int=wish.choice, version=4))
        return {"id": new if wish.own_id == "new" else known[wish.choice % len(known)]}

    def change_event(self, wish: EventWrite) -> None:
        event = self.chosen(self.events, wish.choice)
        self.update(wish, event, wish.fields, matching=wish.choice % 2 == 0)

    def move_event(self, wish: EventWrite) -> None:
        event = self.chosen(self.events, wish.choice)
        others = [each for each in self.departments if each != event["department_id"]]
        if others:
            self.update(
                wish, event, {**wish.fields, "department_id": others[wish.choice % len(others)]}, matching=False
            )

    def delete_event(self, wish: EventWrite) -> None:
        event = self.chosen(self.events, wish.choice)
        path = f"/api/events/{event['id']}"
        self.accepted(self.write(wish.process, "DELETE", path, None, wish.named), 200, event["department_id"])
        self.gone.append(self.events.pop(event["id"])["id"])
        self.refused(self.servers.request(1 - wish.process, "PUT", path, {"title": "늦음"}), 404, "event_not_found")

    def insist_on_an_old_state(self, wish: EventWrite) -> None:
        event = self.chosen(self.events, wish.choice)
        path, headers = f"/api/events/{event['id']}", {"If-Match": '"0-0"'}
        answer = self.write(wish.process, "PUT", path, {"title": "늦음"}, wish.named, headers)
        self.refused(answer, 412, "version_conflict")
        assert answer.body["current"] == event

    def repeat_last_write(self, wish: EventWrite) -> None:
        if self.last is None:
            return
        answer = self.servers.request(wish.process, *self.last.request)
        assert (answer.status, answer.body) == (self.last.answer.status, self.last.answer.body)
        assert answer.headers["Idempotent-Replayed"] == "true"

    # --- what befalls clients and servers

    @rule(client=st.integers(0, 1), process=processes, choice=choices, pages=st.integers(1, 3))
    def client_comes_back(self, client: int, process: int, choice: int, pages: int) -> None:
        """It takes some of what it has missed, and is cut off again."""
        copies = self.clients[client].copies
        for history in self.heads:
            if history not in copies:
                copies[history] = loaded(self.servers, process, history)
                continue
            taken, complete = followed(self.servers, process, history, copies[history], 1 + choice % 3, pages)
            assert taken is not None
            assert not complete or taken.seq == self.heads[history]
            copies[history] = taken

    @precondition(lambda self: self.restarts_left > 0)
    @rule(process=processes)
    def restart(self, process: int) -> None:
        self.restarts_left -= 1
        self.servers.restart(process)

    @rule(choice=choices, first=st.integers(1, 5), rows=st.integers(1, 10))
    def rows_expire(self, choice: int, first: int, rows: int) -> None:
        """From the beginning, or with older ones left: DynamoDB removes them in any order. No index lags for so long."""
        self.index_catches_up()
        history = list(self.heads)[choice % len(self.heads)]
        self.servers.remove_rows(history, first if choice % 2 else 1, min(first + rows, self.heads[history]))

    @precondition(lambda self: self.departments)
    @rule(choice=choices)
    def some_index_falls_behind(self, choice: int) -> None:
        self.index_falls_behind(self.chosen(self.departments, choice)["id"])

    @rule()
    def index_catches_up(self) -> None:
        self.servers.let_index_catch_up()

    @rule(process=st.sampled_from([None, *range(PROCESSES)]))
    def nobody_reads_from(self, process: int | None) -> None:
        """What this process holds grows old."""
        self.unread = process

    @rule(process=processes)
    def store_does_not_answer_the_next_commit(self, process: int) -> None:
        self.servers.lose_next_answer(process)

    # --- what must hold

    @invariant()
    def processes_list_what_was_acknowledged(self) -> None:
        for history in self.heads:
            for process in self.readable:
                listed = loaded(self.servers, process, history)
                assert listed.objects == self.known(history)
                assert listed.seq == self.heads[history]

    @invariant()
    def old_state_and_changes_since_the_cursor_are_the_present_state(self) -> None:
        for number, client in enumerate(self.clients):
            for history in list(client.copies):
                copy, limit = client.copies[history], (2, 1_000)[number]
                present, _complete = followed(self.servers, self.readable[-1], history, copy, limit)
                if history not in self.heads:
                    assert present is None
                    del client.copies[history]
                else:
                    assert present is not None
                    assert (present.objects, present.seq) == (self.known(history), self.heads[history])

    def teardown(self) -> None:
        self.servers.close()

    # --- how it asks

    @property
    def readable(self) -> list[int]:
        return [process for process in range(PROCESSES) if process != self.unread]

    def index_falls_behind(self, department_id: str) -> None:
        self.servers.let_index_lag(department_id)

    def write(
        self, process: int, method: str, path: str, body: Json | None, named: bool, headers: Json | None = None
    ) -> Answer:
        headers = {**(headers or {}), **({"Idempotency-Key": str(uuid.uuid4())} if named else {})}
        answer = self.servers.request(process, method, path, body, headers)
        if named and answer.status not in (422, 503):
            self.last = LastWrite((method, path, body, headers), answer)
        return answer

    def update(self, wish: EventWrite, event: Json, fields: Json, matching: bool) -> None:
        path = f"/api/events/{event['department_id']}/{event['id']}"
        headers = {"If-Match": self.servers.request(wish.process, "GET", path).headers["ETag"]} if matching else {}
        answer = self.write(wish.process, "PUT", f"/api/events/{event['id']}", fields, wish.named, headers)
        wanted = {**event, **fields}
        changes = wanted != event
        moves = wanted["department_id"] != event["department_id"]
        if moves:
            self.heads[event["department_id"]] += 1
        self.accepted(answer, 200, wanted["department_id"], rows=changes)
        found = answer.body["event"]
        assert {**found, **fields, "version": event["version"] + changes} == found
        self.events[event["id"]] = found

    def accepted(self, answer: Answer, status: int, history: str, rows: int = 1) -> None:
        """The answer says where the change stands."""
        self.heads[history] += rows
        assert (answer.status, answer.body.get("seq")) == (status, self.heads[history]), answer

    def refused(self, answer: Answer, status: int, code: str | None = None) -> None:
        assert answer.status == status, answer
        assert code is None or answer.body["error"] == code

    def known(self, history: str) -> dict[str, Json]:
        if history == LIST:
            return self.departments
        return {each["id"]: each for each in self.events.values() if each["department_id"] == history}

    def chosen(self, objects: dict[str, Json], choice: int) -> Json:
        return list(objects.values())[choice % len(objects)]
