"""Checks every request to the Socket.IO endpoint before the library handles it: what it would stumble over gets a 400."""

from __future__ import annotations

import base64
import binascii
import io
import resource
import sys
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from calendar_server.realtime.packets import PACKET_MAX_BYTES, is_sound_payload
from calendar_server.realtime.seams.engine_sessions import close_session, is_upgrading, open_session
from calendar_server.realtime.seams.hardening import send_whole_frames
from calendar_server.wire.gate import is_socket_path
from calendar_server.wire.refusals import Refused, answer_refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SPARE_DESCRIPTORS = 512

Query = dict[str, list[str]]


class CheckedEndpoint:
    """WSGI middleware around the Socket.IO server ``engine`` and whatever else ``app`` serves."""

    def __init__(self, app: WSGIApplication, engine: Any) -> None:
        self._app = app
        self._engine = engine
        self._sessions_max = _sessions_max()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if is_socket_path(environ["PATH_INFO"]):
            try:
                self._check(environ)
            except Refused as refused:
                return answer_refused(refused, environ, start_response)
        return self._app(environ, start_response)

    def _check(self, environ: WSGIEnvironment) -> None:
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        if "j" in query:
            raise Refused("jsonp_refused")
        session = self._required_session(query)
        if session is None and len(self._engine.sockets) >= self._sessions_max:
            raise Refused("too_many_sockets", HTTPStatus.SERVICE_UNAVAILABLE)
        if _is_websocket(environ, query):
            _check_handshake(environ)
            if session is not None and is_upgrading(session):
                raise Refused("bad_request")
            send_whole_frames(environ)
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)  # compressing costs more than small messages are worth
        environ.pop("HTTP_SEC_WEBSOCKET_PROTOCOL", None)
        if environ["REQUEST_METHOD"] == "POST" and session is not None:
            _check_payload(environ, session)

    def _required_session(self, query: Query) -> Any | None:
        """The session that the request names, None where it begins one.

        :raises Refused: there is no such session (any more).
        """
        if "sid" not in query:
            return None
        session = open_session(self._engine, query["sid"][0])
        if session is None:
            raise Refused("bad_request")
        return session


def _sessions_max() -> int:
    """How many sockets the limit of open files leaves room for, beside REST and the store."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if allowed == resource.RLIM_INFINITY else max(allowed - SPARE_DESCRIPTORS, allowed // 2)


def _is_websocket(environ: WSGIEnvironment, query: Query) -> bool:
    """True where a websocket is asked for; a polling request that asks for another protocol is not obliged."""
    if query.get("transport", ["polling"])[0] == "websocket":
        return True
    environ.pop("HTTP_UPGRADE", None)
    return False


def _check_handshake(environ: WSGIEnvironment) -> None:
    """:raises Refused: the opening handshake is not that of RFC 6455, 4.2.1."""
    connection = [each.strip() for each in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    sound = (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in connection
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and _is_key(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""))
    )
    if not sound:
        raise Refused("bad_request")


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.encode("latin-1"), validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _check_payload(environ: WSGIEnvironment, session: Any) -> None:
    """End the session whose client posts what is no sound payload.

    :raises Refused: it did.
    """
    body = environ["wsgi.input"].read(PACKET_MAX_BYTES + 1)
    if len(body) <= PACKET_MAX_BYTES and is_sound_payload(body):
        environ["wsgi.input"] = io.BytesIO(body)
        return
    close_session(session)
    if len(body) > PACKET_MAX_BYTES:
        raise Refused("body_too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, max_bytes=PACKET_MAX_BYTES)
    raise Refused("bad_request")
