"""Operators: of a tenant, and superadmins, who belong to none."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g
from sqlalchemy import Select, select

from admin_api.access.authentication import allowed, principal
from admin_api.access.bodies import UserChange, UserIn, UserOut, UserPage
from admin_api.access.capabilities import of_role
from admin_api.web.bodies import Nothing
from admin_api.web.database import session, settle
from admin_api.web.errors import refuse
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import User
from models.tenants import operators, second_factor

users = APIBlueprint("users", __name__, url_prefix="/api/users", tag="Users")


def visible() -> Select[User]:
    """Those of the tenant that is worked in; outside of any, a superadmin sees everybody."""
    return select(User) if g.isp_id is None else select(User).where(User.isp_id == g.isp_id)


@users.get("")
@allowed("admin", tenant=False)
@asks(PageQuery)
@answers(UserPage)
def index(query: PageQuery) -> dict[str, Any]:
    """List operators"""
    return page_of(visible().order_by(User.id), query, list)


@users.post("")
@documents(responses=[409])
@allowed("admin", tenant=False)
@takes(UserIn)
@answers(UserOut, 201, "Operator created.")
def create(body: UserIn) -> User:
    """Create an operator: inside an ISP for that ISP, outside of any a superadmin"""
    _refuse_above(body.role)
    if (body.role == "superadmin") != (g.isp_id is None):
        refuse(422, "invalid", "Some fields cannot be taken.", errors={"role": [_WHERE]})
    user = operators.create_user(session(), g.isp_id, **body.model_dump())
    settle(user)
    return user


@users.get("/<int:id>")
@allowed("admin", tenant=False)
@the_row(User, visible)
@answers(UserOut)
def read(row: User) -> User:
    """Read an operator"""
    return row


@users.route("/<int:id>", methods=["PUT", "PATCH"])
@documents(responses=[409, 412])
@allowed("admin", tenant=False)
@the_row(User, visible)
@takes(UserChange)
@answers(UserOut, message="Operator changed.")
def change(row: User, body: UserChange) -> User:
    """Change an operator"""
    changes = body.given()
    _refuse_above(changes.get("role", row.role))
    if (changes.get("role", row.role) == "superadmin") != (row.isp_id is None):
        refuse(422, "invalid", "Some fields cannot be taken.", errors={"role": [_WHERE]})
    operators.update_user(session(), row, changes)
    settle(row)
    return row


@users.delete("/<int:id>")
@documents(responses=[409, 412])
@allowed("admin", tenant=False)
@the_row(User, visible)
@answers(Nothing, message="Operator deleted.")
def delete(row: User) -> dict[str, Any]:
    """Delete an operator"""
    operators.delete_user(session(), row)
    return {}


@users.post("/<int:id>/reset-totp")
@documents(responses=[412])
@allowed("admin", tenant=False)
@the_row(User, visible)
@answers(Nothing, message="The operator has no second factor now.")
def reset_totp(row: User) -> dict[str, Any]:
    """Remove another operator's second factor, whose authenticator and recovery codes are lost

    Ends the operator's tokens. One's own is removed at `/api/auth/totp/disable`, with a code.
    """
    if row.id == principal().user_id:
        refuse(403, "own_totp", "Your own second factor is removed at /api/auth/totp/disable.")
    second_factor.remove(session(), row, "totp_reset")
    return {}


_WHERE = "superadmins belong to no ISP, everybody else to one (X-ISP-ID)"


def _refuse_above(role: str) -> None:
    if not of_role(role) <= of_role(principal().role):
        refuse(403, "role_too_high", "Nobody gives a role that may do more than their own.")
