"""The OpenAPI document: what APIFlask derives, and what it cannot know."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask

from admin_api.schemas.common import Envelope, Failure


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
    return document
