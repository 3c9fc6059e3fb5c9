"""Writes in their order, each sent until it has a final answer."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dallyeok_sync.answers import Outcome, TryAgain, WriteAnswer, WriteFailed, without_answer
from dallyeok_sync.timing import Timing

_log = logging.getLogger(__name__)

MOST_PENDING = 1_000
KEY_LIFE = timedelta(days=7) - timedelta(hours=6)
"""The server remembers an Idempotency-Key for seven days; some hours are left for clocks that disagree."""


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """A write without a final answer. ``key`` is its Idempotency-Key.

    ``version_path``: where the tag of version ``if_version`` is to be found before it is sent.
    """

    method: str
    path: str
    body: dict[str, Any] | None = None
    if_match: str | None = None
    if_version: int | None = None
    version_path: str | None = None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    queued_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    first_sent_at: str | None = None

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> PendingWrite:
        """:raises TypeError: it is none."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in saved.items() if name in known})

    def saved(self) -> dict[str, Any]:
        """What :meth:`from_saved` takes."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def is_forgotten(self) -> bool:
        """True where it was sent so long ago that the server no longer knows its key."""
        if self.first_sent_at is None:
            return False
        return datetime.now(UTC) - datetime.fromisoformat(self.first_sent_at) > KEY_LIFE


Send = Callable[[str, str, dict[str, str], "dict[str, Any] | None"], Outcome]
"""(method, path, headers, body) → outcome; does not raise."""
Settled = Callable[[PendingWrite, "WriteAnswer | WriteFailed", "Future[WriteAnswer] | None"], None]


class Outbox:
    """Sends from a thread of its own. Methods may be called from any thread.

    ``settled`` is told the final outcome and has to resolve the future, which is None for a write of an earlier life.
    """

    def __init__(
        self, send: Send, settled: Settled, save: Callable[[list[PendingWrite]], None], timing: Timing
    ) -> None:
        self._send = send
        self._settled = settled
        self._save = save
        self._timing = timing
        self._entries: list[PendingWrite] = []
        self._futures: dict[str, Future[WriteAnswer]] = {}
        self._changed = threading.Condition(threading.RLock())
        self._closed = False
        self._kicked = False
        self._thread = threading.Thread(target=self._run, name="dallyeok-sync-outbox", daemon=True)

    @property
    def pending(self) -> list[PendingWrite]:
        """Oldest first."""
        with self._changed:
            return list(self._entries)

    def start(self, saved: Any) -> None:
        """Begin, with what an earlier life has left behind."""
        with self._changed:
            self._entries += [PendingWrite.from_saved(each) for each in saved] if isinstance(saved, list) else []
        self._thread.start()

    def add(self, write: PendingWrite) -> Future[WriteAnswer]:
        """Queue ``write``, which is saved before this returns."""
        future: Future[WriteAnswer] = Future()
        future.set_running_or_notify_cancel()  # what is on its way is discarded, not cancelled
        with self._changed:
            if self._closed:
                future.set_exception(without_answer("closed", "The client has been closed."))
            elif len(self._entries) >= MOST_PENDING:
                future.set_exception(without_answer("outbox_full", f"{MOST_PENDING} writes are waiting already."))
            else:
                self._futures[write.key] = future
                self._entries.append(write)
                self._entries_changed()
        return future

    def discard(self, key: str) -> bool:
        """Give up a write, which may have reached the server. False where there is none of this key."""
        with self._changed:
            write = next((each for each in self._entries if each.key == key), None)
        discarded = without_answer("discarded", "The write was discarded; it may have reached the server.")
        return write is not None and self._settle(write, discarded)

    def kick(self) -> None:
        """The network seems to be back: do not wait out a pause. A Retry-After is waited for."""
        with self._changed:
            self._kicked = True
            self._changed.notify_all()

    def close(self, wait_seconds: float) -> None:
        """End, after the request that is under way or ``wait_seconds``; what is pending stays saved."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(wait_seconds)
        with self._changed:
            futures, self._futures = list(self._futures.values()), {}
        for future in futures:
            future.set_exception(without_answer("closed", "The client has been closed."))

    def _run(self) -> None:
        attempts = 0
        while (write := self._next()) is not None:
            outcome = self._attempt(write)
            if not isinstance(outcome, TryAgain):
                attempts = 0
                self._settle(write, outcome)
            elif outcome.after_seconds is not None:
                self._pause(write, outcome.after_seconds, may_be_kicked=False)
            else:
                self._pause(write, self._timing.retry_delay(attempts), may_be_kicked=True)
                attempts += 1

    def _next(self) -> PendingWrite | None:
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._closed)
            self._kicked = False
            return None if self._closed else self._entries[0]

    def _attempt(self, write: PendingWrite) -> Outcome:
        if write.is_forgotten:
            return without_answer("outcome_unknown", "The answer was lost, and the server no longer knows the key.")
        if write.if_version is not None and write.if_match is None:
            found = self._find_tag(write)
            if not isinstance(found, WriteAnswer):
                return found
            write = replace(write, if_match=found.etag)
        if write.first_sent_at is None:
            write = replace(write, first_sent_at=datetime.now(UTC).isoformat())
        if not self._replace_first(write):
            return TryAgain(0.0)
        headers = {"Idempotency-Key": write.key} | ({"If-Match": write.if_match} if write.if_match else {})
        return self._send(write.method, write.path, headers, write.body)

    def _find_tag(self, write: PendingWrite) -> Outcome:
        """The tag of the version that the write is for; kept, so that a repetition means the same state."""
        outcome = self._send("GET", write.version_path or "", {}, None)
        if not isinstance(outcome, WriteAnswer):
            return outcome
        event = outcome.body.get("event") or {}
        if event.get("version") != write.if_version:
            body = {"error": "version_conflict", "message": "It has changed in the meantime.", "current": event}
            return WriteFailed(412, body, outcome.etag)
        return outcome if outcome.etag else without_answer("etag_missing", "The answer has no ETag.")

    def _replace_first(self, write: PendingWrite) -> bool:
        """Save what is known of the write now, before it is sent; False where it has been discarded meanwhile."""
        with self._changed:
            if not self._entries or self._entries[0].key != write.key or self._closed:
                return False
            if self._entries[0] != write:
                self._entries[0] = write
                self._entries_changed()
            return True

    def _settle(self, write: PendingWrite, outcome: WriteAnswer | WriteFailed) -> bool:
        with self._changed:
            remaining = [each for each in self._entries if each.key != write.key]
            if len(remaining) == len(self._entries):
                return False  # discarded meanwhile
            self._entries = remaining
            future = self._futures.pop(write.key, None)
            self._entries_changed()
        self._settled(write, outcome, future)
        return True

    def _pause(self, write: PendingWrite, seconds: float, may_be_kicked: bool) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._closed
                    or (may_be_kicked and self._kicked)
                    or not self._entries
                    or self._entries[0].key != write.key
                ),
                seconds,
            )

    def _entries_changed(self) -> None:
        self._changed.notify_all()
        self._save(list(self._entries))
