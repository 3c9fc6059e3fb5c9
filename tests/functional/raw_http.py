"""HTTP as bytes, for requests that no client library would send."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

from functional.serving import Server


class RawAnswer:
    """The status of an answer (0 where the server hung up without one) and its body."""

    def __init__(self, received: bytes) -> None:
        head, _separator, self.body = received.partition(b"\r\n\r\n")
        self.headers = head.decode("latin-1")
        self.status = int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/") else 0

    def json(self) -> Any:
        """The body as JSON; chunked bodies are not undone."""
        return json.loads(self.body)


def exchange(server: Server, request: bytes, seconds: float = 10) -> RawAnswer:
    """Send ``request`` on a connection of its own and read until the server closes it, or has answered and waits."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        with suppress(OSError):  # it may answer and hang up before it has read all
            connection.sendall(request)
        return RawAnswer(_receive(connection))


def _receive(connection: socket.socket) -> bytes:
    received = b""
    try:
        while not _is_complete(received) and (piece := connection.recv(65_536)):
            received += piece
    except OSError:
        pass
    return received


def _is_complete(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return bool(separator) and len(body) >= int(line.partition(b":")[2])
    return bool(separator) and body.endswith(b"0\r\n\r\n")


def chunked(pieces: list[bytes]) -> bytes:
    """A body in chunks (RFC 9112, 7.1)."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def post(path: str, headers: str, body: bytes) -> bytes:
    """A POST of JSON with just these further headers."""
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}\r\n".encode() + body
