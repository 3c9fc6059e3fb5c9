"""What stands in the way of a backup or a restore."""

from __future__ import annotations

from typing import Any, ClassVar

from calendar_server.errors import CalendarError


class BackupProblem(CalendarError):
    """Nothing was written. ``params``: what a sentence about it needs."""

    code: ClassVar[str] = "backup_problem"

    def __init__(self, **params: Any) -> None:
        super().__init__(", ".join(f"{name}={value}" for name, value in params.items()))
        self.params = params


class FileExists(BackupProblem):
    """A file of this name exists, and nobody said to overwrite it."""

    code = "file_exists"


class NotABackup(BackupProblem):
    """The file is something else than a backup of this program."""

    code = "not_a_backup"


class NewerBackup(BackupProblem):
    """The backup was made by a newer version, in a form that this one does not know."""

    code = "newer_backup"


class DamagedBackup(BackupProblem):
    """A record is altered or missing; ``line`` says where it was noticed, ``reason`` what."""

    code = "damaged_backup"


class StoreHoldsSomething(BackupProblem):
    """The store is not empty, and nobody said to replace its content."""

    code = "store_holds_something"
