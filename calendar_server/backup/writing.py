"""Writes a store's content into a file, while the server runs."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from calendar_server.backup.problems import FileExists
from calendar_server.backup.reading import BackupFile
from calendar_server.backup.records import (
    FORMAT,
    Record,
    change_record,
    department_record,
    event_record,
    head_record,
    line_of,
    receipt_record,
)
from calendar_server.domain import clock
from calendar_server.domain.changes import DEPARTMENTS_HISTORY
from calendar_server.store.contract import Store
from calendar_server.store.extracts import Extract

Written = Callable[[str], None]
"""Is told of the kind of each record that was written."""


def back_up(store: Store, path: Path, written: Written, *, overwrite: bool = False) -> Counter[str]:
    """Write ``path``; how many records of each kind.

    The file appears under its name once it is complete, on disk and read back; until then it is called ``.part``.

    :raises FileExists: unless ``overwrite``.
    :raises OSError: the disk is full, or the folder cannot be written to.
    """
    if path.exists() and not overwrite:
        raise FileExists(path=path)
    part = path.with_name(f"{path.name}.part")
    try:
        with open(part, "wb", opener=_for_owner_only) as file, store.extract(path.absolute().parent) as extract:
            counts = _write(file, extract, written)
        BackupFile(part).verify()
        if path.exists() and not overwrite:
            raise FileExists(path=path)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _force_to_disk(path.absolute().parent)
    return counts


def _write(file: IO[bytes], extract: Extract, written: Written) -> Counter[str]:
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    for record in _records(extract):
        line = line_of(record)
        digest.update(line)
        file.write(line)
        counts[record["kind"]] += 1
        written(record["kind"])
    file.write(line_of({"kind": "end", "lines": counts.total(), "sha256": digest.hexdigest()}))
    file.flush()
    os.fsync(file.fileno())
    return counts


def _records(extract: Extract) -> Iterator[Record]:
    yield {"kind": "backup", "format": FORMAT, "name": extract.name, "made_at": clock.now(), "secret": extract.secret}
    yield head_record(DEPARTMENTS_HISTORY, extract.departments.head)
    for department in extract.departments.departments:
        yield department_record(department)
        yield head_record(department.id, extract.heads[department.id])
    yield from map(event_record, extract.events())
    yield from map(change_record, extract.changes())
    yield from map(receipt_record, extract.receipts())


def _for_owner_only(path: str, flags: int) -> int:
    """A backup holds everything that the store holds, and what signs the cursors."""
    return os.open(path, flags, mode=0o600)


def _force_to_disk(folder: Path) -> None:
    """The new name, where the system lets folders be opened (Windows does not)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
