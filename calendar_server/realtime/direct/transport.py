"""What all direct connections share: the loop that reads them, the tasks that serve them, the clock and the fan-out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from calendar_server.realtime.direct import heartbeat
from calendar_server.realtime.direct.connection import Connection
from calendar_server.realtime.direct.fanout import Fanout
from calendar_server.realtime.direct.heartbeat import Deadlines, Heartbeat
from calendar_server.realtime.direct.reactor import Reactor
from calendar_server.realtime.direct.surroundings import Sessions
from calendar_server.realtime.direct.turns import Turns

UPGRADE_SECONDS = 10.0
"""How long a websocket may take to take over from polling; socket.io on Node.js gives as much (``upgradeTimeout``)."""

CONNECT_SECONDS = 20.0
"""How long a session may take to connect to a namespace, which is what it came for."""


class DirectTransport:
    """Begins to work when the first session comes, in the process that serves it.

    ``make_reactor``, ``start_task`` and ``sleep`` are those of the async driver.
    """

    def __init__(
        self,
        sessions: Any,
        make_reactor: Callable[[], Reactor],
        start_task: Callable[[Callable[[], None]], Any],
        sleep: Callable[[float], Any],
        ping: tuple[float, float],
    ) -> None:
        self.sessions: Sessions = sessions
        self.connections: set[Connection] = set()
        self._writing_later: set[Connection] = set()
        self.fanout = Fanout(start_task, sleep, sessions.send_packet)
        self._all_sessions = sessions
        self._make_reactor = make_reactor
        self._start_task = start_task
        self._sleep = sleep
        self._turns = Turns(start_task, partial(sleep, 0))
        self._heartbeat = Heartbeat(*ping, sessions, time.monotonic)
        self._deadlines = Deadlines(time.monotonic)
        self._starting = threading.Lock()
        self._reactor: Reactor | None = None

    def begin(self, session: Any) -> None:
        """A session has been opened, over polling or over a websocket."""
        self._deadlines.after(CONNECT_SECONDS, partial(self._all_sessions.end_unless_connected, session))
        self._running()

    def schedule_ping(self, session: Any) -> None:
        """Ping ``session`` when it is time."""
        self._heartbeat.schedule(session)

    def take(self, sock: Any, session: Any, *, upgrading: bool) -> Connection:
        """Carry ``session`` over the websocket ``sock``, which does not block and belongs to the connection now."""
        connection = Connection(sock, session, self, upgrading=upgrading)
        self.connections.add(connection)
        self._running().watch(connection.fileno, connection)
        if upgrading:
            self.limit(connection, UPGRADE_SECONDS)
        return connection

    def _running(self) -> Reactor:
        with self._starting:
            if self._reactor is None:
                self._reactor = self._make_reactor()
                self._start_task(self._reactor.run)
                self._start_task(self._keep_time)
            return self._reactor

    def _keep_time(self) -> None:
        while True:
            self._sleep(heartbeat.TICK_SECONDS)
            self._heartbeat.tick()
            self._deadlines.tick()

    def flush(self) -> None:
        """See :class:`connection.Transport`, as for what follows."""
        self.fanout.flush()

    def change(self, connection: Connection, *, read: bool, write: bool) -> None:
        self._running().change(connection.fileno, read=read, write=write)
        (self._writing_later.add if write else self._writing_later.discard)(connection)

    def forget(self, connection: Connection) -> None:
        self._running().forget(connection.fileno)
        self.connections.discard(connection)
        self._writing_later.discard(connection)

    def waiting(self) -> tuple[int, int]:
        """How many connections have something waiting, and how many bytes."""
        waiting = list(self._writing_later)
        return len(waiting), sum(connection.outlet.waiting_bytes for connection in waiting)

    def want_turn(self, connection: Connection) -> None:
        self._turns.want(connection)

    def limit(self, connection: Connection, seconds: float) -> None:
        self._deadlines.after(seconds, connection.expire)
