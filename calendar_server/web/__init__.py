"""The page: the product's own front end at ``/``. :func:`register` puts it on a Flask application."""

from calendar_server.web.page import register

__all__ = ["register"]
