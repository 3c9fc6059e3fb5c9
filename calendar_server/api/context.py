"""What the routes work with: the services that :func:`calendar_server.api.register` was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from calendar_server.services.editing import Editing
from calendar_server.services.reading import Reading

EXTENSION = "calendar_server.api"


@dataclass(frozen=True, slots=True)
class Services:
    """The application's services as the routes see them."""

    editing: Editing
    reading: Reading
    check_store: Callable[[], None]


def services() -> Services:
    """Those of the application that serves the present request."""
    return cast(Services, current_app.extensions[EXTENSION])
