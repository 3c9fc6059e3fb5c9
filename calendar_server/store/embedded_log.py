"""The embedded store's write-ahead log: kept short, and safe to be copied together with the main file.

SQLite's own checkpoints are off. After one of them the old log stays until the next write, while the main file is already
beyond it: files that are copied in this state, the log without its end, would lay older pages over newer ones. Here a
checkpoint is followed at once by a small write, with which the log begins anew; from then on it is right together with
the main file as it is, wherever the log is cut (https://www.sqlite.org/walformat.html, section 4).

A log that is emptied instead (``wal_checkpoint(TRUNCATE)``) must grow again, and then each commit takes twice as long.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from calendar_server.domain import clock

ROWS_IN_LOG = 4_000
"""After so many written rows the log begins anew: some 10 to 40 MB."""

ROWS_TO_NEXT_TRY = 100
"""Where other processes were in the way."""

OTHERS_WAIT_SECONDS = 0.05


def log_holds_something(path: Path) -> bool:
    """True where a process that was cut off, or still runs, has left a log beside the file ``path``."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


class WriteAheadLog:
    """The log as the writing connection ``db`` fills it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._long_at = db.total_changes + ROWS_IN_LOG

    @property
    def is_long(self) -> bool:
        """It is time for :meth:`begin_anew`."""
        return self._db.total_changes >= self._long_at

    def begin_anew(self) -> bool:
        """Outside of transactions, also those of this process's other connections; True where it was done."""
        done = begin_log_anew(self._db)
        self._long_at = self._db.total_changes + (ROWS_IN_LOG if done else ROWS_TO_NEXT_TRY)
        return done


def begin_log_anew(db: sqlite3.Connection) -> bool:
    """Move what the log holds into the main file and write the log's beginning over; False where that cannot be done now,
    because other processes are in the way or the disk refuses. It never raises: what was committed before is durable.
    """
    wait = db.execute("PRAGMA busy_timeout").fetchone()[0]
    db.execute(f"PRAGMA busy_timeout = {int(OTHERS_WAIT_SECONDS * 1000)}")
    try:
        others_in_the_way = bool(db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0])
        if not others_in_the_way:
            db.execute("INSERT OR REPLACE INTO settings VALUES ('log_began_at', ?)", (clock.now(),))
    except sqlite3.Error:
        return False
    finally:
        db.execute(f"PRAGMA busy_timeout = {wait}")
    return not others_in_the_way
