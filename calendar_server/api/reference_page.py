"""What the page for reading shows, taken from the OpenAPI document piece by piece."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from calendar_server.api.reference_words import PAGE_WORDS
from calendar_server.wire.messages import Language

Document = Mapping[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_QUERY_EXAMPLES = {"from": "2024-01-01", "to": "2024-01-31", "limit": "100"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of fields or parameters."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One code that a call may answer, with its status."""

    status: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """One operation, ready to be shown."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Row]
    fields: list[Row]
    status: str
    answer: str
    failures: list[Failure]
    curl: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the socket: who hears it or what it does, what goes with it, how it is acknowledged."""

    name: str
    about: str
    payload: str
    acknowledgement: str


def reference_page(document: Document, language: Language, base_url: str) -> dict[str, Any]:
    """Everything that the template needs; ``base_url`` stands in the curl examples."""
    words = {name: sentence.ko if language == "ko" else sentence.en for name, sentence in PAGE_WORDS.items()}
    reader = _Reader(document, words, base_url)
    socket = document["x-socketio"]
    return {
        "words": words,
        "info": document["info"],
        "groups": [(tag["name"], tag["description"], list(reader.calls(tag["name"]))) for tag in document["tags"]],
        "objects": [(name, reader.fields(name)) for name in ("Department", "Event")],
        "codes": document["x-codes"],
        "socket": socket,
        "sent_by_clients": [_message(each, each["description"]) for each in socket["clientToServer"]],
        "sent_by_server": [_message(each, each["to"]) for each in socket["serverToClient"]],
    }


def prose(text: str) -> Markup:
    """Paragraphs of plain text with ``code`` in backticks, as HTML."""
    paragraphs = (_with_code(paragraph) for paragraph in text.split("\n\n"))
    return Markup("").join(Markup("<p>{}</p>").format(paragraph) for paragraph in paragraphs)


def line(text: str) -> Markup:
    """One line of plain text with ``code`` in backticks, as HTML."""
    return _with_code(text)


def _with_code(text: str) -> Markup:
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


class _Reader:
    def __init__(self, document: Document, words: Mapping[str, str], base_url: str) -> None:
        self._document = document
        self._words = words
        self._base_url = base_url

    def calls(self, tag: str) -> Iterator[Call]:
        """The operations of a tag, those that read first."""
        for wanted in _METHODS:
            for path, item in self._document["paths"].items():
                if wanted in item and tag in item[wanted]["tags"]:
                    yield self._call(path, wanted, item[wanted])

    def fields(self, schema_name: str) -> list[Row]:
        """The fields of a schema that clients may set or see."""
        schema = self._document["components"]["schemas"][schema_name]
        return [
            Row(name, self._kind(field), name in schema["required"], field["description"])
            for name, field in schema["properties"].items()
            if not field.get("readOnly")
        ]

    def _call(self, path: str, method: str, operation: Mapping[str, Any]) -> Call:
        status = next(iter(operation["responses"]))
        content = operation["responses"][status]["content"].get("application/json", {})
        return Call(
            anchor=operation["operationId"],
            method=method.upper(),
            path=operation.get("x-path", path),
            summary=operation["summary"],
            description=operation.get("description", ""),
            parameters=self._parameters(operation),
            fields=self._body_fields(operation),
            status=status,
            answer="\n\n".join(map(_pretty, _examples(content))),
            failures=list(self._failures(operation)),
            curl=self._curl(path, method, operation),
        )

    def _parameters(self, operation: Mapping[str, Any]) -> list[Row]:
        """Those of the address under the names that they have in ``x-path``."""
        variables = iter(re.findall(r"\{(\w+)\}", operation.get("x-path", "")))
        return [
            Row(
                next(variables) if each["in"] == "path" else each["name"],
                self._kind(each["schema"]),
                each.get("required", False),
                each["description"],
            )
            for each in operation.get("parameters", ())
        ]

    def _body_fields(self, operation: Mapping[str, Any]) -> list[Row]:
        if "requestBody" not in operation:
            return []
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return self.fields(schema["$ref"].rpartition("/")[2])

    def _failures(self, operation: Mapping[str, Any]) -> Iterator[Failure]:
        """The codes that belong to this call; those that any call may answer stand in a table of their own."""
        for status, response in operation["responses"].items():
            if status < "400" or "$ref" in response:
                continue
            schema = response["content"]["application/json"]["schema"]
            codes = [code for form in schema.get("oneOf", [schema]) for code in form["properties"]["error"]["enum"]]
            messages = {each["code"]: each["message"] for each in self._document["x-codes"]["error"]}
            yield from (Failure(status, code, messages[code]) for code in codes)

    def _kind(self, schema: Mapping[str, Any]) -> str:
        """The type and its limits in a few words."""
        types = schema.get("type", "string")
        kind = schema.get("format") or (types if isinstance(types, str) else types[0])
        nullable = " | null" if isinstance(types, list) else ""
        limits = ""
        if "maximum" in schema:
            limits = f" {schema['minimum']}–{schema['maximum']}"
        elif "maxLength" in schema and schema["maxLength"] != self._id_limit:
            limits = self._words["up_to"].format(count=f"{schema['maxLength']:,}")
        return f"{kind}{limits}{nullable}"

    @property
    def _id_limit(self) -> int:
        limit: int = self._document["components"]["schemas"]["Event"]["properties"]["id"]["maxLength"]
        return limit

    def _curl(self, path: str, method: str, operation: Mapping[str, Any]) -> str:
        """A command line that can be copied as it stands."""
        parameters = operation.get("parameters", ())
        for parameter in parameters:
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
        query = {each["name"]: _QUERY_EXAMPLES[each["name"]] for each in parameters if each["name"] in _QUERY_EXAMPLES}
        address = self._base_url + path + (f"?{urlencode(query)}" if query else "")
        lines = ["curl" if method == "get" else f"curl -X {method.upper()}", shlex.quote(address)]
        if "requestBody" in operation:
            example = operation["requestBody"]["content"]["application/json"]["example"]
            lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(_pretty(example))}"]
        return " \\\n  ".join(lines) if len(lines) > 2 else " ".join(lines)


def _message(message: Mapping[str, Any], about: str) -> Message:
    acknowledged = message.get("acknowledgementExample")
    return Message(message["event"], about, _pretty(message["example"]), _pretty(acknowledged) if acknowledged else "")


def _examples(content: Mapping[str, Any]) -> list[Any]:
    """The one example of an answer, or one for each of its forms."""
    several = [each["value"] for each in content.get("examples", {}).values()]
    return [content["example"]] if "example" in content else several


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
