"""A mapping that never changes and whose next version costs little: a large dictionary and a few differences from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Generic, TypeVar

V = TypeVar("V")

DIFFERENCES_MAX = 256
"""With more differences than these the whole is written out anew; so a change costs a 256th of copying it."""


class _Gone:
    """Stands for a key that the large dictionary has and this version has not."""


_GONE: Final = _Gone()


class Layered(Mapping[str, V], Generic[V]):
    """Values by key; :meth:`with_changes` gives the next version and leaves this one as it is."""

    __slots__ = ("_base", "_differences", "_length")

    def __init__(self, base: dict[str, V]) -> None:
        self._base = base
        self._differences: dict[str, V | _Gone] = {}
        self._length = len(base)

    def with_changes(self, changes: Mapping[str, V | None]) -> Layered[V]:
        """With the values of ``changes``; a key with None is removed."""
        differences = {**self._differences, **{k: _GONE if v is None else v for k, v in changes.items()}}
        later = Layered(self._base)
        later._differences = differences
        later._length = self._length + sum((value is not None) - (key in self) for key, value in changes.items())
        return later if len(differences) <= DIFFERENCES_MAX else Layered(later._written_out())

    def _written_out(self) -> dict[str, V]:
        whole = dict(self._base)
        for key, value in self._differences.items():
            if isinstance(value, _Gone):
                whole.pop(key, None)
            else:
                whole[key] = value
        return whole

    def __getitem__(self, key: str) -> V:
        value = self._differences.get(key)
        if value is None:
            return self._base[key]
        if isinstance(value, _Gone):
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        for key in self._base:
            if key not in self._differences:
                yield key
        for key, value in self._differences.items():
            if not isinstance(value, _Gone):
                yield key

    def __len__(self) -> int:
        return self._length
