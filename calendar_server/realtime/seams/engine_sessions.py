"""Engine.IO sessions seen from outside."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from engineio.exceptions import SocketIsClosedError

_log = logging.getLogger(__name__)


def count_sockets(engine: Any) -> dict[str, int]:
    """Open sessions by their transport."""
    sessions = [session for session in list(engine.sockets.values()) if not session.closed]
    websockets = sum(session.upgraded for session in sessions)
    return {"websocket": websockets, "polling": len(sessions) - websockets}


def open_session(engine: Any, session_id: str) -> Any | None:
    """The session of this id, None where there is none or it has been closed."""
    session = engine.sockets.get(session_id)
    return None if session is None or session.closed else session


def is_upgrading(session: Any) -> bool:
    """True while or after a websocket takes the session over."""
    return bool(session.upgrading or session.upgraded)


def close_session(session: Any) -> None:
    """Send a close packet and end the session, without waiting until the client has read it."""
    with suppress(SocketIsClosedError):
        session.close(wait=False)


def close_all_sessions(engine: Any) -> None:
    """:func:`close_session` for every client."""
    for session in list(engine.sockets.values()):
        try:
            close_session(session)
        except Exception:
            _log.exception("a socket could not be closed")
