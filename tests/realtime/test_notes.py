"""Notes between processes are read strictly: a channel may hold anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_server.config import Settings
from calendar_server.realtime import notes

TEAM = "5f0c6b0e-7d53-4c3c-9d3c-0a3c35c3e0aa"


def test_what_was_written_is_read() -> None:
    assert notes.read(notes.written("me", {TEAM: 7, "departments": 2})) == ("me", {TEAM: 7, "departments": 2})


@pytest.mark.parametrize(
    "junk",
    [
        b"", b"x", b"\xff\xfe", b"null", b"[]", b'["me"]', b'["me",{}]', b'["me",[]]', b'["",{"a":1}]', b'[1,{"a":1}]',
        b'["me",{"a":0}]', b'["me",{"a":-1}]', b'["me",{"a":1.5}]', b'["me",{"a":true}]', b'["me",{"a":"1"}]',
        b'["me",{"a":9007199254740993}]', b'["me",{"":1}]', b'["me",{"a":1},2]', b"[" * 60_000, b'"' * 70_000,
        b'["' + b"m" * 65 + b'",{"a":1}]', "text", None, 3,
        notes.written("me", {f"history{number}": 1 for number in range(501)}),
    ],
)  # fmt: skip
def test_junk_is_no_note(junk: Any) -> None:
    assert notes.read(junk) is None


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(junk: bytes) -> None:
    found = notes.read(junk)
    assert found is None or isinstance(found[1], dict)


def test_a_channel_belongs_to_one_store() -> None:
    embedded = Settings(embedded_path=Path("/srv/a.sqlite3"))
    other_file = Settings(embedded_path=Path("/srv/b.sqlite3"))
    tables = Settings(store="dynamodb", aws_region="ap-northeast-2")
    other_tables = Settings(store="dynamodb", aws_region="ap-northeast-2", changes_table="test-changes")
    channels = [notes.channel(settings, "heads") for settings in (embedded, other_file, tables, other_tables)]
    assert len(set(channels)) == 4
    assert notes.channel(Settings(embedded_path=Path("/srv/a.sqlite3"), log_level="DEBUG"), "heads") == channels[0]
    assert notes.channel(embedded, "viewers") not in channels


def test_a_file_has_one_channel_however_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    direct, linked = tmp_path / "a.sqlite3", tmp_path / "link" / "a.sqlite3"
    assert notes.channel(Settings(embedded_path=linked), "heads") == notes.channel(
        Settings(embedded_path=direct), "heads"
    )
