"""The probes, and this documentation itself."""

from __future__ import annotations

from typing import Any

from calendar_server.api.openapi.failures import shared_failures
from calendar_server.api.openapi.operation import Operation
from calendar_server.api.openapi.schemas import Schema
from calendar_server.api.openapi.wording import Wording
from calendar_server.wire.messages import Sentence

_STATUS_OK: dict[str, Schema] = {"status": {"const": "ok"}}

SERVER: tuple[Operation, ...] = (
    Operation(
        "alive",
        "get",
        "/healthz",
        "server",
        Sentence("서버 동작 확인", "Is the server alive"),
        answer=_STATUS_OK,
        example={"status": "ok"},
        shared=("BadRequest", "MethodNotAllowed"),
    ),
    Operation(
        "ready",
        "get",
        "/readyz",
        "server",
        Sentence("요청 처리 준비 확인", "Is the server ready"),
        Sentence(
            "저장소가 응답하지 않으면 503이며, 무엇이 문제인지 `details`에 나옵니다.",
            "503 while the store does not answer; `details` says what is wrong.",
        ),
        answer=_STATUS_OK,
        example={"status": "ok"},
        shared=("BadRequest", "MethodNotAllowed"),
    ),
)


def document_paths(wording: Wording) -> dict[str, Any]:
    """The path items of the document and of the page made from it, which are no answers of the usual shape."""
    document = Sentence("이 API 문서(OpenAPI 3.1)", "This document (OpenAPI 3.1)")
    page = Sentence("읽기 좋은 문서 페이지", "The same as a page for reading")
    metrics = Sentence("Prometheus용 지표(METRICS=off면 404)", "Metrics for Prometheus (404 with METRICS=off)")
    return {
        "/api/openapi.json": {"get": _document("openapi", document, "application/json", {"type": "object"}, wording)},
        "/api/docs": {"get": _document("docs", page, "text/html", {"type": "string"}, wording)},
        "/metrics": {"get": _document("metrics", metrics, "text/plain", {"type": "string"}, wording)},
    }


def _document(name: str, summary: Sentence, media_type: str, schema: Schema, wording: Wording) -> Schema:
    return {
        "operationId": name,
        "tags": ["server"],
        "summary": wording.line(summary),
        "responses": {
            "200": {"description": wording.line(summary), "content": {media_type: {"schema": schema}}},
            **shared_failures(("BadRequest", "MethodNotAllowed")),
        },
    }
