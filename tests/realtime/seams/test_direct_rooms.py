"""Rooms of the direct transport are the library's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from socketio.manager import Manager as SocketManager

from calendar_server.realtime.seams.direct_rooms import DirectManager


@pytest.fixture
def manager() -> DirectManager:
    made = DirectManager()
    made.set_server(SimpleNamespace(packet_class=SimpleNamespace(json=None), logger=None))
    return made


def test_membership_is_the_librarys_own(manager: DirectManager) -> None:
    """The same calls on the library's manager and on ours lead to the same rooms."""
    stock = SocketManager()
    stock.set_server(manager.server)
    for each in (stock, manager):
        for number in range(3):
            each.basic_enter_room(f"s{number}", "/", None, eio_sid=f"e{number}")
            each.basic_enter_room(f"s{number}", "/", f"s{number}", eio_sid=f"e{number}")
            each.basic_enter_room(f"s{number}", "/", "team")
        each.basic_enter_room("s1", "/", "other")
        each.basic_leave_room("s0", "/", "team")
        each.basic_leave_room("s0", "/", "never joined")
        each.pre_disconnect("s2", "/")
        each.basic_disconnect("s2", "/")
        each.basic_close_room("other", "/")
    assert manager.rooms == stock.rooms
    assert manager.pending_disconnect == stock.pending_disconnect == {}
    for sid in ("s0", "s1", "s2"):
        assert sorted(manager.get_rooms(sid, "/")) == sorted(stock.get_rooms(sid, "/"))


def test_nothing_is_kept_of_a_socket_that_has_gone(manager: DirectManager) -> None:
    manager.basic_enter_room("s", "/", None, eio_sid="e")
    manager.basic_enter_room("s", "/", "team")
    manager.basic_disconnect("s", "/")
    assert (manager.rooms, manager._entered, manager._found) == ({}, {}, {})
