"""The OpenAPI document: what APIFlask derives, and what it cannot know."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apiflask import APIFlask

from admin_api.web.bodies import Envelope, Failure
from admin_api.web.errors import PROBLEM
from admin_api.web.glossary import describe_parameter, describe_schema
from admin_api.web.rows import LARGEST_ID

_ERROR = {
    "type": "object",
    "required": ["ok", "message", "data"],
    "properties": {
        "ok": {"const": False},
        "message": {"type": "string"},
        "data": {"$ref": "#/components/schemas/HTTPError"},
    },
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "errors": {"type": "object"},
    },
}
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-ISP-ID": ("The ISP in which a superadmin works.", {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}),
    "Idempotency-Key": (
        "Repeating the request with the same key within a day repeats the answer, not the work.",
        {"type": "string", "minLength": 1, "maxLength": 255},
    ),
    "If-Match": ("The ETag that was read: 412 if the row has changed since.", {"type": "string"}),
}


def register(app: APIFlask) -> None:
    """Configure APIFlask's document."""
    failure = Failure.model_json_schema()
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        BASE_RESPONSE_SCHEMA=Envelope,
        HTTP_ERROR_SCHEMA=failure,
        VALIDATION_ERROR_SCHEMA=failure,
        AUTO_OPERATION_ID=True,
        AUTO_SERVERS=False,
        SECURITY_SCHEMES={"BasicAuth": {"type": "http", "scheme": "basic"}},
        DESCRIPTION="Billing for wireless ISPs. Every answer is `{ok, message, data}`.",
    )
    app.spec_processor(_complete)


def _complete(document: dict[Any, Any] | str) -> dict[Any, Any] | str:
    if isinstance(document, str):
        return document
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation)
    document["components"]["schemas"] = {
        name: _without_null_defaults(schema) for name, schema in document["components"]["schemas"].items()
    }
    for name, schema in document["components"]["schemas"].items():
        describe_schema(name, schema)
    return document


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    """What every operation has: the errors' one shape, and the headers that the decorators read."""
    operation["responses"]["default"] = {"description": "What went wrong", "content": {
        "application/json": {"schema": _ERROR}}}  # fmt: skip
    for status, response in operation["responses"].items():
        if status == "default" or int(status) >= HTTPStatus.BAD_REQUEST:
            # To whoever asks for it.
            response.setdefault("content", {})[PROBLEM] = {"schema": _PROBLEM}
    for parameter in operation["parameters"]:
        if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
            parameter["schema"] |= {"minimum": 1, "maximum": LARGEST_ID}
        describe_parameter(parameter)
    if operation.get("security") and "login" not in path:
        operation["parameters"] += [_header(name, *_HEADERS[name]) for name in _headers(path, method)]
    if path.endswith("/import"):
        operation["requestBody"] = {"content": {"text/csv": {"schema": {"type": "string"}}}, "required": True}


def _headers(path: str, method: str) -> list[str]:
    names = ["X-ISP-ID"]
    if method == "post":
        names.append("Idempotency-Key")
    if method in ("put", "patch", "delete") and path.endswith("{id}"):
        names.append("If-Match")
    return names


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _without_null_defaults(schema: Any) -> Any:  # noqa: ANN401  # any part of a JSON schema
    """A field that may be absent and may not be null has no default that could be shown."""
    if isinstance(schema, list):
        return [_without_null_defaults(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    takes_null = any(part.get("type") == "null" for part in schema.get("anyOf", []) if isinstance(part, dict))
    cleaned = {name: _without_null_defaults(part) for name, part in schema.items()}
    if "default" in cleaned and cleaned["default"] is None and not takes_null:
        del cleaned["default"]
    return cleaned
