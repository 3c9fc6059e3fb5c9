"""A TCP proxy on the loopback address that stands in front of a server and breaks what a network can break.

    with cutting_proxy(server.port) as proxy:
        requests.get(proxy.url + "/api/departments")
        proxy.cut()

The server behind it may go and come back on its port; while it is away, connections are closed as soon as they are made.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PIECE_BYTES = 65_536
CONNECT_SECONDS = 5
SWITCHED_TO_WEBSOCKET = b"HTTP/1.1 101"


class CuttingProxy:
    """Passes bytes on in both directions, until it is told otherwise. All methods may be called from any thread."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.dropped_answers = 0
        """How many requests have reached the server without their answer reaching the client."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._connections: set[_Connection] = set()
        self._guard = threading.Lock()
        self._refusing = False
        self._drop_share = 0.0
        self._random = random.Random(0)
        self._acceptor = threading.Thread(target=self._accept_all, daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        with self._guard:
            return len(self._connections)

    def cut(self) -> int:
        """Close all connections, in the middle of whatever passes; how many there were. New ones are accepted."""
        with self._guard:
            connections = list(self._connections)
        for connection in connections:
            connection.cut()
        return len(connections)

    def refuse(self) -> None:
        """From now on, close new connections at once. Those that are open stay open."""
        self._refusing = True

    def accept(self) -> None:
        """Let new connections through again."""
        self._refusing = False

    def drop_answers(self, share: float, seed: int = 0) -> None:
        """From now on, let requests through and cut the connection in place of a ``share`` of their answers (0 to 1).

        What passes over a WebSocket after its handshake is no answer. 0 ends it.
        """
        with self._guard:
            self._drop_share = share
            self._random = random.Random(seed)

    def close(self) -> None:
        """Close everything, and wait until nothing of it runs any longer."""
        self._refusing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        self.cut()
        with self._guard:
            connections = list(self._connections)
        for connection in connections:
            connection.wait_for_end()

    def drops_this_answer(self) -> bool:
        """Whether the answer that has just begun is one of those to be dropped; counts it."""
        with self._guard:
            dropped = self._drop_share > 0 and self._random.random() < self._drop_share
            self.dropped_answers += dropped
            return dropped

    def ended(self, connection: _Connection) -> None:
        with self._guard:
            self._connections.discard(connection)

    def _accept_all(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                client.close()
            else:
                self._open(client)

    def _open(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target_port), timeout=CONNECT_SECONDS)
        except OSError:
            client.close()
            return
        connection = _Connection(self, client, server)
        with self._guard:
            self._connections.add(connection)
        connection.start()


class _Connection:
    """A client's connection, and the one to the server that belongs to it."""

    def __init__(self, proxy: CuttingProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._answer_is_due = False
        self._is_websocket = False
        for end in (client, server):
            end.settimeout(None)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = threading.Thread(target=self._pass_requests, daemon=True)
        self._answers = threading.Thread(target=self._pass_answers, daemon=True)

    def start(self) -> None:
        self._requests.start()
        self._answers.start()

    def cut(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def wait_for_end(self) -> None:
        self._requests.join()
        self._answers.join()

    def _pass_requests(self) -> None:
        with suppress(OSError):
            while piece := self._client.recv(PIECE_BYTES):
                self._answer_is_due = True
                self._server.sendall(piece)
        self.cut()

    def _pass_answers(self) -> None:
        with suppress(OSError):
            while (piece := self._server.recv(PIECE_BYTES)) and not self._drops(piece):
                self._client.sendall(piece)
        self.cut()
        self._requests.join()
        self._client.close()
        self._server.close()
        self._proxy.ended(self)

    def _drops(self, piece: bytes) -> bool:
        if not self._answer_is_due or self._is_websocket:
            return False
        self._answer_is_due = False
        self._is_websocket = piece.startswith(SWITCHED_TO_WEBSOCKET)
        return not self._is_websocket and self._proxy.drops_this_answer()


@contextmanager
def cutting_proxy(target_port: int) -> Iterator[CuttingProxy]:
    """A proxy in front of the server on ``target_port``, closed at the end of the block."""
    proxy = CuttingProxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()
