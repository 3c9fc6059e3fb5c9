"""Where state and unsent writes are kept between two lives of a program."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote


class Storage(Protocol):
    """Keeps values that are JSON, by name. What it raises is logged; then nothing is kept, and all is loaded anew."""

    def load(self, name: str) -> Any:
        """The value that was saved last, None where there is none."""

    def save(self, name: str, value: Any) -> None:
        """Keep ``value``; None removes the name."""


class FileStorage:
    """A file for each name in a directory of its own; a crash leaves the old value or the new one."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)

    def load(self, name: str) -> Any:
        try:
            return json.loads(self._path(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def save(self, name: str, value: Any) -> None:
        path = self._path(name)
        if value is None:
            path.unlink(missing_ok=True)
            return
        unfinished = path.with_suffix(".new")
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def _path(self, name: str) -> Path:
        return self._directory / f"{quote(name, safe='')}.json"
