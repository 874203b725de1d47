"""From what a view returns to the answer on the wire: envelope, version tag, commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, g, jsonify, request
from pydantic import BaseModel

from admin_api.web import idempotency
from admin_api.web.database import session
from admin_api.web.errors import refuse


def respond(returned: object, schema: type[BaseModel], status: int, message: str) -> Response:
    """The view's result as the schema shows it; what the view changed is committed first."""
    shown = returned if isinstance(returned, BaseModel) else schema.model_validate(returned, from_attributes=True)
    data = shown.model_dump(mode="json")
    response = jsonify({"ok": True, "message": message, "data": data})
    response.status_code = status
    response.headers.extend(g.get("headers", {}))
    tag = version_tag(getattr(shown, "id", None), getattr(shown, "updated_at", None))
    if tag is not None:
        response.headers["ETag"] = tag
    if request.method not in ("GET", "HEAD"):
        idempotency.store(response)
        session().commit()
    return response


def download(octets: bytes, mimetype: str, name: str) -> Response:
    """A file, to be saved under that name; ASCII without quotes."""
    response = Response(octets, content_type=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def version_tag(row_id: int | None, updated_at: datetime | None) -> str | None:
    """The row's version: it changes with the row, and not with what its customer uses meanwhile."""
    if row_id is None or updated_at is None:
        return None
    return f'"{row_id:x}-{int(updated_at.timestamp() * 1_000_000):x}"'


def check_version(row: Any) -> None:  # noqa: ANN401  # any row with id and updated_at
    """If-Match: the change is for the version that was read, and for no later one."""
    if not request.headers.get("If-Match"):
        return
    # What cannot be read as a version is none that the row ever had.
    wanted = request.if_match
    tag = version_tag(row.id, getattr(row, "updated_at", None))
    if tag is not None and not wanted.star_tag and tag.strip('"') not in wanted:
        refuse(412, "stale", "The row has changed since it was read: read it again.")


def also_send(name: str, value: str) -> None:
    """A header of the answer to come."""
    g.setdefault("headers", {})[name] = value
