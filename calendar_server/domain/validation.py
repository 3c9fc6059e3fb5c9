"""Bodies of writes: which fields a department and an event have, and what may stand in them.

Each function takes the decoded body and gives the clean fields; it raises :class:`~calendar_server.errors.Invalid`
with *all* problems. Fields that the server itself sets are accepted and ignored, because clients send whole objects
back; fields that nobody knows are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calendar_server.domain.fields import (
    DESCRIPTION_MAX,
    NAME_MAX,
    TIME_MAX,
    TITLE_MAX,
    FieldProblem,
    Rule,
    canonical_id,
    is_possible_id,
    optional_text,
    real_date,
    required_text,
    uuid_text,
    web_address,
)
from calendar_server.errors import Invalid, Problem

SERVER_FIELDS = frozenset({"id", "version", "created_at", "last_modified", "updated_at", "start_time", "end_time"})

DEPARTMENT_RULES: Mapping[str, Rule] = {
    "name": required_text(NAME_MAX),
    "description": optional_text(DESCRIPTION_MAX),
}
EVENT_RULES: Mapping[str, Rule] = {
    "event_date": real_date,
    "title": required_text(TITLE_MAX),
    "description": optional_text(DESCRIPTION_MAX),
    "time": optional_text(TIME_MAX),
    "url": web_address,
}
MOST_PROBLEMS = 100
"""Unknown fields beyond so many problems are not named one by one: the answer must not outgrow the body."""

DEPARTMENT_REQUIRED = ("name",)
EVENT_REQUIRED = ("event_date", "title")


def new_department(body: Any) -> dict[str, str]:
    """``name`` and ``description`` of a department to create."""
    return _complete(_checked(body, DEPARTMENT_RULES, DEPARTMENT_REQUIRED), DEPARTMENT_RULES)


def department_changes(body: Any) -> dict[str, str]:
    """The fields of a department that a client wants changed."""
    return _checked(body, DEPARTMENT_RULES)


def new_event(body: Any, department_id: str) -> dict[str, str]:
    """All fields of an event to create; with ``id`` where the client chose one.

    A ``department_id`` in the body must be the one of the path.
    """
    rules = {**EVENT_RULES, "id": uuid_text, "department_id": _same_as(department_id)}
    fields = _checked(_without_null_ids(body), rules, EVENT_REQUIRED)
    chosen_id = {"id": fields["id"]} if "id" in fields else {}
    return {**_complete(fields, EVENT_RULES), **chosen_id}


def readable_target(body: Any) -> str | None:
    """The department to which ``body`` would move an event, whatever else is wrong with it; None where it names none."""
    try:
        return _department_reference(body.get("department_id")) if isinstance(body, Mapping) else None
    except FieldProblem:
        return None


def event_changes(body: Any) -> dict[str, str]:
    """The fields of an event that a client wants changed; ``department_id`` among them moves it."""
    return _checked(body, {**EVENT_RULES, "department_id": _department_reference})


def _checked(body: Any, rules: Mapping[str, Rule], required: tuple[str, ...] = ()) -> dict[str, str]:
    if not isinstance(body, Mapping):
        raise Invalid([Problem("", "type_object")])
    problems = [Problem(field, "required") for field in required if field not in body]
    fields: dict[str, str] = {}
    for field, value in body.items():
        rule = rules.get(field)
        if rule is None:
            if field not in SERVER_FIELDS and len(problems) < MOST_PROBLEMS:
                problems.append(Problem(field[:100], "unknown_field"))
            continue
        try:
            fields[field] = rule(value)
        except FieldProblem as problem:
            problems.append(Problem(field, problem.code, problem.params))
    if problems:
        raise Invalid(problems)
    return fields


def _without_null_ids(body: Any) -> Any:
    """A client that sends a whole new object has null where the server's ids will stand."""
    if not isinstance(body, Mapping):
        return body
    return {field: value for field, value in body.items() if value is not None or field not in ("id", "department_id")}


def _complete(fields: Mapping[str, str], rules: Mapping[str, Rule]) -> dict[str, str]:
    """With the empty text for each optional field that was left out."""
    return {field: fields.get(field, "") for field in rules}


def _same_as(department_id: str) -> Rule:
    def rule(value: Any) -> str:
        if not isinstance(value, str) or canonical_id(value) != department_id:
            raise FieldProblem("mismatch")
        return department_id

    return rule


def _department_reference(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldProblem("type_string")
    department_id = canonical_id(value.strip())
    if not is_possible_id(department_id):
        raise FieldProblem("unknown_department")
    return department_id
