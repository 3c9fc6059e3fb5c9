"""AWS's rules for sizes and units, at their edges and in the examples of its developer guide."""

from __future__ import annotations

import pytest

from calendar_server.capacity.rules import index_write_units, item_size, read_units, write_units


@pytest.mark.parametrize(
    ("item", "size"),
    [
        (None, 0),
        ({"id": {"S": "가나"}}, 2 + 6),
        ({"n": {"N": "0"}}, 2),
        ({"n": {"N": "12345"}}, 1 + 3 + 1),
        ({"n": {"N": "1200"}}, 1 + 1 + 1),
        ({"body": {"B": b"\x00\xff"}}, 4 + 2),
        ({"ended": {"BOOL": True}}, 5 + 1),
    ],
)
def test_an_item_is_as_large_as_its_names_and_values(item: dict[str, dict[str, object]] | None, size: int) -> None:
    assert item_size(item) == size


def test_a_type_that_the_server_does_not_store_is_no_guess() -> None:
    with pytest.raises(ValueError, match="SS"):
        item_size({"tags": {"SS": ["a"]}})


@pytest.mark.parametrize(("size", "units"), [(0, 1), (4096, 1), (4097, 2), (8192, 2)])
def test_reads_go_up_by_four_kilobytes(size: int, units: int) -> None:
    assert read_units(size, "strong") == units
    assert read_units(size, "eventual") == units / 2
    assert read_units(size, "transactional") == units * 2


@pytest.mark.parametrize(("before", "after", "units"), [(0, 0, 1), (0, 1024, 1), (1025, 10, 2), (10, 3072, 3)])
def test_writes_go_up_by_one_kilobyte_of_the_larger_item(before: int, after: int, units: int) -> None:
    assert write_units(before, after) == units
    assert write_units(before, after, transactional=True) == 2 * units


def test_an_index_is_written_where_its_entry_changes() -> None:
    before = {"id": {"S": "1"}, "day": {"S": "20"}, "title": {"S": "a"}}
    keys = ("day",)
    assert index_write_units(None, before, keys) == 1
    assert index_write_units(before, before, keys) == 0
    assert index_write_units(before, {**before, "title": {"S": "b"}}, keys) == 1
    assert index_write_units(before, {**before, "day": {"S": "21"}}, keys) == 2
    assert index_write_units(before, None, keys) == 1
    assert index_write_units(None, {"id": {"S": "1"}}, keys) == 0
