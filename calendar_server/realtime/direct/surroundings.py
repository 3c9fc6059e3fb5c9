"""What a connection knows of the transport around it, and of the session that it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from calendar_server.realtime.direct.outgoing import Outlet

if TYPE_CHECKING:
    from calendar_server.realtime.direct.connection import Connection


class Sessions(Protocol):
    """What happens to the Engine.IO session that a connection carries, see ``seams.direct_sessions.Sessions``."""

    def pong(self, session: Any) -> None:
        """The client has answered a ping."""

    def receive(self, session: Any, packet: str) -> None:
        """Handle a packet, which may wait."""

    def probed(self, session: Any) -> bool:
        """A websocket wants to take over from polling; False where it may not: another does, or the session is over."""

    def taken_over(self, session: Any, outlet: Outlet) -> None:
        """From now on everything goes through ``outlet``."""

    def upgrade_failed(self, session: Any) -> None:
        """What was probed comes to nothing; polling goes on."""

    def lost(self, session: Any) -> None:
        """The connection has ended; runs what belongs to a disconnect, once."""


class Transport(Protocol):
    """What all connections share, see ``transport.DirectTransport``."""

    sessions: Sessions

    def flush(self) -> None:
        """Send what was emitted to rooms before."""

    def change(self, connection: Connection, *, read: bool, write: bool) -> None:
        """What to wait for from now on."""

    def forget(self, connection: Connection) -> None:
        """The socket is about to be closed."""

    def want_turn(self, connection: Connection) -> None:
        """Call :meth:`Connection.take_turn` from a task that may wait."""

    def limit(self, connection: Connection, seconds: float) -> None:
        """Call :meth:`Connection.expire` then."""
