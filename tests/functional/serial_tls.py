"""python-socketio reads and writes one TLS connection from two threads: see :mod:`dallyeok_sync.tls`."""

from __future__ import annotations

import ssl

import pytest
from clients.python_client import SerialSSLSocket


def read_or_write_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every TLS connection of this process's clients a :class:`SerialSSLSocket`."""
    monkeypatch.setattr(ssl.SSLContext, "sslsocket_class", SerialSSLSocket)
