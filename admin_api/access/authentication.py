"""Who calls, what the caller may do, and in which tenant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from apiflask import APIBlueprint, HTTPTokenAuth
from apiflask.security import APIKeyHeaderAuth, MultiAuth
from flask import g, request
from sqlalchemy import func, select

from admin_api.access import tokens
from admin_api.access.capabilities import OF_MONEY, of_role
from admin_api.web import database
from admin_api.web.errors import MESSAGES, refuse
from admin_api.web.parts import parts
from models import BillingSettings, Isp
from models.audit_trail import Actor, act_as
from models.secrets.generated import api_key_digest

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

#: The role that a tenant's machines have.
KEY_ROLE = "staff"

bearer = HTTPTokenAuth("Bearer", description="The token that POST /api/auth/login gives.")
api_key = APIKeyHeaderAuth(description="A tenant's API key: the rights of `staff`, in that tenant.")
_any_of = MultiAuth(bearer, api_key)
_documenting = APIBlueprint("authenticating", __name__, enable_openapi=False)


@dataclass(frozen=True)
class Principal:
    """The caller. `user_id` is None for an API key, `isp_id` for a superadmin, `token` for an API key."""

    name: str
    role: str
    isp_id: int | None
    user_id: int | None = None
    token: tokens.Token | None = None
    isp_is_suspended: bool = False

    @property
    def roles(self) -> list[str]:
        """What the caller may do."""
        return sorted(of_role(self.role))


def _of_token(text: str) -> Principal | None:
    token = tokens.read(parts().settings.jwt_key, text)
    if token is None:
        return None
    operator = func.infora_operator_of_token(token.user_id, token.jti).table_valued(
        "id", "isp_id", "username", "role", "token_version", "isp_status"
    )
    row = database.session().execute(select(operator)).one_or_none()
    if row is None or row.token_version != token.version:
        return None
    return Principal(row.username, row.role, row.isp_id, row.id, token, row.isp_status == "suspended")


def _of_key(text: str) -> Principal | None:
    isp = func.infora_isp_of_key(api_key_digest(text)).table_valued("id", "name", "status")
    row = database.session().execute(select(isp)).one_or_none()
    return None if row is None else Principal("api-key", KEY_ROLE, row.id, isp_is_suspended=row.status == "suspended")


def _roles(principal: Principal) -> list[str]:
    return principal.roles


bearer.verify_token(_of_token)
api_key.verify_token(_of_key)
bearer.get_user_roles(_roles)
api_key.get_user_roles(_roles)


def allowed(role: str, *, tenant: bool = True, while_suspended: bool = False) -> Callable[[ViewT], ViewT]:
    """The view is for this role and every stronger one. `tenant`: it works in one tenant, so one must be named.

    `while_suspended`: also in a suspended ISP, because its own answer says what follows from that.
    """

    def decorate(view: ViewT) -> ViewT:
        @wraps(view)
        def guarded(*args: object, **kwargs: object) -> object:
            _enter(cast(Principal, _any_of.current_user), tenant, while_suspended)
            _keep_keys_from_money(role)
            return view(*args, **kwargs)

        protected: ViewT = _documenting.auth_required(_any_of, roles=[role])(guarded)  # type: ignore[assignment]
        return protected

    return decorate


def principal() -> Principal:
    """The caller of this request."""
    caller: Principal = g.principal
    return caller


def require(capability: str) -> None:
    """For what a body asks for beyond its route."""
    if capability not in principal().roles:
        refuse(403, "forbidden", MESSAGES[403])
    _keep_keys_from_money(capability)


def _keep_keys_from_money(capability: str) -> None:
    """A machine handles money only where its tenant has said so."""
    if capability not in OF_MONEY or principal().token is not None:
        return
    settings = database.session().get(BillingSettings, principal().isp_id)
    if settings is None or not settings.api_key_money:
        refuse(403, "forbidden", "The API key may not handle money: the billing settings can allow it.")


def _enter(caller: Principal, tenant: bool, while_suspended: bool) -> None:
    """Choose the tenant: the caller's own, or the one that a superadmin names in X-ISP-ID."""
    g.principal = caller
    if caller.isp_is_suspended and not while_suspended:
        refuse(403, "isp_suspended", "Your ISP is suspended at the moment.")
    g.caller = f"user:{caller.user_id}" if caller.user_id is not None else f"isp:{caller.isp_id}"
    superadmin = caller.role == "superadmin"
    database.work_in(caller.isp_id, everywhere=superadmin)
    act_as(database.session(), Actor(caller.name, request.remote_addr, g.get("request_id")))
    wanted = request.headers.get("X-ISP-ID")
    if superadmin and wanted:
        database.work_in(_existing(wanted), everywhere=True)
    elif wanted and wanted.strip() != str(caller.isp_id):
        refuse(403, "foreign_isp", "X-ISP-ID is for superadmins.")
    if tenant and g.isp_id is None:
        refuse(400, "isp_required", "Name the ISP in the header X-ISP-ID.")


def _existing(text: str) -> int:
    number = text.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        refuse(400, "bad_request", "X-ISP-ID must be the id of an ISP.")
    if database.session().scalar(select(Isp.id).where(Isp.id == int(number))) is None:
        refuse(404, "unknown_isp", "There is no ISP with this id.")
    return int(number)
