"""The four tables: keys, indexes, throughput. ``create_tables()`` makes them from here.

``departments`` and ``events`` are as the first version of the server made them. ``changes`` holds every history: its
item ``seq`` 0 is the head and never expires, the others carry ``expires_at``. ``records`` holds short-lived claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from calendar_server.config import Settings

AttributeType = Literal["S", "N"]

NAME_INDEX = "name-index"
DEPARTMENT_DATE_INDEX = "department-date-index"
EXPIRES_AT = "expires_at"
"""The attribute, in seconds since 1970, after which DynamoDB may remove an item (time to live)."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """Provisioned capacity units; not used on demand."""

    read_units: int
    write_units: int


@dataclass(frozen=True, slots=True)
class Key:
    """One key attribute."""

    name: str
    type: AttributeType = "S"


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index that holds whole items."""

    name: str
    keys: tuple[Key, ...]
    throughput: Throughput


@dataclass(frozen=True, slots=True)
class Table:
    """A table: partition key first, then the sort key where there is one."""

    name: str
    variable: str
    keys: tuple[Key, ...]
    throughput: Throughput
    indexes: tuple[Index, ...] = ()
    expires: bool = False

    @property
    def attributes(self) -> dict[str, AttributeType]:
        """Every attribute that a key of the table or of an index names."""
        keys = [*self.keys, *(key for index in self.indexes for key in index.keys)]
        return {key.name: key.type for key in keys}


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables under the names that the settings give them."""

    departments: Table
    events: Table
    changes: Table
    records: Table

    @classmethod
    def named_by(cls, settings: Settings) -> Schema:
        """The schema with the table names of ``settings``."""
        table_throughput = Throughput(10, 10)
        return cls(
            departments=Table(
                settings.departments_table,
                "DEPARTMENTS_TABLE",
                (Key("id"),),
                table_throughput,
                (Index(NAME_INDEX, (Key("name"),), Throughput(5, 5)),),
            ),
            events=Table(
                settings.events_table,
                "EVENTS_TABLE",
                (Key("id"), Key("department_id")),
                table_throughput,
                (Index(DEPARTMENT_DATE_INDEX, (Key("department_id"), Key("event_date")), Throughput(10, 10)),),
            ),
            changes=Table(
                settings.changes_table,
                "CHANGES_TABLE",
                (Key("history"), Key("seq", "N")),
                table_throughput,
                expires=True,
            ),
            records=Table(settings.records_table, "RECORDS_TABLE", (Key("key"),), table_throughput, expires=True),
        )

    @property
    def tables(self) -> tuple[Table, ...]:
        return (self.departments, self.events, self.changes, self.records)
