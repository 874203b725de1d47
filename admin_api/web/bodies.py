"""The envelope, errors, and answers without content of their own."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from admin_api.web.types import Shown


class Envelope(BaseModel):
    """Every answer."""

    ok: bool
    message: str
    data: Any


class Failure(BaseModel):
    """`data` of an error. `code` is a stable word; `errors` names fields."""

    code: str
    errors: dict[str, list[str]] | None = None
    #: Of an import: what is wrong, cell by cell.
    rows: list[dict[str, Any]] | None = None
    #: Of a refused login: what the router would be told.
    reply: dict[str, Any] | None = None


class Nothing(Shown):
    """There is nothing more to say."""
