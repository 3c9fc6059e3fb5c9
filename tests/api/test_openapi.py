"""The OpenAPI document: valid, complete, and true to what the server answers."""

from __future__ import annotations

import re
from typing import get_args

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from calendar_server.api.errors import STATUS, status_of
from calendar_server.api.openapi import examples
from calendar_server.api.openapi.document import openapi_document
from calendar_server.api.openapi.failures import CODES
from calendar_server.domain import fields
from calendar_server.domain.changes import ChangeType
from calendar_server.errors import CalendarError
from calendar_server.wire.messages import PROBLEMS, SENTENCES

NO_ANSWERS_OF_REST = {
    *("department_deleted", "event_deleted", "connected", "unknown_event"),
    *("not_in_room", "too_many_departments"),
}
UNDOCUMENTED = {"documents.static", "documents.start"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(client):
    return client.get("/api/openapi.json").json


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def shape(path):
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", path)


def test_document_is_valid_openapi(document):
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


@pytest.mark.parametrize("language", ["ko", "en", None])
def test_document_is_valid_in_every_language(language):
    OpenAPIV31SpecValidator(openapi_document(language)).validate()


def test_every_route_is_documented_and_nothing_else(app, document):
    served = {
        (shape(rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in UNDOCUMENTED
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(shape(path), method) for path, method, _operation in operations(document)} == served


def test_no_two_paths_differ_only_in_the_names_of_variables(document):
    shapes = [shape(path) for path in document["paths"]]
    assert len(shapes) == len(set(shapes))


def test_every_variable_of_a_path_is_described(document):
    for path, _method, operation in operations(document):
        described = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", path)), path


def test_every_code_has_its_status_and_sentence():
    assert set(CODES) == set(SENTENCES) - NO_ANSWERS_OF_REST


def test_statuses_of_codes_are_those_that_are_answered():
    def classes(root):
        for each in root.__subclasses__():
            yield each
            yield from classes(each)

    for each in classes(CalendarError):
        status = status_of(each.__new__(each))
        if status is not None and each not in {key for key in STATUS if key.__subclasses__()}:
            assert CODES[each.code] == status, each


def test_limits_are_those_of_the_domain(document):
    schemas = document["components"]["schemas"]
    for name in ("NewEvent", "EventChanges", "Event"):
        assert schemas[name]["properties"]["title"]["maxLength"] == fields.TITLE_MAX
        assert schemas[name]["properties"]["url"]["maxLength"] == fields.URL_MAX
    assert schemas["NewDepartment"]["properties"]["name"]["maxLength"] == fields.NAME_MAX
    assert set(schemas["Problem"]["properties"]["code"]["enum"]) == set(PROBLEMS)


def test_answers_admit_no_other_fields(document):
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if path in ("/api/openapi.json", "/api/docs", "/metrics") or "content" not in response:
                continue
            schema = response["content"]["application/json"]["schema"]
            for form in schema.get("oneOf", [schema]):
                assert form["additionalProperties"] is False, (path, method, status)


def test_examples_of_bodies_are_taken_and_examples_of_answers_match_their_schemas(document):
    resolver = {"components": document["components"]}
    for path, method, operation in operations(document):
        contents = [response.get("content", {}) for response in operation["responses"].values()]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        for content in contents:
            media = content.get("application/json", {})
            shown = [media["example"]] if "example" in media else []
            shown += [each["value"] for each in media.get("examples", {}).values()]
            for example in shown:
                validate(example, media["schema"], resolver)
            assert shown or path == "/api/openapi.json" or not media or "412" in operation["responses"], (path, method)


def validate(instance, schema, resolver):
    jsonschema.Draft202012Validator({**schema, **resolver}).validate(instance)


def test_examples_work_as_they_stand(client, document):
    made = client.post("/api/departments", json=examples.NEW_DEPARTMENT)
    assert made.status_code == 201
    department_id = made.json["department"]["id"]
    event = client.post(f"/api/events/{department_id}", json=examples.NEW_EVENT)
    assert event.status_code == 201
    changed = client.put(f"/api/events/{event.json['event']['id']}", json=examples.EVENT_CHANGES).json["event"]
    kept = ("event_date", "time", "start_time", "end_time", "version", "title")
    assert {field: changed[field] for field in kept} == {field: examples.CHANGED_EVENT[field] for field in kept}


def test_socket_messages_have_payloads_that_match(document):
    socket = document["x-socketio"]
    resolver = {"components": document["components"]}
    names = {each["event"] for each in socket["clientToServer"] + socket["serverToClient"]}
    assert {"join_department", "leave_department", "sync_request", "connected", "event_created"} <= names
    for message in socket["clientToServer"] + socket["serverToClient"]:
        validate(message["example"], message["payload"], resolver)
        if "acknowledgement" in message:
            validate(message["acknowledgementExample"], message["acknowledgement"], resolver)
        if "meta" in message:
            validate(message["metaExample"], message["meta"], resolver)


def test_changes_have_a_second_argument_and_nothing_else_has(document):
    messages = document["x-socketio"]["serverToClient"]
    assert {each["event"] for each in messages if "meta" in each} == set(get_args(ChangeType))


def test_joins_and_syncs_know_each_form_of_their_acknowledgements(document):
    resolver = {"components": document["components"]}
    acknowledged = {each["event"]: each["acknowledgement"] for each in document["x-socketio"]["clientToServer"]}
    place, missed = examples.EVENTS_PLACE, {"changes": [examples.CHANGE], "has_more": True}
    joined = {"success": True, "department_id": examples.DEPARTMENT["id"], **place}
    for form in ({}, missed, {"reset": True, "events": [examples.EVENT]}):
        validate({**joined, **form}, acknowledged["join_department"], resolver)
    listed = {**joined, "department_id": None}
    for form in (
        {**joined, "full": True, "events": []},
        {**joined, "full": False, **missed},
        {**listed, "full": True, "departments": [examples.DEPARTMENT]},
        {**listed, "full": False, "changes": [examples.LIST_CHANGE], "has_more": False},
    ):
        validate(form, acknowledged["sync_request"], resolver)
    with pytest.raises(jsonschema.ValidationError):
        validate({**joined, "full": True, "changes": []}, acknowledged["sync_request"], resolver)


def test_every_write_takes_a_key_and_says_when_its_answer_is_repeated(document):
    for path, method, operation in operations(document):
        named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
        success = operation["responses"]["201" if method == "post" else "200"]
        assert ("Idempotency-Key" in named) == (method != "get"), (path, method)
        assert ("Idempotent-Replayed" in success.get("headers", {})) == (method != "get"), (path, method)


def test_document_has_a_tag_and_is_revalidated(client):
    first = client.get("/api/openapi.json")
    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = client.get("/api/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_descriptions_speak_both_languages_korean_first(document):
    summary = document["paths"]["/api/departments"]["get"]["summary"]
    assert summary.startswith("부서 목록")
    assert summary.endswith("List departments")
