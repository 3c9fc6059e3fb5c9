"""Which department a name or an id of a file means.

What people expect of names, and what this keeps:

- A name is one department, however it is capitalised. Two departments of the files with one name and one description
  are one, and either id leads to it; where they differ, the second cannot be taken, and neither can its events: putting
  them into the first would mix what somebody kept apart.
- A department that the store holds under this name (or under the file's own id, from an earlier version's copy) takes
  the events of the file's department and stays as it is: somebody has set it up already.
- Events may belong to departments that only the store knows.
- An id goes before a name, the files before the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calendar_server.domain.departments import Department
from calendar_server.domain.text import folded
from calendar_server.errors import Problem
from calendar_server.migration.identity import id_text, stable_id
from calendar_server.migration.records import Entry, Rejected


@dataclass(frozen=True, slots=True)
class Resolved:
    """``target_id``: the department in the store. ``identity``: the file's own, the same whatever the store holds."""

    identity: str
    target_id: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """``code`` says why there is none: unknown, or known but rejected."""

    code: str


class DepartmentDirectory:
    """Departments of the store and of the files; ``adopted`` pairs those of the files with the store's that they join."""

    def __init__(self, stored: Iterable[Department]) -> None:
        self._stored = {department.id: department for department in stored}
        self._stored_names = {department.name_key: department for department in self._stored.values()}
        self._by_reference: dict[str, Resolved | Unresolved] = {}
        self._by_name: dict[str, Resolved | Unresolved] = {}
        self._entries: dict[str, Entry[Department]] = {}
        self._names: dict[str, Entry[Department]] = {}
        self.adopted: list[tuple[Entry[Department], Department]] = []

    def add(self, entry: Entry[Department]) -> bool | Problem:
        """True for a department of its own, False for one that repeats another, the problem where it contradicts one."""
        own, name = entry.subject.id, entry.subject.name_key
        same_id = self._entries.get(own)
        if same_id is not None:
            problem = Problem("id", "duplicate_id", {"value": entry.source_id, "other": str(same_id.origin)})
            return False if _is_same(entry, same_id) else problem
        same_name = self._names.get(name)
        if same_name is None:
            self._register(entry, self._target(entry))
            return True
        if _is_same(entry, same_name):
            self._refer(entry, self._by_name[name])
            return False
        self._refer(entry, Unresolved("invalid_department"))
        return Problem("name", "duplicate_name", {"value": entry.subject.name, "other": str(same_name.origin)})

    def add_rejected(self, rejected: Rejected, references: Iterable[object]) -> None:
        """Remember what cannot be taken, so that its events get the right reason."""
        for reference in filter(None, map(id_text, references)):
            self._by_reference.setdefault(reference, Unresolved("invalid_department"))
        if rejected.label:
            self._by_name.setdefault(folded(rejected.label), Unresolved("invalid_department"))

    def resolve(self, reference: str) -> Resolved | Unresolved:
        """The department whose id or name ``reference`` is."""
        found = self._by_reference.get(reference) or self._by_name.get(folded(reference))
        return found or self._resolve_in_store(reference)

    def _resolve_in_store(self, reference: str) -> Resolved | Unresolved:
        for department_id in (reference, stable_id("department", reference)):
            if department_id in self._stored:
                return Resolved(department_id, department_id)
        named = self._stored_names.get(folded(reference))
        return Resolved(named.id, named.id) if named else Unresolved("unknown_department")

    def _target(self, entry: Entry[Department]) -> str:
        """The store's department that it is or joins; its own id where there is none."""
        own = entry.subject.id
        if own in self._stored:
            return own
        joined = self._stored.get(entry.source_id or "") or self._stored_names.get(entry.subject.name_key)
        if joined is None:
            return own
        self.adopted.append((entry, joined))
        return joined.id

    def _register(self, entry: Entry[Department], target_id: str) -> None:
        own, name = entry.subject.id, entry.subject.name_key
        found = Resolved(own, target_id)
        self._entries[own] = self._names[name] = entry
        self._by_name[name] = found
        self._refer(entry, found)

    def _refer(self, entry: Entry[Department], found: Resolved | Unresolved) -> None:
        for reference in entry.ids:
            self._by_reference.setdefault(reference, found)


def _is_same(one: Entry[Department], other: Entry[Department]) -> bool:
    return (one.subject.name_key, one.subject.description) == (other.subject.name_key, other.subject.description)
