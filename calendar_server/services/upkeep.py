"""What a running server does for its store beside serving: look whether it is usable, and finish what a crash cut off."""

from __future__ import annotations

import logging
from collections.abc import Callable

from calendar_server.errors import CalendarError, SetupError
from calendar_server.store.contract import Store

_log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
FIRST_RETRY_SECONDS = 1.0


def keep_up(store: Store, sleep: Callable[[float], None]) -> None:
    """Look after ``store`` until the process ends; whatever goes wrong is logged and tried again.

    ``sleep`` takes seconds and lets other tasks run.
    """
    _log.info("저장소 / Store: %s", store.describe())
    retry = FIRST_RETRY_SECONDS
    while True:
        if look_after(store):
            retry = FIRST_RETRY_SECONDS
            sleep(ROUND_SECONDS)
        else:
            sleep(retry)
            retry = min(retry * 2, ROUND_SECONDS)


def look_after(store: Store) -> bool:
    """Check the store, finish interrupted deletions and remove what is past its time; True where all of it worked."""
    try:
        store.check()
        store.finish_deletions()
        store.forget_expired()
    except SetupError as error:
        for problem in error.problems:
            _log.error("%s", problem)
    except CalendarError as error:
        _log.warning("저장소가 응답하지 않습니다 / The store does not answer: %s", error)
    except Exception:
        _log.exception("looking after the store failed")
    else:
        return True
    return False
