"""Puts a backup into a store."""

from __future__ import annotations

from pathlib import Path

from calendar_server.backup.problems import StoreHoldsSomething
from calendar_server.backup.reading import BackupFile, Read
from calendar_server.store.contract import Store


def opened(path: Path, read: Read) -> BackupFile:
    """The backup in ``path``, read through and found whole; raises like :meth:`BackupFile.verify`."""
    backup = BackupFile(path, read)
    backup.verify()
    return backup


def restore(store: Store, backup: BackupFile, *, replace: bool = False) -> None:
    """Hold in ``store`` what ``backup`` holds; after an interruption, to be called again.

    :raises StoreHoldsSomething: the store is not empty; with ``replace`` its content is removed.
    """
    if not replace and store.would_lose(backup):
        raise StoreHoldsSomething(store=store.describe())
    store.replace(backup)
