"""How much the tests do that grow: little in every run, all of it with ``make soak``."""

from __future__ import annotations

import os
from typing import TypeVar

S = TypeVar("S")

SOAKING = os.environ.get("SOAK") == "1"


def sized(usual: S, soak: S) -> S:
    """``usual``, or ``soak`` where the environment says SOAK=1."""
    return soak if SOAKING else usual
