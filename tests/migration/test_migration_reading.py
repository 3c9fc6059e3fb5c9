"""Finding records in files: shapes, encodings, and files that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from calendar_server.migration.reading import UnreadableFile, find_files, read_file

NAMES = [{"id": "d1", "name": "개발팀"}, {"id": "d2", "name": "인사팀"}]


def written(folder: Path, name: str, value: Any, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(json.dumps(value, ensure_ascii=False).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_korean_is_read_in_every_encoding_that_editors_write(tmp_path: Path, encoding: str) -> None:
    file = read_file(written(tmp_path, "departments.json", NAMES, encoding))
    assert [record.fields["name"] for record in file.records] == ["개발팀", "인사팀"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no_json"),
        (b"[1,", "no_json"),
        (b"[" * 100_000, "no_json"),
        (b"\xff\xff\xff", "unknown_encoding"),
        ('["개발팀 회의록 정리", "'.encode() + b"\xea\xb0" + '", "가"]'.encode(), "unknown_encoding"),
        (b'{"2024-01-05": [], "2024-01-05": []}', "duplicate_key"),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile) as caught:
        read_file(path)
    assert caught.value.code == code


def test_records_are_named_by_their_way_and_number_from_one(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, "events.json", {"개발팀": {"2024-01-05": [{"title": "a"}, {"title": "b"}]}}))
    assert [record.origin.place for record in file.records] == [
        "개발팀 › 2024-01-05 › #1",
        "개발팀 › 2024-01-05 › #2",
    ]
    assert file.records[1].keys == ("개발팀", "2024-01-05")


def test_one_file_may_hold_both_kinds_and_departments_their_events(tmp_path: Path) -> None:
    value = {
        "version": 3,
        "departments": [{"id": 1, "name": "개발팀", "events": [{"title": "안"}]}],
        "events": [{"title": "밖"}],
    }
    file = read_file(written(tmp_path, "departments.json", value))
    found = [(record.kind, record.fields.get("title"), record.keys) for record in file.records]
    assert found == [("event", "안", ("1",)), ("department", None, ()), ("event", "밖", ())]
    assert file.ignored == {"version": 1}


@pytest.mark.parametrize("value", [[[]], [None, 3, "x"], {"개발팀": ["글자"]}, {"e1": {"description": "x"}}])
def test_what_stands_where_a_record_should_is_never_dropped(tmp_path: Path, value: Any) -> None:
    assert read_file(written(tmp_path, "events.json", value)).records


def test_a_file_reachable_in_two_ways_is_found_once(tmp_path: Path) -> None:
    written(tmp_path, "departments.json", NAMES)
    (tmp_path / "data").symlink_to(tmp_path)
    assert find_files([tmp_path, tmp_path / "data"]) == [tmp_path / "departments.json"]
