"""Reads a backup file: once from front to back to see that it is whole, and then as an extract."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from calendar_server.backup.problems import (
    BackupProblem,
    ChangedBackup,
    DamagedBackup,
    NewerBackup,
    NotABackup,
    NotAFile,
)
from calendar_server.backup.records import (
    FORMAT,
    Record,
    change_in,
    department_in,
    event_in,
    head_in,
    receipt_in,
    record_in,
)
from calendar_server.domain.changes import DEPARTMENTS_HISTORY, Change, DepartmentList, Head
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.store.extracts import KeptReceipt

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes; a receipt holds an answer of at most some hundred kilobytes, and no other record comes near it."""

_READERS: dict[str, Callable[[Record], object]] = {"event": event_in, "change": change_in, "receipt": receipt_in}

Read = Callable[[int], None]
"""Is told of the bytes of each line that was read."""


def _to_nobody(_read: int) -> None:
    pass


class BackupFile:
    """An :class:`~calendar_server.store.extracts.Extract` once :meth:`verify` has returned."""

    def __init__(self, path: Path, read: Read = _to_nobody) -> None:
        self.path = path
        self.read = read
        self.name = ""
        self.secret = ""
        self.made_at = ""
        self.counts: Counter[str] = Counter()
        self.heads: dict[str, Head] = {}
        self.departments = DepartmentList(Head(0, ""), ())
        self._departments: list[Department] = []
        self._verified: tuple[int, ...] = ()

    def verify(self) -> None:
        """Read all of it.

        :raises NotAFile, NotABackup, NewerBackup: it is something else.
        :raises DamagedBackup: it was cut off or altered.
        :raises OSError: it cannot be read.
        """
        if self.path.exists() and not self.path.is_file():
            raise NotAFile(path=self.path)
        digest = hashlib.sha256()
        for number, line, record in self._lines():
            try:
                self._take(record, number, digest.hexdigest())
            except (KeyError, TypeError, ValueError) as error:
                raise DamagedBackup(line=number, reason="not_understood") from error
            digest.update(line)
            self.counts[str(record["kind"])] += 1
        if not self.counts:
            raise NotABackup(path=self.path)
        if not self.counts["end"]:
            raise DamagedBackup(line=self.counts.total() + 1, reason="cut_off")
        self.departments = DepartmentList(self.heads.pop(DEPARTMENTS_HISTORY), tuple(self._departments))

    def events(self) -> Iterator[CalendarEvent]:
        return map(event_in, self._records("event"))

    def changes(self) -> Iterator[Change]:
        return map(change_in, self._records("change"))

    def receipts(self) -> Iterator[KeptReceipt]:
        return map(receipt_in, self._records("receipt"))

    def _records(self, kind: str) -> Iterator[Record]:
        """:raises ChangedBackup: at the end at the latest, where it is no longer the file that was found whole."""
        verified = self._verified
        try:
            yield from (record for _number, _line, record in self._lines() if record["kind"] == kind)
        except BackupProblem as problem:
            raise ChangedBackup(path=self.path) from problem
        if self._verified != verified:
            raise ChangedBackup(path=self.path)

    def _lines(self) -> Iterator[tuple[int, bytes, Record]]:
        number = 0
        with self.path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                number += 1
                try:
                    yield number, line, record_in(line, number)
                except DamagedBackup:
                    if number == 1:
                        raise NotABackup(path=self.path) from None
                    raise
                self.read(len(line))
            self._verified = _state(file)

    def _take(self, record: Record, number: int, digest: str) -> None:
        """One record after the other, as they stand in the file; ``digest`` is that of the lines before."""
        kind = record["kind"]
        if (kind == "backup") != (number == 1) or self.counts["end"]:
            raise DamagedBackup(line=number, reason="out_of_place")
        if kind == "backup":
            self._take_beginning(record)
        elif kind == "end":
            if (record["lines"], record["sha256"]) != (number - 1, digest) or not self._is_complete():
                raise DamagedBackup(line=number, reason="incomplete")
        elif kind == "department":
            self._departments.append(department_in(record))
        elif kind == "history":
            self.heads.update([head_in(record)])
        else:
            _READERS[kind](record)

    def _take_beginning(self, record: Record) -> None:
        if record["format"] > FORMAT:
            raise NewerBackup(path=self.path, format=record["format"], known=FORMAT)
        self.name, self.secret, self.made_at = record["name"], record["secret"], record["made_at"]

    def _is_complete(self) -> bool:
        """Every department has a head, and their list too."""
        return self.heads.keys() == {DEPARTMENTS_HISTORY, *(department.id for department in self._departments)}


def _state(file: IO[bytes]) -> tuple[int, ...]:
    """What is another number as soon as the file is another one, or is written to."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
