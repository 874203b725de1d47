"""The decorators that a route is made of. From the outside in: who may, which row, which body, which answer.

That order is the order of checks: 401, 403, 404, 412, then 400 and 422.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from admin_api.web import idempotency
from admin_api.web.answer import respond

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

#: Only its documenting decorators are used; it is never registered.
_documenting = APIBlueprint("documenting", __name__, enable_openapi=False)


def takes(schema: type[BaseModel]) -> Callable[[ViewT], ViewT]:
    """The JSON body, checked; an empty one counts as `{}`. Given to the view as `body`."""
    return _documenting.input(schema, location="json", arg_name="body")


def asks(schema: type[BaseModel]) -> Callable[[ViewT], ViewT]:
    """The query string, checked. Given to the view as `query`."""
    return _documenting.input(schema, location="query", arg_name="query")


def answers(
    schema: type[BaseModel], status: int = 200, message: str = "OK"
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """What the view returns, in the envelope; a change is committed with it, and stored for its Idempotency-Key."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(view)
        def answered(*args: object, **kwargs: object) -> Response:
            if (stored := idempotency.stored_answer()) is not None:
                return stored
            returned = view(*args, **kwargs)
            return returned if isinstance(returned, Response) else respond(returned, schema, status, message)

        return _documenting.output(schema, status, description=message)(answered)

    return decorate


def documents(**options: Any) -> Callable[[ViewT], ViewT]:  # noqa: ANN401  # APIFlask's own options
    """What OpenAPI is to say beyond what the other decorators know."""
    return _documenting.doc(**options)
