"""What stands in the way of a backup or a restore."""

from __future__ import annotations

from typing import Any, ClassVar

from calendar_server.errors import CalendarError


class BackupProblem(CalendarError):
    """A backup or a restore is refused. ``params``: what a sentence about it needs."""

    code: ClassVar[str] = "backup_problem"

    def __init__(self, **params: Any) -> None:
        super().__init__(", ".join(f"{name}={value}" for name, value in params.items()))
        self.params = params


class FileExists(BackupProblem):
    """A file of this name exists, and nobody said to overwrite it."""

    code = "file_exists"


class NotAFile(BackupProblem):
    """The name belongs to a folder, a pipe or a device. A restore reads its file several times, a backup renames it."""

    code = "not_a_file"


class NotABackup(BackupProblem):
    """The file is something else than a backup of this program."""

    code = "not_a_backup"


class NewerBackup(BackupProblem):
    """The backup was made by a newer version, in a form that this one does not know."""

    code = "newer_backup"


class DamagedBackup(BackupProblem):
    """A record is altered or missing; ``line`` says where it was noticed, ``reason`` what."""

    code = "damaged_backup"


class ChangedBackup(BackupProblem):
    """The file has become another one since it was found whole; what was read of it may be incomplete."""

    code = "changed_backup"


class WrittenWrongly(BackupProblem):
    """A backup does not read as it was written: the disk or the file system is at fault."""

    code = "written_wrongly"


class StoreHoldsSomething(BackupProblem):
    """The store is not empty, and nobody said to replace its content."""

    code = "store_holds_something"
