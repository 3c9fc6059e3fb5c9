"""Makes departments and events of raw records, by the same rules as the server's own writes.

Nothing is cut or guessed: a text that is too long, a day that does not exist or a key that contradicts its record
rejects the record, with every reason at once. What a file says twice in two fields is taken once (see
:mod:`~calendar_server.migration.aliases`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from calendar_server.domain import validation
from calendar_server.domain.clock import read_timestamp, timestamp
from calendar_server.domain.dates import read_date
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.text import folded
from calendar_server.errors import Invalid, Problem
from calendar_server.migration.aliases import DEPARTMENT_ALIASES, EVENT_ALIASES, pick
from calendar_server.migration.directory import DepartmentDirectory, Unresolved
from calendar_server.migration.identity import derived_id, id_text, stable_id
from calendar_server.migration.keys import Surroundings, read_keys
from calendar_server.migration.records import Entry, Ignored, Kind, RawRecord, Rejected

EARLIEST_MILLISECONDS = 100_000_000_000
"""A number from here on counts milliseconds since 1970 (this one is in 1973), a smaller one seconds."""


class Converting:
    """Converts one record after the other and counts what a file holds that has no place in a store.

    ``moment`` (a timestamp) stands in where a record does not say when it was made.
    """

    def __init__(self, moment: str) -> None:
        self.moment = moment
        self.ignored: list[Ignored] = []
        self.ignored_fields: dict[Kind, Counter[str]] = {"department": Counter(), "event": Counter()}
        self.unreadable_timestamps: Counter[str] = Counter()
        self._seen_without_id: Counter[tuple[str, ...]] = Counter()

    def department(self, raw: RawRecord) -> Entry[Department] | Rejected:
        """The department in ``raw``."""
        if not isinstance(raw.fields, Mapping):
            return _rejected(raw, {}, [Problem("", "type_object")])
        values = self._pick(raw, DEPARTMENT_ALIASES)
        source_id, problems = _source_id(values, raw.keys[-1] if raw.keyed else None)
        fields, broken = _checked(validation.new_department, _body(values, ("name", "description")))
        if problems or broken:
            return _rejected(raw, values, [*problems, *broken])
        own_id = stable_id("department", source_id) if source_id else derived_id("department", [folded(fields["name"])])
        created_at, updated_at, assumed = self._timestamps(values, "updated_at")
        department = Department(id=own_id, created_at=created_at, updated_at=updated_at, **fields)
        return Entry(raw.origin, department, source_id, assumed)

    def event(self, raw: RawRecord, directory: DepartmentDirectory) -> Entry[CalendarEvent] | Rejected:
        """The event in ``raw``, in the department of ``directory`` that it names or stands under."""
        if not isinstance(raw.fields, Mapping):
            return _rejected(raw, {}, [Problem("", "type_object")])
        values = _with_joined_time(raw.fields, self._pick(raw, EVENT_ALIASES))
        around = read_keys(raw, values, directory)
        source_id, problems = _source_id(values, around.own_id)
        values = _with_date(values, around, problems)
        department = _department(values, around, directory, problems)
        body = _body(values, ("event_date", "title", "description", "time", "url"))
        fields, broken = _checked(lambda wanted: validation.new_event(wanted, ""), body)
        if problems or broken or isinstance(department, Unresolved):
            return _rejected(raw, values, [*problems, *broken])
        created_at, modified_at, assumed = self._timestamps(values, "last_modified")
        event = CalendarEvent(
            id=stable_id("event", source_id) if source_id else "",
            department_id=department.target_id,
            created_at=created_at,
            last_modified=modified_at,
            **fields,
        )
        if source_id is None:
            event = self._with_derived_id(raw, event, department.identity, assumed)
        return Entry(raw.origin, event, source_id, assumed)

    def _pick(self, raw: RawRecord, aliases: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
        values, left_over = pick(raw.fields, aliases)
        left_over = [name for name in left_over if raw.fields[name] not in (None, "", [], {})]
        if left_over:
            self.ignored_fields[raw.kind].update(left_over)
            self.ignored.append(Ignored(raw.origin, raw.kind, {name: raw.fields[name] for name in left_over}))
        return values

    def _with_derived_id(
        self, raw: RawRecord, event: CalendarEvent, department: str, assumed: frozenset[str]
    ) -> CalendarEvent:
        """Counted file by file, so that a copy of a file gives the same ids and not as many again."""
        made_at = "" if assumed else event.created_at
        content = (department, event.event_date, event.title, event.description, event.time, event.url, made_at)
        ordinal = self._seen_without_id[raw.origin.file, *content]
        self._seen_without_id[raw.origin.file, *content] += 1
        return replace(event, id=derived_id("event", content, ordinal))

    def _timestamps(self, values: Mapping[str, Any], modified: str) -> tuple[str, str, frozenset[str]]:
        """Creation, last change, and which of them the file does not tell; where it tells one, that is both."""
        created_at, changed_at = self._timestamp(values, "created_at"), self._timestamp(values, modified)
        assumed = frozenset() if created_at or changed_at else frozenset({"created_at", modified})
        return created_at or changed_at or self.moment, changed_at or created_at or self.moment, assumed

    def _timestamp(self, values: Mapping[str, Any], field: str) -> str | None:
        value = values.get(field)
        if value in (None, ""):
            return None
        read = _read_moment(value)
        if read is None:
            self.unreadable_timestamps[field] += 1
        return read


def _read_moment(value: Any) -> str | None:
    if isinstance(value, str):
        day = read_date(value) if ":" not in value else None
        return read_timestamp(value) or (f"{day}T00:00:00.000Z" if day else None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return timestamp(datetime.fromtimestamp(value / 1000 if value >= EARLIEST_MILLISECONDS else value, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _source_id(values: Mapping[str, Any], key: str | None) -> tuple[str | None, list[Problem]]:
    """The id that the record has or stands under."""
    value = values.get("id")
    if value in (None, ""):
        return (id_text(key) if key else None), []
    text = id_text(value)
    return text, [] if text else [Problem("id", "invalid_id", {"value": value})]


def _with_joined_time(record: Mapping[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Without a ``time``, start and end as separate fields are the time."""
    if values.get("time"):
        return values
    ends = [record[name] for name in ("start_time", "end_time") if record.get(name)]
    return {**values, "time": "~".join(map(str, ends))} if ends else values


