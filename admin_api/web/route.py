"""The decorators that a route is made of. From the outside in: who may, which row, which body, which answer.

That order is the order of checks: 401, 403, 404, 412, then 400 and 422.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import BaseModel

from admin_api.web import idempotency
from admin_api.web.answer import respond
from admin_api.web.errors import refuse
from admin_api.web.strict import unknown

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
    schema: type[BaseModel],
    status: int = 200,
    message: str = "OK",
    *,
    reads_file: bool = False,
    resumes: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """What the view returns, in the envelope; a change is committed with it, and stored for its Idempotency-Key.

    What no other decorator has asked for is refused, unless the view reads the body itself (`reads_file`). A view that
    `resumes` commits on its way, and is called again where it broke off.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(view)
        def answered(*args: object, **kwargs: object) -> Response:
            _refuse_unasked("query" in kwargs, "body" in kwargs or reads_file)
            if (stored := idempotency.stored_answer(resumes=resumes)) is not None:
                return stored
            returned = view(*args, **kwargs)
            return returned if isinstance(returned, Response) else respond(returned, schema, status, message)

        return _documenting.output(schema, status, description=message)(answered)

    return decorate


def documents(**options: Any) -> Callable[[ViewT], ViewT]:  # noqa: ANN401  # APIFlask's own options
    """What OpenAPI is to say beyond what the other decorators know."""
    return _documenting.doc(**options)


def _refuse_unasked(query_is_read: bool, body_is_read: bool) -> None:
    names = [] if query_is_read else list(request.args)
    if not body_is_read and request.method not in ("GET", "HEAD") and request.get_data():
        body = request.get_json(force=True, silent=True)
        names += list(body) if isinstance(body, dict) else []
    if names:
        refuse(422, "invalid", "Some fields cannot be taken.", errors={name: [unknown(name, ())] for name in names})
