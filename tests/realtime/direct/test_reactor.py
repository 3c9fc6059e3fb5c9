"""One epoll for all sockets."""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Iterator

import pytest

from calendar_server.realtime.direct.reactor import Reactor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")


class Listener:
    def __init__(self, mine: socket.socket, told: list[str]) -> None:
        self.mine, self.told = mine, told

    def readable(self) -> None:
        self.told.append("readable")
        if not self.mine.recv(10):
            raise RuntimeError("ended")

    def writable(self) -> None:
        self.told.append("writable")


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    epoll = select.epoll()
    yield Reactor(epoll, lambda fileno: None)
    epoll.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        yield mine, theirs


def test_a_source_is_told_what_it_waits_for(reactor: Reactor, pair: tuple[socket.socket, socket.socket]) -> None:
    mine, theirs = pair
    told: list[str] = []
    reactor.watch(mine.fileno(), Listener(mine, told))
    reactor.turn()
    assert told == []
    theirs.send(b"x")
    reactor.turn()
    assert told == ["readable"]
    reactor.change(mine.fileno(), read=False, write=True)
    theirs.send(b"x")
    reactor.turn()
    assert told == ["readable", "writable"]
    reactor.change(mine.fileno(), read=True, write=False)
    reactor.turn()
    assert told == ["readable", "writable", "readable"]


def test_who_was_forgotten_is_told_nothing(reactor: Reactor, pair: tuple[socket.socket, socket.socket]) -> None:
    mine, theirs = pair
    told: list[str] = []
    reactor.watch(mine.fileno(), Listener(mine, told))
    theirs.send(b"x")
    reactor.forget(mine.fileno())
    reactor.forget(mine.fileno())
    reactor.turn()
    assert (told, len(reactor)) == ([], 0)


def test_a_source_that_fails_is_logged_and_the_others_are_served(
    reactor: Reactor, pair: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs = pair
    other, others_client = socket.socketpair()
    with other, others_client:
        told: list[str] = []
        reactor.watch(mine.fileno(), Listener(mine, []))
        reactor.watch(other.fileno(), Listener(other, told))
        theirs.close()
        others_client.send(b"x")
        reactor.turn()
    assert told == ["readable"]
    assert "could not be served" in caplog.text
