"""Reads the arguments of socket events. Unknown keys are ignored: old clients send more than is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calendar_server.domain.fields import FieldProblem, Rule, canonical_id, display_name, is_possible_id, uuid_text
from calendar_server.errors import DepartmentNotFound, Invalid, Problem


def required_department_id(arguments: tuple[Any, ...]) -> str:
    """``department_id`` of the first argument.

    :raises Invalid: it is missing or no string, or the argument is no object.
    :raises DepartmentNotFound: it cannot be any department's.
    """
    department_id = optional_department_id(arguments)
    if department_id is None:
        raise Invalid([Problem("department_id", "required")])
    return department_id


def optional_cursor(arguments: tuple[Any, ...]) -> str | None:
    """``cursor`` of the first argument; None where it has none. :raises Invalid: it is no string."""
    payload = arguments[0] if arguments else None
    cursor = payload.get("cursor") if isinstance(payload, Mapping) else None
    if cursor is None or isinstance(cursor, str):
        return cursor
    raise Invalid([Problem("cursor", "type_string")])


def viewer(arguments: tuple[Any, ...]) -> tuple[str, str | None]:
    """``name`` and ``editing`` (None where nothing is edited) of the first argument, which is an object.

    :raises Invalid: with all that is wrong with them.
    """
    payload: Mapping[str, Any] = arguments[0]
    problems: list[Problem] = []
    name = _checked("name", display_name, payload.get("name"), problems)
    editing = payload.get("editing")
    event_id = None if editing is None else _checked("editing", uuid_text, editing, problems)
    if problems:
        raise Invalid(problems)
    return name, event_id


def _checked(field: str, rule: Rule, value: Any, problems: list[Problem]) -> str:
    try:
        return rule(value)
    except FieldProblem as problem:
        problems.append(Problem(field, problem.code, problem.params))
        return ""


def optional_department_id(arguments: tuple[Any, ...]) -> str | None:
    """:func:`required_department_id`, or None where there is no argument or it names no department."""
    payload = arguments[0] if arguments else None
    if payload is None:
        return None
    if not isinstance(payload, Mapping):
        raise Invalid([Problem("", "type_object")])
    value = payload.get("department_id")
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid([Problem("department_id", "type_string")])
    department_id = canonical_id(value.strip())
    if not department_id:
        raise Invalid([Problem("department_id", "required")])
    if not is_possible_id(department_id):
        raise DepartmentNotFound(department_id[:100])
    return department_id
