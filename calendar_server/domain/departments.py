"""A department: the unit that owns events and that people watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from calendar_server.domain.text import folded


@dataclass(frozen=True, slots=True)
class Department:
    """``version`` counts accepted changes from 1; it is not on the wire but stands in the ETag."""

    id: str
    name: str
    description: str
    created_at: str
    updated_at: str
    version: int = 1

    @property
    def name_key(self) -> str:
        """What must be unique among all departments."""
        return folded(self.name)

    def changed(self, fields: Mapping[str, Any], at: str) -> Department:
        """With ``fields`` applied, one version on; itself where they change nothing."""
        candidate = replace(self, **fields)
        if candidate == self:
            return self
        return replace(candidate, updated_at=at, version=self.version + 1)
