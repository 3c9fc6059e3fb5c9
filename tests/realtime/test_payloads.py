"""How the arguments of socket events are read."""

from __future__ import annotations

from typing import Any

import pytest

from calendar_server.errors import DepartmentNotFound, Invalid
from calendar_server.realtime.payloads import optional_cursor, optional_department_id, required_department_id

UUID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


def test_ids_are_read_in_their_canonical_spelling() -> None:
    assert required_department_id(({"department_id": f" {UUID.upper()} "},)) == UUID
    assert required_department_id(({"department_id": "Old-Id_7"},)) == "Old-Id_7"


def test_unknown_keys_and_further_arguments_are_ignored() -> None:
    assert required_department_id(({"department_id": UUID, "cursor": "x", "user": "나"}, "more")) == UUID


@pytest.mark.parametrize("arguments", [(), (None,), ({},), ({"department_id": None},)])
def test_no_department_is_the_list_or_a_mistake(arguments: tuple[Any, ...]) -> None:
    assert optional_department_id(arguments) is None
    with pytest.raises(Invalid) as invalid:
        required_department_id(arguments)
    assert invalid.value.problems[0].code == "required"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("id",), "type_object"),
        (([],), "type_object"),
        ((7,), "type_object"),
        (({"department_id": 7},), "type_string"),
        (({"department_id": [UUID]},), "type_string"),
        (({"department_id": "  "},), "required"),
    ],
)
def test_wrong_types_are_named(arguments: tuple[Any, ...], code: str) -> None:
    with pytest.raises(Invalid) as invalid:
        optional_department_id(arguments)
    assert [problem.code for problem in invalid.value.problems] == [code]


@pytest.mark.parametrize("arguments", [(), (None,), ([],), ({},), ({"cursor": None},)])
def test_no_cursor_is_none(arguments: tuple[Any, ...]) -> None:
    assert optional_cursor(arguments) is None


def test_a_cursor_is_taken_as_it_is() -> None:
    assert optional_cursor(({"cursor": " x "}, {"cursor": "y"})) == " x "


@pytest.mark.parametrize("cursor", [7, True, [], {}, 0.5])
def test_a_cursor_is_a_string(cursor: Any) -> None:
    with pytest.raises(Invalid) as invalid:
        optional_cursor(({"cursor": cursor},))
    assert [(problem.field, problem.code) for problem in invalid.value.problems] == [("cursor", "type_string")]


def test_an_endless_id_is_nobodys() -> None:
    with pytest.raises(DepartmentNotFound):
        required_department_id(({"department_id": "x" * 10_000},))
