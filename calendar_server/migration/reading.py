"""Finds the records in the JSON files of earlier versions, whatever their shape.

A file is a list of records, an object with such a list inside (``{"departments": [...]}``), an object keyed by id, or
objects and lists in one another: events by department, by date, by department and then date. ``departments``,
``events`` and ``calendar_events`` as keys also say which kind follows, so one file may hold both, and a department may
hold its events. What a key means (department, date or id) is decided where the records are converted.

Files are UTF-8 with or without BOM, UTF-16 with BOM, or CP949.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calendar_server.migration.aliases import DEPARTMENT_ALIASES, EVENT_ALIASES
from calendar_server.migration.identity import id_text
from calendar_server.migration.records import Kind, Origin, RawRecord

FILE_NAMES: Mapping[str, Kind] = {
    "departments.json": "department",
    "events.json": "event",
    "calendar_events.json": "event",
}
DEEPEST = 8
"""Levels of objects around a record, beyond which nothing is a shape that anybody wrote."""

_KINDS: Mapping[str, Kind] = {"departments": "department", "events": "event", "calendar_events": "event"}
_WRAPPERS = {*_KINDS, "data", "items", "records", "results"}
_TELLING = {
    "department": DEPARTMENT_ALIASES["name"],
    "event": (*EVENT_ALIASES["title"], *EVENT_ALIASES["event_date"]),
}


class UnreadableFile(Exception):
    """A source file that cannot be read at all. ``code`` is stable; ``detail`` says where it went wrong."""

    def __init__(self, file: str, code: str, detail: str) -> None:
        super().__init__(f"{file}: {detail}")
        self.file = file
        self.code = code
        self.detail = detail


@dataclass(slots=True)
class SourceFile:
    """A file's records in their order; ``ignored`` counts keys that hold neither records nor a way to them."""

    name: str
    encoding: str
    records: list[RawRecord] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def find_files(folders: Sequence[Path]) -> list[Path]:
    """Every source file in ``folders``, departments first; a file reachable in two ways once.

    :raises OSError: a folder cannot be looked into.
    """
    found: dict[Path, Path] = {}
    for name in FILE_NAMES:
        for folder in folders:
            if (folder / name).is_file():
                found.setdefault((folder / name).resolve(), folder / name)
    return list(found.values())


def read_file(path: Path) -> SourceFile:
    """The records of one file.

    :raises UnreadableFile: it is no JSON, in no encoding that we know, or it cannot be opened.
    """
    name = str(path)
    try:
        text, encoding = _decode(path.read_bytes())
        value = json.loads(text, object_pairs_hook=_without_duplicate_keys)
    except OSError as error:
        raise UnreadableFile(name, "cannot_open", str(error)) from error
    except _DuplicateKey as error:
        raise UnreadableFile(name, "duplicate_key", error.key) from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(name, "unknown_encoding", str(error)) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(name, "no_json", str(error)) from error
    walker = _Walker(SourceFile(name, encoding))
    walker.walk(FILE_NAMES.get(path.name, "event"), value)
    return walker.file


class _DuplicateKey(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _without_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON leaves open what a repeated key means (RFC 8259, 4); taking the last would lose what the others hold."""
    record = dict(pairs)
    if len(record) < len(pairs):
        key, _count = Counter(key for key, _value in pairs).most_common(1)[0]
        raise _DuplicateKey(key)
    return record


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16"), "utf-16"
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        if _is_damaged_utf8(data):
            raise
    return data.decode("cp949"), "cp949"


def _is_damaged_utf8(data: bytes) -> bool:
    """True where most of what is not ASCII is good UTF-8: read as CP949 it would come out as other words."""
    read = data.decode("utf-8", errors="replace")
    bad = read.count("\N{REPLACEMENT CHARACTER}")
    return sum(character > "\x7f" for character in read) - bad > bad


class _Walker:
    """Goes down into lists and objects until it stands before records."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file

    def walk(self, kind: Kind, value: Any, way: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> None:
        """``way`` is every step from the top; ``keys`` those that may mean something."""
        if isinstance(value, list):
            for number, item in enumerate(value, start=1):
                self._take(kind, item, (*way, f"#{number}"), keys, keyed=False)
        elif isinstance(value, dict) and len(way) < DEEPEST and not _is_record(kind, value, keys):
            self._walk_object(kind, value, way, keys)
        else:
            self._take(kind, value, way, keys, keyed=bool(keys))

    def _walk_object(self, kind: Kind, value: Mapping[str, Any], way: tuple[str, ...], keys: tuple[str, ...]) -> None:
        is_wrapped = any(key in _WRAPPERS and isinstance(inner, list | dict) for key, inner in value.items())
        is_names = kind == "department" and all(isinstance(inner, str) for inner in value.values())
        for key, inner in value.items():
            if is_names:
                self._take(kind, inner, (*way, key), (*keys, key), keyed=True)
            elif key in _WRAPPERS and isinstance(inner, list | dict):
                self.walk(_KINDS.get(key, kind), inner, (*way, key), keys)
            elif not isinstance(inner, list | dict) or (is_wrapped and _is_flat(inner)):
                self.file.ignored[key] += 1
            else:
                self.walk(kind, inner, (*way, key), (*keys, key))

    def _take(self, kind: Kind, value: Any, way: tuple[str, ...], keys: tuple[str, ...], keyed: bool) -> None:
        if kind == "department":
            value = self._department_alone({"name": value} if isinstance(value, str) else value, way, keys)
        origin = Origin(self.file.name, " › ".join(way))
        self.file.records.append(RawRecord(kind, origin, value, keys, keyed))

    def _department_alone(self, value: Any, way: tuple[str, ...], keys: tuple[str, ...]) -> Any:
        """The department without the events that it holds, which are taken as its own."""
        if not isinstance(value, dict):
            return value
        held = {key for key, inner in value.items() if _KINDS.get(key) == "event" and isinstance(inner, list | dict)}
        reference = id_text(value.get("id")) or (keys[-1] if keys else id_text(value.get("name")))
        for key in sorted(held):
            self.walk("event", value[key], (*way, key), (reference,) if reference else ())
        return {key: inner for key, inner in value.items() if key not in held}


def _is_record(kind: Kind, value: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    """True where the object has a field of a record, or stands under a key and holds nothing but plain values."""
    if any(name in value and not isinstance(value[name], list | dict) for name in _TELLING[kind]):
        return True
    return bool(value) and bool(keys) and (kind == "department" or _is_flat(value))


def _is_flat(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return not any(isinstance(each, list | dict) for each in inner)
