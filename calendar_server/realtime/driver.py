"""Which concurrency the sockets run on: that of the process they find themselves in."""

from __future__ import annotations

import sys
from typing import Literal

Driver = Literal["eventlet", "gevent", "threading"]


def async_driver() -> Driver:
    """``eventlet`` or ``gevent`` where that has patched sockets, else threads.

    Neither is imported to find out: a process that has not imported it has not been patched by it.
    """
    eventlet_patcher = sys.modules.get("eventlet.patcher")
    if eventlet_patcher is not None and eventlet_patcher.is_monkey_patched("socket"):
        return "eventlet"
    gevent_monkey = sys.modules.get("gevent.monkey")
    if gevent_monkey is not None and gevent_monkey.is_module_patched("socket"):
        return "gevent"
    return "threading"
