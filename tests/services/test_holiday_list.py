"""What the administrator's file adds to the holidays and takes from them, whatever else it holds."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from calendar_server.errors import Invalid
from calendar_server.services import holidays as holidays_module
from calendar_server.services.holidays import FILE_MAX_BYTES, HolidayList, parse_range

MAY = (date(2027, 5, 1), date(2027, 5, 31))
STATUTORY = ["2027-05-01 노동절", "2027-05-03 대체공휴일(노동절)", "2027-05-05 어린이날", "2027-05-13 부처님오신날"]


def listed(holidays: HolidayList) -> list[str]:
    return [f"{each.date} {each.name}" for each in holidays.between(*MAY)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "공휴일.json"


def write(path: Path, content: Any) -> Path:
    """The file anew, as an editor saves it: another file under the same name."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)
    return path


def test_without_a_file_the_statutory_ones_are_all() -> None:
    assert listed(HolidayList()) == STATUTORY


def test_both_ends_are_inclusive() -> None:
    found = HolidayList().between(date(2027, 12, 25), date(2028, 1, 1))
    assert [each.date for each in found] == ["2027-12-25", "2027-12-27", "2028-01-01"]
    assert HolidayList().between(date(2027, 12, 26), date(2027, 12, 26)) == []


def test_days_are_added_renamed_and_removed(path: Path) -> None:
    write(
        path,
        [
            {"date": "2027-05-07", "name": "임시공휴일", "name_en": "Temporary Holiday"},
            {"date": "2027-05-05", "name": " 어린이날·창립기념일 "},
            {"date": "2027-05-13", "remove": True},
            {"date": "2027-05-20", "remove": True},
            {"date": "2027-06-01", "name": "다음 달"},
        ],
    )
    holidays = HolidayList(path)
    assert listed(holidays) == [*STATUTORY[:2], "2027-05-05 어린이날·창립기념일", "2027-05-07 임시공휴일"]
    added = holidays.between(date(2027, 5, 7), date(2027, 5, 7))[0]
    assert (added.name_en, added.temporary, added.substitute) == ("Temporary Holiday", True, False)
    renamed = holidays.between(date(2027, 5, 5), date(2027, 5, 5))[0]
    assert (renamed.name_en, renamed.temporary) == ("어린이날·창립기념일", True)


def test_the_file_is_read_again_when_it_changes_and_only_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    read = holidays_module._read
    monkeypatch.setattr(holidays_module, "_read", lambda each, describe: reads.append(each) or read(each, describe))
    holidays = HolidayList(write(path, [{"date": "2027-05-07", "name": "가"}]))
    assert listed(holidays) == listed(holidays)
    assert "2027-05-07 가" in listed(holidays)
    assert len(reads) == 1
    write(path, [{"date": "2027-05-07", "name": "나"}])
    assert "2027-05-07 나" in listed(holidays)
    path.unlink()
    assert listed(holidays) == STATUTORY
    write(path, [{"date": "2027-05-07", "name": "다"}])
    assert "2027-05-07 다" in listed(holidays)


def test_a_file_that_is_not_there_is_said_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    holidays = HolidayList(path)
    assert listed(holidays) == listed(holidays) == STATUTORY
    assert [record.message for record in caplog.records] == [f"HOLIDAYS_FILE {path}: 파일이 없습니다 / cannot be found"]


BROKEN = """[
  {"date": "2027-05-06", "name": "앞"},
  {"date": "2027-05-07" "name": "쉼표 없음"},
  {"date": "2027-02-30", "name": "없는 날"},
  {"date": "2027-05-08"},
  {"date": "2027-05-09", "name": "영어 이름이 숫자", "name_en": 7},
  {"date": "2027-05-10", "name": "색", "colour": "red"},
  {"date": "2027-05-11", "name": "글자", "remove": "yes"},
  "2027-05-12",
  {"date": "2027-05-13", "remove": true}
  {"date": "2027-05-14", "name": "뒤"}
]"""


def test_each_mistake_is_logged_with_line_and_field_and_the_rest_is_used(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = [*STATUTORY[:3], "2027-05-06 앞", "2027-05-10 색", "2027-05-14 뒤"]
    assert listed(HolidayList(write(path, BROKEN))) == expected
    told = [record.message.removeprefix(f"HOLIDAYS_FILE {path}, ") for record in caplog.records]
    assert told[0].startswith("3행: JSON이 아닙니다 / line 3: this is no JSON")
    assert told[1:] == [
        "4행 / line 4: date: invalid_date",
        "5행 / line 5: name: required",
        "6행 / line 6: name_en: type_string",
        "7행 / line 7: colour: unknown_field",
        "8행 / line 8: remove: type_boolean",
        "9행 / line 9: entry: type_object",
    ]


@pytest.mark.parametrize(
    "content",
    ["", "{}", '{"holidays": []}', "no JSON", "[", "[{", '[{"date":', "[" * 100_000, " " * FILE_MAX_BYTES + "[]"],
)
def test_a_file_that_is_no_list_is_logged_and_leaves_the_statutory_ones(
    path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert listed(HolidayList(write(path, content))) == STATUTORY
    assert "HOLIDAYS_FILE" in caplog.text


def test_a_file_of_another_encoding_and_a_folder_are_logged(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text('[{"date": "2027-05-07", "name": "가"}]', encoding="cp949")
    assert listed(HolidayList(path)) == STATUTORY
    assert listed(HolidayList(tmp_path)) == STATUTORY
    assert caplog.text.count("cannot be read") == 2


def test_a_byte_order_mark_is_skipped(path: Path) -> None:
    path.write_text('[{"date": "2027-05-07", "name": "가"}]', encoding="utf-8-sig")
    assert "2027-05-07 가" in listed(HolidayList(path))


@pytest.mark.parametrize(
    ("first", "last", "problems"),
    [
        (None, None, [("from", "required"), ("to", "required")]),
        ("2027-01-01", None, [("to", "required")]),
        ("2027-1-1", "2027-02-30", [("from", "invalid_date"), ("to", "invalid_date")]),
        ("2027-01-02", "2027-01-01", [("to", "before_from")]),
        ("2027-01-01", "2030-01-02", [("to", "range_too_long")]),
        ("2024-02-29", "2027-03-01", [("to", "range_too_long")]),
        ("0001-01-01", "9999-12-31", [("to", "range_too_long")]),
    ],
)
def test_a_range_that_cannot_be_is_named(first: str | None, last: str | None, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid) as caught:
        parse_range(first, last)
    assert [(each.field, each.code) for each in caught.value.problems] == problems


@pytest.mark.parametrize(
    ("first", "last"), [("2027-01-01", "2030-01-01"), ("2024-02-29", "2027-02-28"), ("9999-12-31", "9999-12-31")]
)
def test_a_range_of_up_to_three_years_is_taken(first: str, last: str) -> None:
    assert parse_range(first, last) == (date.fromisoformat(first), date.fromisoformat(last))
    HolidayList().between(*parse_range(first, last))
