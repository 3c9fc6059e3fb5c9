"""The calls under ``/api/departments``."""

from __future__ import annotations

from dataclasses import replace

from calendar_server.api.openapi import examples
from calendar_server.api.openapi.operation import (
    DELETION,
    OF_DELETIONS,
    OF_WRITES,
    OPTIONAL_IN_DELETION,
    PATCH_IS_PUT,
    PLACE,
    Operation,
)
from calendar_server.api.openapi.schemas import Schema, reference
from calendar_server.wire.messages import SENTENCES, Sentence

_DEPARTMENT: dict[str, Schema] = {"department": reference("Department")}
_WRITTEN: dict[str, Schema] = {**_DEPARTMENT, **PLACE}

_CHANGE_DEPARTMENT = Operation(
    "updateDepartment",
    "put",
    "/api/departments/{department_id}",
    "departments",
    Sentence("부서 수정", "Change a department"),
    Sentence(
        "보낸 항목만 바뀝니다. 바뀌는 것이 없으면 그대로 200입니다.",
        "Applies the fields that you send. What changes nothing is answered 200 with the department as it is.",
    ),
    ("department_id", "If-Match"),
    "DepartmentChanges",
    examples.DEPARTMENT_CHANGES,
    answer=_WRITTEN,
    example={"department": examples.CHANGED_DEPARTMENT, **examples.LIST_PLACE},
    failures=("department_not_found", "department_exists", "version_conflict", "validation_failed"),
    shared=OF_WRITES,
    subject="Department",
    has_tag=True,
)

DEPARTMENTS: tuple[Operation, ...] = (
    Operation(
        "listDepartments",
        "get",
        "/api/departments",
        "departments",
        Sentence("부서 목록", "List departments"),
        Sentence("모든 부서, 먼저 만든 순서입니다.", "All departments, oldest first."),
        ("If-None-Match",),
        answer={"departments": {"type": "array", "items": reference("Department")}, **PLACE},
        example={"departments": [examples.DEPARTMENT], **examples.LIST_PLACE},
        has_tag=True,
    ),
    Operation(
        "createDepartment",
        "post",
        "/api/departments",
        "departments",
        Sentence("부서 만들기", "Create a department"),
        body="NewDepartment",
        body_example=examples.NEW_DEPARTMENT,
        status=201,
        answer=_WRITTEN,
        example={"department": examples.DEPARTMENT, **examples.LIST_PLACE},
        failures=("department_exists", "validation_failed"),
        shared=OF_WRITES,
        has_tag=True,
    ),
    Operation(
        "getDepartment",
        "get",
        "/api/departments/{department_id}",
        "departments",
        Sentence("부서 보기", "Get a department"),
        parameters=("department_id", "If-None-Match"),
        answer=_DEPARTMENT,
        example={"department": examples.DEPARTMENT},
        failures=("department_not_found",),
        has_tag=True,
    ),
    _CHANGE_DEPARTMENT,
    replace(_CHANGE_DEPARTMENT, method="patch", operation_id="patchDepartment", description=PATCH_IS_PUT),
    Operation(
        "deleteDepartment",
        "delete",
        "/api/departments/{department_id}",
        "departments",
        Sentence("부서 삭제", "Delete a department"),
        Sentence("부서의 모든 이벤트도 함께 삭제됩니다.", "All its events go with it."),
        ("department_id", "If-Match"),
        answer=DELETION,
        optional=OPTIONAL_IN_DELETION,
        example={"message": SENTENCES["department_deleted"].ko, **examples.LIST_PLACE},
        failures=("department_not_found", "version_conflict"),
        shared=OF_DELETIONS,
        subject="Department",
    ),
)