def _with_date(values: dict[str, Any], around: Surroundings, problems: list[Problem]) -> dict[str, Any]:
    """With the day in our form; that of the key where the record has none."""
    value = values.get("event_date")
    if value in (None, ""):
        return {**values, "event_date": around.date}
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    day = read_date(written) if isinstance(written, str) else None
    if day and around.date and day != around.date:
        problems.append(Problem("event_date", "key_mismatch", {"value": value, "key": around.date}))
    return {**values, "event_date": day or written}


def _department(
    values: Mapping[str, Any], around: Surroundings, directory: DepartmentDirectory, problems: list[Problem]
) -> Any:
    """The department that the record names; that of the key where it names none."""
    value = _reference(values)
    reference = around.department if value in (None, "") else id_text(value)
    if reference is None:
        code = "required" if value in (None, "") else "unknown_department"
        problems.append(Problem("department_id", code, {"value": value}))
        return Unresolved(code)
    found = directory.resolve(reference)
    if isinstance(found, Unresolved):
        problems.append(Problem("department_id", found.code, {"value": reference}))
    elif around.department and directory.resolve(around.department) != found:
        problems.append(Problem("department_id", "key_mismatch", {"value": reference, "key": around.department}))
    return found


def _reference(values: Mapping[str, Any]) -> Any:
    """The id or the name of the department, as the file has it."""
    value = values.get("department_id")
    return value.get("id") or value.get("name") if isinstance(value, Mapping) else value


def _body(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _checked(rules: Any, body: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    try:
        return rules(body), []
    except Invalid as error:
        return {}, [replace(p, params={**p.params, "value": body.get(p.field)}) for p in error.problems]


def _rejected(raw: RawRecord, values: Mapping[str, Any], problems: list[Problem]) -> Rejected:
    label = values.get("title" if raw.kind == "event" else "name")
    return Rejected(raw.kind, raw.origin, label if isinstance(label, str) else "", problems)
