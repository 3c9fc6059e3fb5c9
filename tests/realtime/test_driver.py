"""The async driver follows the process."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from calendar_server.realtime.driver import async_driver


def test_a_process_that_nothing_has_patched_runs_on_threads() -> None:
    assert async_driver() == "threading"


@pytest.mark.parametrize("patched", [True, False])
def test_eventlet_counts_where_it_has_patched_sockets(monkeypatch: pytest.MonkeyPatch, patched: bool) -> None:
    patcher = SimpleNamespace(is_monkey_patched=lambda module: patched and module == "socket")
    monkeypatch.setitem(sys.modules, "eventlet.patcher", patcher)  # type: ignore[arg-type]
    assert async_driver() == ("eventlet" if patched else "threading")


@pytest.mark.parametrize("patched", [True, False])
def test_gevent_counts_where_it_has_patched_sockets(monkeypatch: pytest.MonkeyPatch, patched: bool) -> None:
    monkey = SimpleNamespace(is_module_patched=lambda module: patched and module == "socket")
    monkeypatch.setitem(sys.modules, "gevent.monkey", monkey)  # type: ignore[arg-type]
    assert async_driver() == ("gevent" if patched else "threading")
