"""One history and what it leads to: how its state is kept equal to the server's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from dallyeok_sync.holding import HeldBack, Message
from dallyeok_sync.items import Item, Items, creation_order, time_order
from dallyeok_sync.listeners import Listener, Listeners, call
from dallyeok_sync.loop import Loop, Timer
from dallyeok_sync.timing import Timing

Status = Literal["online", "catching-up", "offline"]


class Surroundings(Protocol):
    """What a history needs of its client."""

    loop: Loop
    timing: Timing

    def ask(self, name: str, payload: Mapping[str, Any], answered: Callable[[Any], None]) -> None:
        """Ask the server; ``answered`` is called in the loop, or never."""

    def changed(self, history: History) -> None:
        """The state is to be saved."""

    def applied(self, history: History, change_type: str, data: Item) -> None:
        """A change has been told."""

    def leave(self, history: History) -> None:
        """The user wants to hear no more."""

    def ended(self, history: History) -> None:
        """Nothing more will come."""


class History:
    """The events of a department, or the list of departments (``id`` is None).

    Listeners are called in a thread of the client and must not wait for anything; what they raise is logged.
    """

    def __init__(self, history_id: str | None, surroundings: Surroundings) -> None:
        self.id = history_id
        self.cursor: str | None = None
        self.seq = 0
        self.status: Status = "offline"
        self.ended = False
        self._items = Items()
        self._around = surroundings
        self._listeners = Listeners()
        self._held = HeldBack()
        self._joined = False
        self._question = 0
        self._attempts = 0
        self._timer: Timer | None = None
        self._grace_timer: Timer | None = None

    def items(self) -> dict[str, Item]:
        """The objects by their ids, as they are now: a dictionary of your own. The objects are not to be changed."""
        return self._items.snapshot()

    def get(self, object_id: str) -> Item | None:
        """One object."""
        return self._items.get(object_id)

    def ordered(self) -> list[Item]:
        """The objects in the order of the server's lists."""
        return sorted(self.items().values(), key=creation_order if self.id is None else time_order)

    def on(self, name: Literal["change", "reset", "status", "ended"], listener: Listener) -> Callable[[], None]:
        """Be told of ``change(type, data, meta)``, ``reset(state)``, ``status(status)`` or ``ended(reason)``.

        A listener of ``reset`` or ``status`` is first told of the present. Gives what takes the listener away again.
        """
        self._around.loop.post(lambda: self._add_listener(name, listener))
        return lambda: self._around.loop.post(lambda: self._listeners.remove(name, listener))

    def leave(self) -> None:
        """Stop following the department; the list of departments is always followed."""
        self._around.loop.post(lambda: self._around.leave(self))

    # What follows is called by the client, in its loop.

    def restore(self, saved: Any) -> None:
        """Take up what :meth:`saved` gave in an earlier life."""
        if self.ended or not isinstance(saved, dict):
            return
        cursor, seq, items = (saved.get(name) for name in ("cursor", "seq", "items"))
        if isinstance(cursor, str) and isinstance(seq, int) and isinstance(items, list):
            self._take_all(items, cursor, seq)

    def saved(self) -> dict[str, Any]:
        """State and cursor, which belong together."""
        return {"cursor": self.cursor, "seq": self.seq, "items": list(self.items().values())}

    def connected(self) -> None:
        """A connection stands: join anew and catch up."""
        if self.ended:
            return
        self._joined = self.id is None
        self._attempts = 0
        self._ask()

    def disconnected(self) -> None:
        """What was held back is heard again in the replay."""
        self._stop()
        self._held.clear()
        self._set_status("offline")

    def live(self, message: Message) -> None:
        """A live message; it may come twice, late or early."""
        if self.status == "offline" or (self.status == "online" and message.seq <= self.seq):
            return
        self._held.hold(message)
        self.note(message.seq)

    def note(self, seq: int) -> None:
        """The history is known to have reached ``seq``."""
        if self.status == "offline":
            return
        self._held.note(seq)
        if self.status != "online":
            return
        self._drain()
        if self._held.highest > self.seq and self._grace_timer is None and self.status == "online":
            self._grace_timer = self._around.loop.later(self._around.timing.grace, self._ask)

    def head(self, seq: int) -> None:
        """``department_head``: a lower number than ours may mean that the history was numbered anew."""
        if self.status == "online" and seq < self.seq:
            self._ask()
        else:
            self.note(seq)

    def check(self) -> None:
        """Look whether something was missed."""
        if self.status == "online":
            self._ask()

    def reset(self, reason: str) -> None:
        """``sync_reset``."""
        if reason == "department_deleted":
            self.end(reason)
            return
        self.cursor = None
        self._held.clear()
        if self.status != "offline":
            self._ask()

    def own(self, message: Message) -> None:
        """What the answer to one's own write says: the object as it is after change ``message.seq``.

        It is that change only where it follows on from ours and the object differs from what we hold: the answer to a
        write that changed nothing carries the number of somebody else's change.
        """
        follows = self.cursor is not None and self.status != "catching-up" and message.seq == self.seq + 1
        if self.ended or not follows or not self._items.are_changed_by(message):
            self.note(message.seq)
            return
        self._apply(self._named_exactly(message))
        self.note(message.seq)

    def end(self, reason: str) -> None:
        """Nothing more will come."""
        if self.ended:
            return
        self.disconnected()
        self.ended = True
        self.cursor = None
        self._items.replace([])
        self._around.ended(self)
        self._listeners.emit("ended", reason)
        self._listeners.clear()

    def _add_listener(self, name: str, listener: Listener) -> None:
        if self.ended:
            return
        self._listeners.add(name, listener)
        if name == "reset" and self.cursor is not None:
            call(listener, self.ordered())
        elif name == "status" and self.status != "offline":
            call(listener, self.status)

    def _ask(self) -> None:
        self._stop()
        self._set_status("catching-up")
        if self.status != "catching-up":
            return
        payload = {"department_id": self.id, "cursor": self.cursor}
        self._held.asked()
        self._timer = self._around.loop.later(self._around.timing.answer, self._ask_later)
        question = self._question
        self._around.ask(
            "sync_request" if self._joined else "join_department",
            {name: value for name, value in payload.items() if value is not None},
            lambda answer: self._answered(answer) if question == self._question else None,
        )

    def _answered(self, answer: Any) -> None:
        self._stop()
        question = self._question
        if not isinstance(answer, dict) or answer.get("success") is not True:
            self._refused(answer.get("error") if isinstance(answer, dict) else None)
            return
        self._attempts = 0
        self._joined = True
        self._take(answer)
        self._drain()
        if question != self._question or self.status != "catching-up":
            return
        if answer.get("has_more") or self.cursor is None or self._held.has_news_beyond(self.seq):
            self._ask()
        else:
            # Heard before the question, and beyond its answer: numbers of a history that has begun anew since.
            self._held.clear()
            self._set_status("online")

    def _take(self, answer: dict[str, Any]) -> None:
        items = answer.get("events", answer.get("departments"))
        if isinstance(items, list):
            self._take_all(items, answer["cursor"], answer["seq"])
            self._around.changed(self)
        elif self.cursor is not None and isinstance(answer.get("changes"), list):
            self._replay(answer)
        else:
            self.cursor = None

    def _refused(self, code: Any) -> None:
        if code == "department_not_found":
            self.end("department_deleted")
        elif code == "cursor_invalid" and self.cursor is not None:
            self.cursor = None
            self._ask()
        else:
            self._ask_later()

    def _ask_later(self) -> None:
        self._stop()
        self._timer = self._around.loop.later(self._around.timing.retry_delay(self._attempts), self._ask)
        self._attempts += 1

    def _take_all(self, items: list[Item], cursor: str, seq: int) -> None:
        self._items.replace(items)
        self.cursor, self.seq = cursor, seq
        self._listeners.emit("reset", self.ordered())

    def _replay(self, answer: dict[str, Any]) -> None:
        question = self._question
        for change in answer["changes"]:
            if change["seq"] <= self.seq:
                continue
            if change["seq"] != self.seq + 1:
                break
            cursor = answer["cursor"] if change["seq"] == answer["seq"] else None
            self._apply(Message.of_change(self.id, change, cursor))
            if question != self._question:
                return
        if answer["seq"] == self.seq:
            self.cursor = answer["cursor"]
        elif answer["seq"] > self.seq:
            self.cursor = None  # a hole: reload rather than pass over it

    def _drain(self) -> None:
        """Apply what follows on, and let go of what lies behind."""
        while self.cursor is not None and (message := self._held.take(self.seq + 1)) is not None:
            self._apply(message)
        self._held.drop_up_to(self.seq)
        if self._held.highest <= self.seq and self._grace_timer is not None:
            self._grace_timer.cancel()
            self._grace_timer = None

    def _apply(self, message: Message) -> None:
        self._items.apply(message)
        self.seq = message.seq
        self.cursor = message.meta.get("cursor") or self.cursor
        self._around.changed(self)
        self._listeners.emit("change", message.type, message.data, message.meta)
        self._around.applied(self, message.type, message.data)

    def _named_exactly(self, message: Message) -> Message:
        if message.is_removal:
            return message
        kind = message.type.partition("_")[0]
        verb = "updated" if self.get(message.data["id"]) else "created"
        return Message(f"{kind}_{verb}", message.data, message.meta)

    def _stop(self) -> None:
        """No timer, and no answer to an earlier question, counts any more."""
        for timer in (self._timer, self._grace_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._grace_timer = None
        self._question += 1

    def _set_status(self, status: Status) -> None:
        if status != self.status:
            self.status = status
            self._listeners.emit("status", status)
