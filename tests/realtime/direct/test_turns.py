"""Messages of many sockets share a bounded number of tasks."""

from __future__ import annotations

from collections.abc import Callable

from calendar_server.realtime.direct import turns
from calendar_server.realtime.direct.turns import Turns


class Asker:
    def __init__(self, name: str, messages: int, served: list[str], *, broken: bool = False) -> None:
        self.name, self.messages, self.served, self.broken = name, messages, served, broken

    def take_turn(self) -> bool:
        self.served.append(self.name)
        self.messages -= 1
        if self.broken:
            raise RuntimeError
        return self.messages > 0


def test_everyone_has_one_message_handled_before_anyone_has_two() -> None:
    tasks: list[Callable[[], None]] = []
    served: list[str] = []
    queue = Turns(lambda task: tasks.append(task), lambda: None)
    queue.want(Asker("flood", 3, served))
    queue.want(Asker("one", 1, served))
    queue.want(Asker("two", 2, served))
    tasks[0]()
    assert served == ["flood", "one", "two", "flood", "two", "flood"]


def test_no_more_tasks_are_started_than_allowed() -> None:
    tasks: list[Callable[[], None]] = []
    served: list[str] = []
    queue = Turns(lambda task: tasks.append(task), lambda: None)
    for _ in range(turns.TASKS_MAX * 3):
        queue.want(Asker("x", 1, served))
    assert len(tasks) == turns.TASKS_MAX
    for task in tasks:
        task()
    assert len(served) == turns.TASKS_MAX * 3
    queue.want(Asker("later", 1, served))
    tasks[-1]()
    assert served[-1] == "later"


def test_a_message_that_fails_costs_nobody_else_his_turn() -> None:
    tasks: list[Callable[[], None]] = []
    served: list[str] = []
    queue = Turns(lambda task: tasks.append(task), lambda: None)
    queue.want(Asker("broken", 3, served, broken=True))
    queue.want(Asker("sound", 1, served))
    tasks[0]()
    assert served == ["broken", "sound"]
