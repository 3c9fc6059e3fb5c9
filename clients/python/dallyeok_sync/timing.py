"""How long things are waited for."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds."""

    answer: float = 10.0
    """How long an answer over the socket is waited for."""
    grace: float = 0.1
    """How long a change that is ahead of its predecessor waits for it before the gap is asked for."""
    retry: float = 0.5
    """The first pause before something is tried again; it doubles up to ``retry_max``, with jitter."""
    retry_max: float = 30.0
    request: float = 20.0
    """How long the answer to a write is waited for."""
    list_check: float = 60.0
    """How often the list of departments is checked, which has no ``department_head``."""
    save: float = 0.5
    """How long changed state may wait before it is saved."""

    def retry_delay(self, attempts: int) -> float:
        """The pause after the failed attempt number ``attempts``, from 0."""
        longest = min(self.retry_max, self.retry * 2.0 ** min(attempts, 20))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
