"""``python -m calendar_server.demo``: makes ``data/demo.sqlite3`` anew, and touches nothing else.

A server on it is started with ``STORE=embedded EMBEDDED_PATH=data/demo.sqlite3``; ``make demo`` does both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from calendar_server.demo.planning import plan
from calendar_server.domain.changes import Edit
from calendar_server.errors import SetupError
from calendar_server.services.editing import Editing
from calendar_server.store.embedded import EmbeddedStore

FILE_NAME = "demo.sqlite3"
"""Always this, so that no file of the user's own can be meant by mistake."""
KOREA = timezone(timedelta(hours=9))


def main(arguments: Sequence[str] | None = None) -> int:
    """The process's exit status."""
    wanted = _parser().parse_args(arguments)
    path: Path = wanted.folder / FILE_NAME
    try:
        departments, events = fill(path, wanted.date)
    except (SetupError, OSError) as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 1
    sys.stdout.write(
        f"예시 회사를 {path}에 새로 만들었습니다: 부서 {departments}개, 이벤트 {events}건. "
        "실행할 때마다 새로 만들며 다른 데이터는 건드리지 않습니다.\n"
        f"A demonstration company was made anew in {path}: {departments} departments, {events} events. "
        "Each start makes it anew; your own data is not touched.\n"
    )
    return 0


def fill(path: Path, today: date) -> tuple[int, int]:
    """Replace the file by one with the company around ``today``; how many departments and events it has.

    :raises SetupError, OSError: the file cannot be written.
    """
    new = path.with_suffix(".new.sqlite3")
    _remove(new)
    calendar = plan(today)
    store = EmbeddedStore(new)
    try:
        editing = Editing(store)
        editing.commit([Edit(None, department) for department, _events in calendar])
        for _department, events in calendar:
            editing.commit([Edit(None, event) for event in events])
    finally:
        store.close()
    _remove(path)
    new.replace(path)
    return len(calendar), sum(len(events) for _department, events in calendar)


def _remove(path: Path) -> None:
    """The file, and what SQLite keeps beside it."""
    for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        each.unlink(missing_ok=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m calendar_server.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("data"), help="where demo.sqlite3 is made (data)")
    parser.add_argument(
        "--date", type=date.fromisoformat, default=datetime.now(KOREA).date(), help="the day it is made around (today)"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
