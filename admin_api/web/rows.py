"""The row that an address names: loaded, locked for a change, compared with If-Match; somebody else's is a 404."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import request
from sqlalchemy import Select

from admin_api.web.answer import check_version
from admin_api.web.database import session, tenant_rows
from admin_api.web.errors import refuse
from models import Base

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
LARGEST_ID = 2**63 - 1


def row(model: type[Base], among: Callable[[], Select[Any]] | None = None) -> Callable[[ViewT], ViewT]:
    """Replaces the address's `id` by the row, given to the view as `row`. `among`: which rows, if not the tenant's."""

    def decorate(view: ViewT) -> ViewT:
        @wraps(view)
        def loaded(*args: object, id: int, **kwargs: object) -> object:
            loaded_row = find(model, id, among)
            if request.method in ("PUT", "PATCH", "DELETE"):
                check_version(loaded_row)
            return view(*args, row=loaded_row, **kwargs)

        return loaded  # type: ignore[return-value]

    return decorate


def find(model: Any, row_id: int, among: Callable[[], Select[Any]] | None = None) -> Any:  # noqa: ANN401  # the model's row
    """The row with that id, or a 404."""
    query = (among() if among else tenant_rows(model)).where(model.id == row_id)
    if request.method not in ("GET", "HEAD"):
        query = query.with_for_update(of=model, key_share=True)
    row = session().scalar(query) if 0 < row_id <= LARGEST_ID else None
    if row is None:
        refuse(404, "not_found", "There is no such thing here.")
    return row
