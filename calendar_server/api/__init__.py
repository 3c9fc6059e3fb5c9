"""The REST edge: HTTP requests in, JSON answers out. :func:`register` puts it on a Flask application."""

from calendar_server.api.registration import register

__all__ = ["register"]
