"""Operators and their credentials, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from admin_api.web.pages import Page
from admin_api.web.types import Body, Name, OperatorPassword, Shown, Text, unchanged

Role = Literal["superadmin", "admin", "staff", "cashier", "viewer"]
Typed = Annotated[str, Field(max_length=1000)]
#: Six digits, or a recovery code.
Code = Annotated[str, Field(max_length=100)]


class LoginIn(Body):
    """Name and password are absent where the request carries HTTP Basic."""

    username: Typed | None = None
    password: Typed | None = None
    otp: Code | None = None


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


class TotpIn(Body):
    """Begins the setting-up of a second factor."""

    current_password: Text


class TotpConfirmation(Body):
    """The first code that the authenticator shows."""

    otp: Code


class TotpProof(Body):
    """Both factors."""

    current_password: Text
    otp: Code


class TotpOut(Shown):
    """Whether the caller has a second factor."""

    enabled: bool
    since: datetime | None
    recovery_codes_left: int


class TotpSecret(Shown):
    """For the authenticator; shown once, and without effect until it is confirmed."""

    secret: str
    uri: str


class TotpEnabled(LoginOut):
    """Earlier tokens have ended. Each recovery code lets in once, and is shown once."""

    recovery_codes: list[str]


class RecoveryCodes(Shown):
    """Earlier ones are void."""

    recovery_codes: list[str]
