"""Tells the other processes of an installation at once what this one has committed and who looks, and hears it from them.

Redis and Valkey carry it (PUBLISH and SUBSCRIBE, https://valkey.io/topics/pubsub/). Nobody waits for them: a commit
leaves a note and goes on; two background tasks send and listen. While the queue is away, each process finds out by
following the heads, about a second later, and tells of its own viewers alone.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask_socketio import SocketIO

from calendar_server import measures
from calendar_server.domain.changes import Change
from calendar_server.realtime.topics import Heads, Topic, ViewersOfProcess
from calendar_server.realtime.viewer_notes import Viewers

_log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 2.0
PING_SECONDS = 2.0
SILENCE_SECONDS = 6.0
"""Without an answer to pings for so long, the queue is taken for hung and connected to anew."""

RETRY_SECONDS, RETRY_MAX_SECONDS = 0.25, 2.0
SEND_PAUSE_SECONDS = 0.002
"""What is committed meanwhile goes out together, so that a busy process does not flood the others."""

TAKEN_TOGETHER = 100
REST_SECONDS = 0.01
"""After so many messages (long ones count for several) other tasks have their turn: reading what has already arrived
never gives way by itself, and somebody may write junk faster than it can be read."""

BEHIND_SECONDS = 1.0
"""After so long without having read everything there is, reading begins anew: what lies between is found by following
the heads, and what comes then is fresh."""

_JUNK_LOG_SECONDS = 60.0
_COUNTED_BYTES = 8_192

Connect = Callable[[], Any]


def connect_to(url: str) -> Connect:
    """Makes clients of the Redis or Valkey at ``url``: no operation waits longer than :data:`TIMEOUT_SECONDS`."""

    def connect() -> Any:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        return redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )

    return connect


class _FallenBehind(Exception):
    """Messages come faster than they are read."""


class Neighbours:
    """The other processes. Neither :meth:`tell` and :meth:`tell_viewers` nor what is ``heard`` may wait."""

    def __init__(self, socketio: SocketIO, connect: Connect, heads: Heads, viewers: ViewersOfProcess) -> None:
        self.heads = heads
        self.viewers = viewers
        self._socketio = socketio
        self._connect = connect
        self._topics: tuple[Topic, ...] = (heads, viewers)  # in the order of their haste
        self._sender = uuid.uuid4().hex
        self._something_to_send = socketio.server.eio.create_event()
        self._junk_logged = 0.0
        self._states: dict[str, bool | None] = {"sending": None, "listening": None}

    def background_tasks(self) -> list[Callable[[], None]]:
        """To be started in the process that serves."""
        return [self._keep_sending, self._keep_listening]

    def tell(self, changes: Sequence[Change]) -> None:
        """Leave a note of ``changes``, which are committed."""
        self.heads.add(changes)
        self._something_to_send.set()

    def tell_viewers(self, department_id: str, viewers: Viewers) -> None:
        """Who looks at the department through this process's sockets now."""
        self.viewers.add(department_id, viewers)
        self._something_to_send.set()

    def _keep_sending(self) -> None:
        self._keep_doing("sending", self._send_all)

    def _keep_listening(self) -> None:
        self._keep_doing("listening", self._listen)

    def _keep_doing(self, what: str, work: Callable[[Any], None]) -> None:
        """Do ``work`` with one client after the other; each failure ends one."""
        pause = RETRY_SECONDS
        while True:
            began = time.monotonic()
            client = None
            try:
                client = self._connect()
                work(client)
            except _FallenBehind:
                self._note_junk()
            except Exception as error:
                self._note_state(what, False, error)
            finally:
                _close(client)
            lasted = time.monotonic() - began
            pause = RETRY_SECONDS if lasted > 2 * RETRY_MAX_SECONDS else min(2 * pause, RETRY_MAX_SECONDS)
            self._socketio.sleep(pause)

    def _send_all(self, client: Any) -> None:
        while True:
            self._send(client)
            if not self._something_to_send.wait(PING_SECONDS):
                client.ping()
            self._something_to_send.clear()

    def _send(self, client: Any) -> None:
        """By turns: changes without end must not keep viewers from being told again, who would be forgotten."""
        while sum(self._send_next(client, topic) for topic in self._topics):
            pass

    def _send_next(self, client: Any, topic: Topic) -> bool:
        message = topic.next_message(self._sender)
        if message is None:
            return False
        client.publish(topic.channel, message)
        self._note_state("sending", True)
        topic.sent()
        self._socketio.sleep(SEND_PAUSE_SECONDS)
        return True

    def _listen(self, client: Any) -> None:
        """:raises TimeoutError: the queue has fallen silent."""
        with client.pubsub() as subscription:
            subscription.subscribe(*(topic.channel for topic in self._topics))
            answered = pinged = time.monotonic()
            reading = _Reading(self._socketio)
            while True:
                message = reading.next_of(subscription)
                now = time.monotonic()
                if message is not None:
                    answered = now
                    reading.taken += self._take(message)
                if now - answered > SILENCE_SECONDS:
                    raise TimeoutError("no answer to a ping")
                if now - pinged > PING_SECONDS:
                    pinged = now
                    subscription.ping()

    def _take(self, message: dict[str, Any]) -> int:
        """What the message counts for in :data:`TAKEN_TOGETHER`."""
        if message["type"] == "subscribe":
            self._note_state("listening", True)
        if message["type"] != "message":
            return 1
        if not self._topic_of(message["channel"]).take(message["data"], self._sender):
            self._note_junk()
        return 1 + len(message["data"]) // _COUNTED_BYTES

    def _topic_of(self, channel: bytes) -> Topic:
        return next(topic for topic in self._topics if topic.channel.encode() == channel)

    def _note_junk(self) -> None:
        measures.queue_notes.labels("junk").inc()
        if time.monotonic() - self._junk_logged > _JUNK_LOG_SECONDS or not self._junk_logged:
            self._junk_logged = time.monotonic()
            _log.warning(
                "메시지 큐에 알 수 없거나 너무 많은 메시지가 있어 무시합니다 / "
                "junk in the message queue is ignored, or more than can be read"
            )

    def _note_state(self, what: str, works: bool, error: Exception | None = None) -> None:
        """Log once that the queue is lost, whichever task notices first, and once that it is back."""
        if not works and False not in self._states.values():
            _log.warning("메시지 큐가 응답하지 않습니다(%s) / The message queue does not answer: %s", what, error)
        was, self._states[what] = self._states[what], works
        if what == "listening":
            measures.queue_connected.set(works)
        if not works or was or (what == "sending" and (was is None or not self._states["listening"])):
            return
        self._states["sending"] = True
        _log.info("메시지 큐에 연결되었습니다 / The message queue is connected")


class _Reading:
    """Reads messages as they come, and gives way: what has arrived already is read without waiting for anything."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
        self._up_to_date = time.monotonic()
        self.taken = 0
        """What has been read since others had their turn."""

    def next_of(self, subscription: Any) -> Any:
        """The next message, None after a second without any. :raises _FallenBehind: others must do without these."""
        waits = not subscription.connection.can_read(timeout=0)
        if self.taken >= TAKEN_TOGETHER:
            if not waits and time.monotonic() - self._up_to_date > BEHIND_SECONDS:
                raise _FallenBehind
            self.taken = 0
            self._socketio.sleep(REST_SECONDS)  # however long it takes, the few that came meanwhile are soon read
        message = subscription.get_message(timeout=1.0)
        if waits:
            self._up_to_date = time.monotonic()  # afterwards: a second of silence is no second of delay
        return message


def _close(client: Any) -> None:
    try:
        if client is not None:
            client.close()
    except Exception as error:
        _log.debug("closing the message queue's client: %s", error)
