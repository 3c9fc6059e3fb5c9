"""Bodies of requests: JSON, or refused."""

from __future__ import annotations

from typing import Any

from flask import request

from calendar_server.errors import CalendarError
from calendar_server.wire import strict_json


class JsonRequired(CalendarError):
    """The body is declared as something other than JSON."""

    code = "json_required"


class InvalidJson(CalendarError):
    """The body is empty, or no JSON in UTF-8."""

    code = "invalid_json"


def json_body() -> Any:
    """The decoded body of the present request.

    :raises JsonRequired: its type is neither ``application/json`` nor ``application/*+json`` (RFC 6839, 3.1).
    :raises InvalidJson: it is empty, malformed or no UTF-8.
    """
    mimetype = request.mimetype
    if mimetype != "application/json" and not (mimetype.startswith("application/") and mimetype.endswith("+json")):
        raise JsonRequired(mimetype)
    try:
        return strict_json.loads(request.get_data(cache=False))
    except ValueError as error:
        raise InvalidJson(str(error)) from error
