"""Operators and their credentials, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from admin_api.web.pages import Page
from admin_api.web.types import Body, Name, OperatorPassword, Shown, Text, unchanged

Role = Literal["superadmin", "admin", "staff", "cashier", "viewer"]
Typed = Annotated[str, Field(max_length=1000)]


class LoginIn(Body):
    """Absent where the request carries HTTP Basic."""

    username: Typed | None = None
    password: Typed | None = None


class PasswordIn(Body):
    """The new password ends every token of the user."""

    current_password: Text
    new_password: OperatorPassword


class UserIn(Body):
    """A new operator of the ISP that is worked in; a superadmin is created outside of any."""

    username: Name
    password: OperatorPassword
    role: Role


class UserChange(Body):
    """The fields that are given change. A new password or role, and a lock, end the user's tokens."""

    username: Name = unchanged()
    password: OperatorPassword = unchanged()
    role: Role = unchanged()
    is_active: bool = unchanged()


class UserOut(Shown):
    """An operator."""

    id: int
    isp_id: int | None
    username: str
    role: Role
    is_active: bool
    created_at: datetime
    updated_at: datetime


class UserPage(Page):
    items: list[UserOut]


class Caller(Shown):
    """Who calls: an operator, or a tenant's machine (`id` null)."""

    id: int | None
    username: str
    role: Role
    isp_id: int | None


class LoginOut(Shown):
    """`token` goes into `Authorization: Bearer …`."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the kind of token
    expires_at: datetime
    user: Caller
