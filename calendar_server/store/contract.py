"""What a store promises. Two keep it: ``EmbeddedStore`` (SQLite) and ``DynamoDBDatabase`` (``models.py``).

Words
-----
*Edit*: one wanted transition of one department or event (``before → after``). *Change*: the row that an accepted edit
leaves in a history. *History*: the numbered changes of one department's events, or of the list of departments.
*Head*: the number of a history's last change.

Every method may raise :class:`~calendar_server.errors.StoreUnavailable` (the store does not answer in time) and
:class:`~calendar_server.errors.StoreUnusable` (its tables or file are missing or of another version). No other error
leaves a store than those named here. Reads see every commit that was acknowledged before they began, in whichever
process. Calls may come from many threads or greenlets at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from calendar_server.domain.changes import Change, DepartmentList, Edit, Head, Snapshot
from calendar_server.domain.departments import Department
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import Receipt
from calendar_server.store.extracts import Extract


class Store(Protocol):
    """Departments, their events, and the histories of both."""

    batch_limit: int
    """How many edits one :meth:`commit` takes at the most."""

    def describe(self) -> str:
        """One line for people: which store this is and where it lies."""
        ...

    def check(self) -> None:
        """Return if the store can serve now; for readiness probes, so cheap.

        :raises StoreUnavailable: it does not answer.
        :raises StoreUnusable: it answers, but what it needs is missing; ``problems`` says what.
        """
        ...

    def list_departments(self) -> DepartmentList:
        """All departments, oldest first (``created_at``, then ``id``), and the head at which they were so."""
        ...

    def get_department(self, department_id: str) -> Department:
        """:raises DepartmentNotFound: there is none of this id."""
        ...

    def get_event(self, event_id: str) -> CalendarEvent:
        """:raises EventNotFound: there is none of this id, or its department is gone."""
        ...

    def snapshot(self, department_id: str) -> Snapshot:
        """All events of a department, by :attr:`CalendarEvent.sort_key`, and the head at which they were so.

        :raises DepartmentNotFound: there is no such department.
        """
        ...

    def head(self, history: str) -> Head:
        """Where the history stands; number 0 where nothing has been written to it yet. Cheap: one small read.

        :raises DepartmentNotFound: the history is a department's, and there is no such department.
        """
        ...

    def changes_after(self, history: str, seq: int, limit: int) -> list[Change]:
        """Up to ``limit`` changes numbered above ``seq``, in the order of their numbers.

        Rows that are past their time are missing: a caller that finds the first one not to be ``seq + 1`` must reload.

        :raises DepartmentNotFound: the history is a department's, and there is no such department.
        """
        ...

    def commit(self, edits: Sequence[Edit], expected: Mapping[str, Head] | None = None) -> list[Change]:
        """Make all ``edits`` durable with their receipts, or none of them; return their changes in order.

        All edits of one call belong to one history; a move touches two and must be alone. No object and no receipt
        stands in two of them. At most :attr:`batch_limit`. Versions are the caller's: ``after.version`` is
        stored as it is. With ``expected`` (a head for each history that is touched) it succeeds only while the
        histories stand there; without, the present heads are taken.
        Deleting a department ends its history and hides its events in the same moment; :meth:`finish_deletions`
        then removes what is left of them.

        An error that is about one of the edits says which by its ``position``.

        :raises HeadMoved: a history is not at its ``expected`` head.
        :raises ReceiptExists: a receipt's key has been used before (and not expired).
        :raises VersionConflict: an object is no longer at ``before.version``, which for an event includes that it is
            still in ``before.department_id``.
        :raises DepartmentNotFound, EventNotFound: an object is gone, or an event's department is.
        :raises DepartmentExists, EventExists: a name or an id is taken.
        :raises StoreUnavailable: no definite answer in time. The edits are then either all stored or none.
        """
        ...

    def heads(self, histories: Collection[str]) -> dict[str, Head]:
        """The heads of those of ``histories`` that exist and have a head; cheap for many, for following them."""
        ...

    def find_receipt(self, key: str) -> Receipt | None:
        """The receipt of ``key``; None where there is none or it has expired."""
        ...

    def keep_receipt(self, receipt: Receipt) -> None:
        """Store the receipt of a write that changed nothing. :raises ReceiptExists: the key has been used before."""
        ...

    def secret(self) -> str:
        """A random text of this store, made once, the same for all its processes."""
        ...

    def forget_expired(self) -> None:
        """Remove changes and receipts that are past their time, where the store does not do so by itself."""
        ...

    def finish_deletions(self, department_id: str | None = None) -> bool:
        """Remove what is left of deleted departments (of one, or of all); True where there was anything.

        To be called after a deletion's commit and at the start, where it finishes what a crash cut off.
        """
        ...

    def extract(self, scratch: Path) -> AbstractContextManager[Extract]:
        """The whole content at one moment while others write, valid inside the block; ``scratch``: a folder for what does
        not fit into memory.
        """
        ...

    def would_lose(self, source: Extract) -> bool:
        """True where :meth:`replace` would remove anything but what an interrupted one of its own has left."""
        ...

    def replace(self, source: Extract) -> None:
        """Remove everything and hold what ``source`` holds instead, each history in a new epoch.

        Until it is complete nothing of it is served: readers get StoreUnusable, or still the old content. Cut off
        anywhere, it is to be called again. One at a time.
        """
        ...

    def renew_epochs(self) -> int:
        """Begin a new epoch in every history, so that cursors given out before are answered with "reload"; how many.

        For a store that was brought back to an earlier state by other means than :meth:`replace`.
        """
        ...

    def close(self) -> None:
        """Give back files and connections. Nothing may be called afterwards."""
        ...
