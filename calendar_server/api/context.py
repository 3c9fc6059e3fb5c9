"""What the routes work with: the services that :func:`calendar_server.api.register` was given."""

from __future__ import annotations

from typing import cast

from flask import current_app

from calendar_server.services.calendar import Calendar

EXTENSION = "calendar_server.api"


def services() -> Calendar:
    """Those of the application that serves the present request."""
    return cast(Calendar, current_app.extensions[EXTENSION])
