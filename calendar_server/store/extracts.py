"""A store's whole content at one moment, to be read once from front to back: what backups are made of and restored from.

An extract holds what cannot be had anew: departments, events, the numbered changes with their clients' names for them,
and the receipts that are still valid. It leaves out what lives for a minute (claims of event ids) and what other rows
say again (indexes, reminders of deletions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from calendar_server.domain.changes import Change, DepartmentList, Head
from calendar_server.domain.events import CalendarEvent
from calendar_server.domain.receipts import Receipt


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt and until when it is kept, in seconds since 1970."""

    receipt: Receipt
    expires_at: int


class Extract(Protocol):
    """Departments and heads belong to one moment; events, changes and receipts are exactly those of that moment.

    The iterators hold a page at a time, whatever there is behind them, and may raise
    :class:`~calendar_server.errors.StoreUnavailable`.
    """

    @property
    def name(self) -> str:
        """Tells this extract from every other one."""
        ...

    @property
    def secret(self) -> str:
        """What signs the cursors of a store whose server has no SECRET_KEY."""
        ...

    @property
    def departments(self) -> DepartmentList:
        """All departments, and the head of their list."""
        ...

    @property
    def heads(self) -> Mapping[str, Head]:
        """The head of each department's history, by its id."""
        ...

    def events(self) -> Iterator[CalendarEvent]:
        """Every department's events, each as it was at its history's head, in any order."""
        ...

    def changes(self) -> Iterator[Change]:
        """The kept changes of all histories up to their heads; those of one history in order."""
        ...

    def receipts(self) -> Iterator[KeptReceipt]:
        """The receipts of writes that are in this extract, and of those that changed nothing."""
        ...
