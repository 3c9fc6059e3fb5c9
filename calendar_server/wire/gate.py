"""The gate that every request passes, REST and sockets alike, before Flask or Socket.IO see it.

It names the request, refuses unknown hosts, foreign pages on the socket endpoint and oversized bodies, answers CORS
preflights, and writes the access log.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.wsgi import ClosingIterator

from calendar_server import measures
from calendar_server.config import Settings
from calendar_server.wire.hosts import Authority, is_served, parse_authority
from calendar_server.wire.logs import access_log, printable, request_id
from calendar_server.wire.origins import Headers, OriginPolicy, answer_headers, preflight_headers
from calendar_server.wire.refusals import Refused, answer_refused
from calendar_server.wire.request_bodies import take_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SOCKET_PATH = "/socket.io"
EXCHANGE = "dallyeok.exchange"
"""Where a request's WSGI environ holds its :class:`_Exchange`, for :func:`note_route`."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CORS_PREFIX = "access-control-"


def is_socket_path(path: str) -> bool:
    """True for the addresses of the Socket.IO endpoint."""
    return path == SOCKET_PATH or path.startswith(SOCKET_PATH + "/")


def note_route(environ: WSGIEnvironment, rule: str) -> None:
    """Say which route answers the request, as a template; requests without one are counted together."""
    exchange = environ.get(EXCHANGE)
    if exchange is not None:
        exchange.route = rule


class Gate:
    """WSGI middleware around ``app``, to be put outside everything but the reading of proxy headers."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self._app = app
        self._trusted_hosts = settings.trusted_hosts
        self._origins = OriginPolicy.of(settings)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = _Exchange(environ, start_response)
        try:
            answer = self._answer(exchange)
        except BaseException:
            # How web servers are told that a websocket has ended, as well as real failures.
            exchange.finish()
            raise
        if not exchange.status:
            exchange.finish()
            return answer
        return ClosingIterator(answer, exchange.finish)

    def _answer(self, exchange: _Exchange) -> Iterable[bytes]:
        environ = exchange.environ
        try:
            own = self._required_host(environ)
            self._check_origin(exchange, own)
            take_body(environ)
        except Refused as refused:
            return answer_refused(refused, environ, exchange.start)
        if exchange.cors and _is_preflight(environ):
            exchange.cors += preflight_headers()
            exchange.start(f"{HTTPStatus.NO_CONTENT.value} No Content", [])
            return []
        return self._app(environ, exchange.start)

    def _required_host(self, environ: WSGIEnvironment) -> Authority | None:
        """The authority that the client addressed; HTTP/1.0 clients need not name one (RFC 9112, 3.2).

        :raises Refused: it is malformed, missing, or a name that is not served here.
        """
        text = environ.get("HTTP_HOST")
        if text is None and environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
            return None
        authority = parse_authority(text or "")
        if authority is None:
            raise Refused("bad_request")
        if not is_served(authority.host, self._trusted_hosts):
            raise Refused("host_not_allowed")
        return authority

    def _check_origin(self, exchange: _Exchange, own: Authority | None) -> None:
        """Note an allowed origin; a foreign one gets no CORS headers from REST, and nothing from the sockets."""
        origin = exchange.environ.get("HTTP_ORIGIN")
        if not origin:
            return
        if self._origins.allows(origin, own):
            exchange.cors = answer_headers(origin)
        elif is_socket_path(exchange.path):
            raise Refused("origin_not_allowed")


class _Exchange:
    """One request and what becomes of it."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self.environ = environ
        self.path: str = environ.get("PATH_INFO", "")
        self.status = ""
        self.route = ""
        self.cors: Headers = []
        self._start_response = start_response
        self._began = time.monotonic()
        self._finished = False
        wanted_id = environ.get("HTTP_X_REQUEST_ID", "")
        self.id = wanted_id if _SANE_ID.fullmatch(wanted_id) else uuid.uuid4().hex
        request_id.set(self.id)
        environ[EXCHANGE] = self

    def start(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        """``start_response`` with the headers that every answer has."""
        self.status = status
        kept = [(name, value) for name, value in headers if not name.lower().startswith(_CORS_PREFIX)]
        kept += [("X-Request-ID", self.id), ("Vary", "Origin"), *self.cors]
        return self._start_response(status, kept, exc_info) if exc_info else self._start_response(status, kept)

    def finish(self) -> None:
        """Write the access line, once."""
        if self._finished:
            return
        self._finished = True
        milliseconds = round((time.monotonic() - self._began) * 1000, 1)
        line = {
            "method": self.environ.get("REQUEST_METHOD", ""),
            "path": printable(self.path.encode("latin-1", "replace").decode("utf-8", "replace")),
            "status": int(self.status[:3]) if self.status else HTTPStatus.SWITCHING_PROTOCOLS.value,
            "ms": milliseconds,
        }
        self._count(line["method"], line["status"], milliseconds / 1000)
        level = logging.DEBUG if is_socket_path(self.path) else logging.INFO
        access_log.log(level, "%(method)s %(path)s %(status)s %(ms)s ms", line, extra=line)
        request_id.set("-")

    def _count(self, method: str, status: int, seconds: float) -> None:
        route = SOCKET_PATH if is_socket_path(self.path) else self.route
        known = method if method in _METHODS else "other"
        measures.requests.labels(route, known, f"{status // 100}xx").observe(seconds)


def _is_preflight(environ: WSGIEnvironment) -> bool:
    return environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
