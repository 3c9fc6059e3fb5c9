"""The services of one process, put together over its store."""

from __future__ import annotations

from calendar_server.domain.cursors import Cursors
from calendar_server.services.editing import Editing, announce_to_nobody
from calendar_server.services.holding import Holdings
from calendar_server.services.holidays import HolidayList
from calendar_server.services.reading import Reading
from calendar_server.services.syncing import Syncing
from calendar_server.services.waiting import Waiting
from calendar_server.services.write_queues import Announce
from calendar_server.store.contract import Store


class Calendar:
    """What the edges work with: they share what is held of each history, and the key that signs cursors.

    ``secret`` signs cursors; without one the store's own does, which all its processes share. Without
    ``holidays`` there are the statutory ones alone.
    """

    def __init__(
        self,
        store: Store,
        announce: Announce = announce_to_nobody,
        secret: str | None = None,
        holidays: HolidayList | None = None,
    ) -> None:
        holdings = Holdings(store)
        self.store = store
        self.cursors = Cursors(lambda: secret or store.secret())
        self.waiting = Waiting()
        self.holidays = holidays or HolidayList()
        self.reading = Reading(store, holdings)
        self.syncing = Syncing(store, holdings, self.cursors)
        self.editing = Editing(store, announce, holdings)
