"""Writes a store's content into a file, while the server runs."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from calendar_server.backup.problems import BackupProblem, FileExists, NotAFile, WrittenWrongly
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

    The file appears under its name once it is complete, on disk and read back; until then it has a name of its own that
    ends in ``.part``. Only its owner may read it: it holds everything that the store holds, and what signs the cursors.

    :raises FileExists: unless ``overwrite``.
    :raises NotAFile: the name is a folder's or a device's.
    :raises WrittenWrongly: what was written does not read so.
    :raises OSError: the disk is full, or the folder cannot be written to.
    """
    _require_free(path, overwrite)
    folder = path.absolute().parent
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=folder)
    part = Path(name)
    try:
        with open(descriptor, "wb") as file, store.extract(folder) as extract:
            counts = _write(file, extract, written)
        _read_back(part)
        _give_name(part, path, overwrite)
    finally:
        part.unlink(missing_ok=True)
    _force_to_disk(folder)
    return counts


def _require_free(path: Path, overwrite: bool) -> None:
    if path.exists() and not path.is_file():
        raise NotAFile(path=path)
    if os.path.lexists(path) and not overwrite:
        raise FileExists(path=path)


def _read_back(part: Path) -> None:
    try:
        BackupFile(part).verify()
    except BackupProblem as problem:
        raise WrittenWrongly(**problem.params) from problem


def _give_name(part: Path, path: Path, overwrite: bool) -> None:
    """A link is refused where another backup has taken the name meanwhile; some file systems have none."""
    if not overwrite:
        try:
            os.link(part, path)
            return
        except FileExistsError as error:
            raise FileExists(path=path) from error
        except OSError:
            _require_free(path, overwrite)
    os.replace(part, path)


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
