"""Which packets a client may send."""

from __future__ import annotations

import pytest

from calendar_server.realtime.packets import PACKET_MAX_BYTES, is_sound_frame, is_sound_payload

SOUND = [
    "1", "3", "40", "40{}", '40{"token":"x"}', "40/room,", "40/room", "40/room?a=b,{}", "41", "41/room,",
    '42["join_department",{"department_id":"x"}]', '420["a"]', '42123["a","부서"]', '42/room,1["a"]', '42["message"]',
    "431[]", '43/room,9["x"]', '42["a",' + "[" * 200 + "]" * 200 + "]", '42["*"]', '42["a-b",1]',
]  # fmt: skip
UNSOUND = [
    "", "0", "6", "7", "x", "é", "²", "b", "bAAAA", "11", "1{}", "33", "3probe", "4", "4x", "44", "44{}", "4²[]",
    '401{"a":1}', "40[]", "40null", '40"x"', "41{}", "411", "42", "42{}", "42[]", "42[1]", "42[null]", "42[[]]", '42["a"',
    '42["connect"]', '42["disconnect"]', '42["connect_error"]', '42["newListener"]', '42["a",NaN]', '42["a",1e999]',
    '42["a","\\ud800"]', "42" + "[" * 2_000 + "]" * 2_000, '42' + "1" * 16 + '["a"]', '42١["a"]', "43", "43[]", '43["x"]',
    "431", "431{}", '45["a"]', '451-["a",{"_placeholder":true,"num":0}]', '46["a"]', "42/", '42["a"]x', "\x001", "d=4",
]  # fmt: skip


@pytest.mark.parametrize("packet", SOUND, ids=lambda packet: packet[:30])
def test_sound_packets_pass_over_both_transports(packet: str) -> None:
    assert is_sound_frame(packet)
    assert is_sound_payload(packet.encode())


@pytest.mark.parametrize("packet", UNSOUND, ids=lambda packet: repr(packet[:30]))
def test_unsound_packets_pass_over_none(packet: str) -> None:
    assert not is_sound_frame(packet)
    assert not is_sound_payload(packet.encode())


@pytest.mark.parametrize("frame", [None, b"", b"40", 40, [], "x" * (PACKET_MAX_BYTES + 1)])
def test_a_frame_is_text_of_bounded_length(frame: object) -> None:
    assert not is_sound_frame(frame)


@pytest.mark.parametrize("packet", ["2probe", "5"])
def test_upgrades_are_for_websockets(packet: str) -> None:
    assert is_sound_frame(packet)
    assert not is_sound_payload(packet.encode())


def test_a_payload_holds_up_to_sixteen_packets_and_ends_with_a_close() -> None:
    assert is_sound_payload("\x1e".join(["3"] * 16).encode())
    assert not is_sound_payload("\x1e".join(["3"] * 17).encode())
    assert is_sound_payload(b"3\x1e1")
    assert not is_sound_payload(b"1\x1e3")
    assert not is_sound_payload(b"3\x1e")
    assert not is_sound_payload(b"4\xff")
