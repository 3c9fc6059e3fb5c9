"""A message to a room: framed once, and sent to each socket with one call, together with those that came right before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from calendar_server import measures
from calendar_server.realtime.direct.outgoing import Outlet, write_to_all

Recipients = Callable[[], tuple[Sequence[Outlet], Sequence[str]]]
"""Outlets of websockets, and the ids of sessions that have none."""

GATHER_SHARE = 0.5
"""Of the time that the last sending took: so much is waited for other messages, where some came together last time."""
GATHER_MIN_SECONDS, GATHER_MAX_SECONDS = 0.001, 0.010


@dataclass(slots=True)
class _Batch:
    """Messages to the same sockets. ``others`` are the ids of sessions without an outlet: they poll."""

    room: object
    outlets: Sequence[Outlet]
    others: Sequence[str]
    frames: list[bytes] = field(default_factory=list)
    packets: list[Any] = field(default_factory=list)
    since: list[float] = field(default_factory=list)


class Fanout:
    """Keeps what is emitted within one turn of the loop, and sends it when the turn ends.

    Whoever changes who is in a room, or writes to a single socket, calls :meth:`flush` first; so every socket gets
    everything in the order in which it was emitted, and what it would have got had each message been sent by itself.

    While several are writing, it waits for the others' messages too, for a fraction of the time that sending takes: one
    call that carries eight messages costs hardly more than one that carries a single one.
    """

    def __init__(
        self,
        start_task: Callable[[Callable[[], None]], Any],
        sleep: Callable[[float], Any],
        send_packet: Callable[[str, Any], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._start_task = start_task
        self._sleep = sleep
        self._send_packet = send_packet
        self._clock = clock
        self._batches: list[_Batch] = []
        self._flush_is_coming = False
        self._is_flushing = False
        self._gather_seconds = 0.0

    def add(self, room: object, recipients: Recipients, frame: bytes, packet: Any) -> None:
        """Send an Engine.IO ``packet``, as ``frame`` to websockets, to ``recipients`` soon; the same for the same ``room``."""
        if not self._batches or self._batches[-1].room != room:
            self._batches.append(_Batch(room, *recipients()))
        self._batches[-1].frames.append(frame)
        self._batches[-1].packets.append(packet)
        if (since := measures.committed_at.get()) is not None:
            self._batches[-1].since.append(since)
        if not self._flush_is_coming:
            self._flush_is_coming = True
            self._start_task(self._flush_at_last)

    def flush(self) -> None:
        """Send everything now. It gives way to nobody: in the middle of it, nothing else can be written.

        A session that ends because it takes no more leaves its rooms in the middle of it, which flushes: the rest must
        not overtake what is being sent.
        """
        if self._is_flushing or not self._batches:
            return
        self._is_flushing = True
        began = self._clock()
        try:
            several = self._send_all()
        finally:
            self._is_flushing = False
        took = self._clock() - began
        self._gather_seconds = min(GATHER_SHARE * took, GATHER_MAX_SECONDS) if several else 0.0

    def _send_all(self) -> bool:
        """True where several messages went out together."""
        several = False
        while self._batches:
            batch = self._batches.pop(0)
            several = several or len(batch.packets) > 1
            self._send(batch)
        return several

    def _flush_at_last(self) -> None:
        try:
            if self._gather_seconds > GATHER_MIN_SECONDS:
                self._sleep(self._gather_seconds)
        finally:
            self._flush_is_coming = False
            self.flush()

    def _send(self, batch: _Batch) -> None:
        if batch.outlets:
            write_to_all(batch.outlets, b"".join(batch.frames))
        for session_id in batch.others:
            for packet in batch.packets:
                self._send_packet(session_id, packet)
        now = time.perf_counter()
        for since in batch.since:
            measures.delivery_latency.observe(now - since)
        measures.deliveries.inc(len(batch.packets) * (len(batch.outlets) + len(batch.others)))
