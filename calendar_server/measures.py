"""What the server counts about itself, in the format of Prometheus (https://prometheus.io/docs/practices/naming/).

Whoever does a thing counts it, with one call for a commit, a message or a request, never one for each recipient.
``/metrics`` shows the sums of this process, or those of all workers where ``PROMETHEUS_MULTIPROC_DIR`` names an empty
directory that they share. Labels have few values: no department, no address, no text of a client.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"

P = ParamSpec("P")
R = TypeVar("R")

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_GROUPS = (1, 2, 3, 5, 8, 12, 20, 30)


def _gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
    return Gauge(name, text, labels, multiprocess_mode="livesum")


requests = Histogram(
    "dallyeok_http_request_seconds",
    "Time from a request's head to the end of its answer, by route, method and class of status (2xx)",
    ("route", "method", "status"),
    buckets=_SECONDS,
)
sockets = _gauge("dallyeok_sockets", "Open sockets, by transport (websocket, polling)", ("transport",))
rooms = _gauge("dallyeok_rooms", "Departments that somebody watches, counted once for each worker")
deliveries = Counter("dallyeok_deliveries", "Messages handed to sockets, one for each recipient")
delivery_latency = Histogram(
    "dallyeok_delivery_seconds",
    "Time from a change's commit, or from another process's note of it, to the last send of its message (FANOUT=direct)",
    buckets=_SECONDS,
)
waiting_sockets = _gauge(
    "dallyeok_waiting_sockets", "Websockets whose client must read before more can be sent (FANOUT=direct)"
)
waiting_bytes = _gauge("dallyeok_waiting_bytes", "Bytes kept for those websockets")
overflows = Counter("dallyeok_overflows", "Sockets that were closed because too much was waiting for them")
resets = Counter("dallyeok_resets", "sync_reset messages to rooms, by reason", ("reason",))
commits = Counter("dallyeok_commits", "Transactions committed to the store")
changes = Counter("dallyeok_changes", "Changes committed to the store")
group_sizes = Histogram("dallyeok_group_size", "Writes committed together in one transaction", buckets=_GROUPS)
store_latency = Histogram(
    "dallyeok_store_seconds", "Time of a call to the store, by operation", ("operation",), buckets=_SECONDS
)
store_failures = Counter("dallyeok_store_failures", "Calls that the store refused or did not answer", ("operation",))
store_retries = Counter(
    "dallyeok_store_retries",
    "Requests sent again to DynamoDB, by cause (throttled, conflict, no_answer, unprocessed, failed, passing)",
    ("cause",),
)
cache_reads = Counter(
    "dallyeok_cache_reads",
    "Reads of a history: hit (as it was held), followed (changes were fetched), loaded (all of it was)",
    ("result",),
)
queue_connected = Gauge(
    "dallyeok_message_queue_connected",
    "1 while other processes' notes are heard; of several workers, the one that hears least counts",
    multiprocess_mode="livemin",
)
queue_notes = Counter(
    "dallyeok_message_queue_notes", "Notes between processes: sent, heard, junk, dropped", ("direction",)
)

committed_at: ContextVar[float | None] = ContextVar("committed_at", default=None)
"""``time.perf_counter()`` of the commit whose message is being emitted."""

_observers: dict[str, Callable[[], None]] = {}


def observe(name: str, look: Callable[[], None]) -> None:
    """Call ``look``, which sets gauges, before they are shown; the last of a name counts."""
    _observers[name] = look


def refresh() -> None:
    """Bring the gauges up to date. With several workers, each does so from time to time for the one that is asked."""
    for look in list(_observers.values()):
        look()


def refresh_for_others() -> None:
    """:func:`refresh` where another worker may be the one that is asked."""
    if _MULTIPROCESS in os.environ:
        refresh()


def exposition() -> bytes:
    """The text that Prometheus reads."""
    refresh()
    if _MULTIPROCESS not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget_process(pid: int) -> None:
    """A worker has ended: its gauges no longer count; its counters stay, because a sum must not fall."""
    if _MULTIPROCESS in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def timed(operation: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A store's method that is measured under the name ``operation``."""
    latency, failures = store_latency.labels(operation), store_failures.labels(operation)

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def measured(*arguments: P.args, **options: P.kwargs) -> R:
            began = time.perf_counter()
            try:
                return method(*arguments, **options)
            except Exception as error:
                if getattr(error, "code", "") in ("store_unavailable", "store_unusable"):
                    failures.inc()
                raise
            finally:
                latency.observe(time.perf_counter() - began)

        return measured

    return decorate


def names() -> dict[str, str]:
    """Every metric of ours with what it says."""
    found: dict[str, str] = {}
    for value in list(globals().values()):
        if isinstance(value, Counter | Gauge | Histogram):
            described: Any = next(iter(value.describe()))
            found[described.name + ("_total" if isinstance(value, Counter) else "")] = described.documentation
    return found
