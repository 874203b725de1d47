"""Lists, a page at a time: the same parameters, the same answer and the same `Link` header everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from admin_api.web.answer import also_send
from admin_api.web.database import session
from admin_api.web.strict import Query
from admin_api.web.types import Whole
from models.names import fold


class PageQuery(Query):
    """`?page=&per_page=`; filters are added by each list."""

    page: Whole = Field(default=1, ge=1, le=10_000_000)
    per_page: Whole = Field(default=20, ge=1, le=100)


class Page(BaseModel):
    """What every list answers; `items` is narrowed by each list."""

    items: list[Any]
    page: int
    per_page: int
    total: int
    pages: int


def page_of(
    query: Select[Any],
    page: PageQuery,
    show: Callable[[Sequence[Any]], list[Any]],
    *,
    scalars: bool = True,
    one_scan: bool = False,
) -> dict[str, Any]:
    """One page of the ordered query, its rows shown all at once (`show`), so that statements do not grow with rows.

    `one_scan`: of scalars whose conditions no index answers: they are looked through once, and counted on the way.
    """
    limited = query.limit(page.per_page).offset((page.page - 1) * page.per_page)
    total: int | None = None
    if one_scan:
        counted = session().execute(limited.add_columns(func.count().over())).all()
        rows: Sequence[Any] = [row[0] for row in counted]
        total = counted[0][1] if counted else None
    else:
        rows = session().scalars(limited).all() if scalars else session().execute(limited).all()
    if total is None:
        total = session().scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    pages = -(-total // page.per_page)
    _link(page.page, pages)
    return {"items": show(rows), "page": page.page, "per_page": page.per_page, "total": total, "pages": pages}


def _link(page: int, pages: int) -> None:
    """RFC 8288."""
    places = {"first": 1, "prev": page - 1, "next": page + 1, "last": max(pages, 1)}
    links = [f'<{_address(number)}>; rel="{name}"' for name, number in places.items() if 1 <= number <= max(pages, 1)]
    also_send("Link", ", ".join(links))


def _address(page: int) -> str:
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{request.path}?{urlencode([*arguments, ('page', page)])}"


def searched(query: Select[Any], text: str | None, columns: Sequence[Any]) -> Select[Any]:
    """The text anywhere in any of the columns, without regard to case (models.names.fold)."""
    if not text:
        return query
    return query.where(or_(*(_contains(column, text) for column in columns)))


def _contains(column: Any, text: str) -> ColumnElement[bool]:  # noqa: ANN401  # any column of text
    """The database folds ASCII by itself at once; what goes beyond is folded as names are."""
    beyond_ascii = func.octet_length(column) != func.length(column)
    folded = func.infora_fold(column).contains(fold(text), autoescape=True)
    return or_(column.icontains(text, autoescape=True), and_(beyond_ascii, folded))


def ordered(query: Select[Any], wanted: str | None, columns: dict[str, Any], tie: Any) -> Select[Any]:  # noqa: ANN401
    """`name` or `-name`, one of the columns; ties by id, so that pages do not overlap."""
    if not wanted:
        return query.order_by(tie)
    column = columns[wanted.removeprefix("-")]
    return query.order_by(column.desc() if wanted.startswith("-") else column, tie)
