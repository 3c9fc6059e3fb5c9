"""Tells watchers of committed changes: every change once, in the order of its history's numbers, whoever made it.

What is sent comes from the log. The process that wrote hands its changes over and they go out at once; about once a
second the heads of all watched histories are read in one request, and what other processes, other hosts or the
migration have written since is fetched and sent. All of it happens in one background task, so nothing overtakes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from flask_socketio import SocketIO

from calendar_server import measures
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, Head
from calendar_server.errors import CalendarError, CursorExpired, DepartmentNotFound
from calendar_server.realtime.neighbours import Neighbours
from calendar_server.realtime.sending import Sending
from calendar_server.services.calendar import Calendar

_log = logging.getLogger(__name__)

FOLLOW_SECONDS = 1.0
HEAD_SECONDS = 15.0
SENT_TOGETHER = 32
"""Changes that leave in one turn: their frames reach a socket with one call, and others wait no longer for theirs."""


@dataclass(slots=True)
class _Position:
    """How far a history has been announced. ``fresh``: nothing has been sent since it began to be watched."""

    head: Head
    fresh: bool = True


class Announcer:
    """Announces to this process's sockets, and wakes its long polls."""

    def __init__(self, socketio: SocketIO, neighbours: Neighbours | None = None) -> None:
        self._socketio = socketio
        self._neighbours = neighbours
        self._heard: dict[str, int] = {}
        self._hearing = threading.Lock()
        self._work = socketio.server.eio.create_queue()
        self._positions: dict[str, _Position] = {}
        self._starting = threading.Lock()
        self._tasks_to_start = [self._carry_out_work, self._follow]
        if neighbours is not None:
            neighbours.heads.heard = self.hear
            self._tasks_to_start += neighbours.background_tasks()
        self._round_waits = False
        self._heads_sent = 0.0
        self._sent_together = 0

    def serve(self, calendar: Calendar) -> None:
        """Read logs and heads from ``calendar``, which takes :meth:`announce` as its way of telling."""
        self._calendar = calendar
        self._sending = Sending(self._socketio, calendar.cursors)

    def when_department_ends(self, listener: Callable[[str], None]) -> None:
        """Tell ``listener`` the id of each department whose room is closed because it has been deleted."""
        self._sending.department_ended = listener

    def announce(self, changes: Sequence[Change]) -> None:
        """Hand over ``changes`` to be sent. It neither waits nor raises; a change that is lost here is found in the log."""
        try:
            self._work.put(partial(self._take, changes, perf_counter()))
            if self._neighbours is not None:
                self._neighbours.tell(changes)
            self.start()
        except Exception:
            _log.exception("changes could not be announced")

    def hear(self, notes: Mapping[str, int]) -> None:
        """Other processes say that histories have come to these numbers; look at those that are watched here.

        What concerns nobody here costs nothing, and many notes of a history while one waits cost one look.
        """
        with self._hearing:
            nothing_waited = not self._heard
            for history, seq in notes.items():
                if self._is_behind(history, seq) or self._calendar.waiting.somebody_waits(history):
                    self._heard[history] = max(seq, self._heard.get(history, 0))
        if nothing_waited and self._heard:
            self._work.put(self._follow_heard)

    def watch(self, history: str) -> None:
        """Announce ``history`` from now on; to be called after the socket has joined its room.

        :raises DepartmentNotFound: :raises StoreUnavailable:
        """
        if history not in self._positions:
            head = self._calendar.syncing.head(history)
            self._positions.setdefault(history, _Position(head))
        self.start()

    def start(self) -> None:
        """Begin in this process, once. A task that had been started earlier would stay behind in the one that forks."""
        with self._starting:
            while self._tasks_to_start:
                self._socketio.start_background_task(self._tasks_to_start[0])
                del self._tasks_to_start[0]

    def _carry_out_work(self) -> None:
        while True:
            _attempt(self._work.get())
            while not self._work.empty():  # what was committed together goes out together
                _attempt(self._work.get())
            self._sent_together = 0
            self._socketio.sleep(0)

    def _follow(self) -> None:
        while True:
            self._socketio.sleep(FOLLOW_SECONDS)
            measures.refresh_for_others()
            if not self._round_waits:
                self._round_waits = True
                self._work.put(self.look_around)

    def _take(self, changes: Sequence[Change], committed_at: float) -> None:
        """Changes that this process has committed."""
        measures.committed_at.set(committed_at)
        for change in changes:
            _attempt(partial(self._take_one, change))
            self._calendar.waiting.wake(change.history)
            if change.type == "department_deleted":
                self._calendar.waiting.wake(change.subject.id)

    def _take_one(self, change: Change) -> None:
        position = self._positions.get(change.history)
        if position is None:
            if not self._sending.somebody_watches(change.history):
                return
            epoch = self._calendar.syncing.head(change.history).epoch
            position = self._positions.setdefault(change.history, _Position(Head(change.seq - 1, epoch)))
        if change.seq == position.head.last_seq + 1:
            self._send(position, change)
        elif change.seq > position.head.last_seq:
            self._catch_up(change.history, position)
        elif position.fresh:  # it was committed while the watcher joined: he drops it if he has it already
            self._sending.change(change, position.head.epoch)

    def look_around(self) -> None:
        """One round: see where the watched histories stand and send what is new."""
        self._round_waits = False
        measures.committed_at.set(None)
        waiting = self._calendar.waiting.histories()
        watched = {
            history
            for history in [DEPARTMENTS_HISTORY, *self._positions, *waiting]
            if self._is_watched(history, waiting)
        }
        for history in set(self._positions) - watched:
            self._let_go(history)
        if not watched:
            return
        heads = self._calendar.store.heads(watched)
        for history in sorted(watched & heads.keys()):
            _attempt(partial(self._follow_to, history, heads[history]))
        for history in watched - heads.keys():  # it may have been deleted: let long polls see
            self._calendar.waiting.wake(history)
        self._send_heads()

    def _let_go(self, history: str) -> None:
        """Follow the history no longer, unless somebody has joined while this was being decided."""
        position = self._positions.pop(history)
        if self._sending.somebody_watches(history):
            self._positions.setdefault(history, position)

    def _is_watched(self, history: str, waiting: Sequence[str]) -> bool:
        return history in waiting or self._sending.somebody_watches(history)

    def _follow_to(self, history: str, head: Head) -> None:
        position = self._positions.get(history)
        if position is None:  # long polls only: whoever began to wait before this round looks once more
            self._positions[history] = _Position(head)
        elif position.head.epoch != head.epoch:
            self._start_anew(history, head)
        elif position.head.last_seq >= head.last_seq:
            return
        else:
            self._catch_up(history, position)
        self._calendar.waiting.wake(history)

    def _catch_up(self, history: str, position: _Position) -> None:
        """Send what the log has after the position."""
        try:
            head = self._calendar.syncing.head(history)
            if head.epoch != position.head.epoch:
                raise CursorExpired(history)
            while position.head.last_seq < head.last_seq:
                missed = self._calendar.syncing.after(history, position.head, head)
                for change in missed.changes:
                    self._send(position, change)
        except CursorExpired:
            self._start_anew(history, self._calendar.syncing.head(history))
        except DepartmentNotFound:
            self._positions.pop(history, None)

    def _start_anew(self, history: str, head: Head) -> None:
        self._positions[history] = _Position(head)
        self._sending.reset(history, "history_lost")

    def _send(self, position: _Position, change: Change) -> None:
        """A message that cannot be sent is logged and passed: who missed it asks for it."""
        position.head = Head(change.seq, position.head.epoch)
        position.fresh = False
        try:
            self._sending.change(change, position.head.epoch)
        except Exception:
            _log.exception("%s %s of %s was not sent", change.type, change.seq, change.history)
        if change.type == "department_deleted":
            self._positions.pop(change.subject.id, None)
        self._sent_together += 1
        if self._sent_together >= SENT_TOGETHER:  # others have their turn, also while there is much to send
            self._sent_together = 0
            self._socketio.sleep(0)

    def _follow_heard(self) -> None:
        with self._hearing:
            heard, self._heard = self._heard, {}
        measures.committed_at.set(perf_counter())
        behind = {history for history, seq in heard.items() if self._is_behind(history, seq)}
        if len(behind) > 1:  # one request for all of them, as in a round
            heads = self._calendar.store.heads(behind)
            for history in sorted(behind & heads.keys()):
                _attempt(partial(self._follow_to, history, heads[history]))
        else:
            for history in behind:
                _attempt(partial(self._catch_up, history, self._positions[history]))
        for history in heard:
            self._calendar.waiting.wake(history)

    def _is_behind(self, history: str, seq: int) -> bool:
        position = self._positions.get(history)
        return position is not None and seq > position.head.last_seq

    def _send_heads(self) -> None:
        now = time.monotonic()
        if now - self._heads_sent < HEAD_SECONDS:
            return
        self._heads_sent = now
        for history, position in list(self._positions.items()):
            if history != DEPARTMENTS_HISTORY:
                _attempt(partial(self._sending.head, history, position.head))


def _attempt(work: Callable[[], None]) -> None:
    """Do ``work``; what goes wrong is logged, and made good by the next round."""
    try:
        work()
    except CalendarError as error:
        _log.warning("announcing waits for the store: %s", error)
    except Exception:
        _log.exception("announcing failed")
