"""Login and logout, who am I, and one's own password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NoReturn

from apiflask import APIBlueprint
from flask import request
from sqlalchemy import func, select, update
from sqlalchemy.engine import Row

from admin_api.access import login_limit
from admin_api.access.authentication import Principal, allowed, principal
from admin_api.access.bodies import Caller, LoginIn, LoginOut, PasswordIn
from admin_api.access.proof import TOO_MANY_CODES, begin_attempt, note_login, own_account, own_token, token_for, wait
from admin_api.web.bodies import Nothing
from admin_api.web.database import now, session, work_in
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from admin_api.web.route import answers, documents, takes
from models import RevokedToken, User
from models.audit_trail import note
from models.secrets.password_hashes import hash_operator_password, is_costlier_than_today, operator_password_matches
from models.tenants import second_factor
from models.tenants.operators import change_password

_BEARER = {"WWW-Authenticate": "Bearer"}

auth = APIBlueprint("auth", __name__, url_prefix="/api/auth", tag="Login")


@auth.post("/login")
@documents(responses=[401, 429], security=[{}, {"BasicAuth": []}])
@takes(LoginIn)
@answers(LoginOut, message="Logged in.")
def login(body: LoginIn) -> dict[str, Any]:
    """Log in

    With `{"username", "password"}` or HTTP Basic, and `otp` where the account has a second factor: six digits, or a
    recovery code. The same answer, after the same time, whether the account exists or
    not. Ten wrong passwords in a minute from one address, or for one account from addresses that it has not logged in
    from within 30 days: 429 with `Retry-After`.
    """
    username, password = _credentials(body)
    operator = _operator_named(username)
    subjects = [login_limit.of_address(request.remote_addr)]
    user_id = 0 if operator is None else operator.id
    if not login_limit.is_familiar(session(), user_id, request.remote_addr, now()):
        subjects.append(login_limit.of_account(username))
    attempt = begin_attempt(subjects, operator)
    if not _matches(operator, password) or operator is None or not operator.is_active:
        _refuse_wrong(attempt, operator, "bad_credentials", "User name or password is wrong.")
    factor = _second_factor(attempt, operator, body.otp)
    login_limit.was_right(session(), attempt)
    if operator.isp_status == "suspended":
        note_login(operator, "login_refused", {"code": "isp_suspended"})
        session().commit()
        refuse(403, "isp_suspended", "Your ISP is suspended at the moment.")
    _remember_login(operator, password, factor)
    return token_for(operator)


@auth.get("/me")
@allowed("viewer", tenant=False)
@answers(Caller)
def me() -> dict[str, Any]:
    """Who am I"""
    return _caller(principal())


@auth.post("/logout")
@allowed("viewer", tenant=False)
@answers(Nothing, message="Logged out.")
def logout() -> dict[str, Any]:
    """Log out: this token ends, others of the same user do not"""
    token = own_token()
    expires = datetime.fromtimestamp(token.expires_at, UTC)
    session().merge(RevokedToken(jti=token.jti, user_id=token.user_id, expires_at=expires))
    note(session(), "logout", "users", token.user_id, principal().isp_id)
    return {}


@auth.post("/password")
@documents(responses=[429])
@allowed("viewer", tenant=False)
@takes(PasswordIn)
@answers(LoginOut, message="Password changed; every earlier token has ended.")
def password(body: PasswordIn) -> dict[str, Any]:
    """Change one's own password

    Ends every token of the user, this one included; the answer carries a new one.
    """
    user = own_account(body.current_password)
    change_password(session(), user, body.new_password)
    session().flush()
    return token_for(user)


def _credentials(body: LoginIn) -> tuple[str, str]:
    given = request.authorization
    if given is not None and given.type == "basic":
        return given.username or "", given.password or ""
    if not body.username or not body.password:
        missing = [name for name in ("username", "password") if not getattr(body, name)]
        refuse(422, "invalid", "Some fields are missing.", errors={name: ["is required"] for name in missing})
    return body.username, body.password


def _operator_named(username: str) -> Row[Any] | None:
    if "\0" in username or not username.isprintable():
        username = ""
    columns = ("id", "isp_id", "username", "password_hash", "role", "is_active", "token_version", "isp_status")
    operator = func.infora_operator_named(username).table_valued(*columns)
    return session().execute(select(operator)).one_or_none()


def _matches(operator: Row[Any] | None, password: str) -> bool:
    """A password is always compared, with nobody's where there is no such account: both take the same time."""
    stored = parts().nobodys_password_hash if operator is None else operator.password_hash
    storable = password.encode("utf-8", "replace").decode()
    return operator_password_matches(storable.replace("\0", "\ufffd"), stored)


def _second_factor(attempt: login_limit.Attempt, operator: Row[Any], code: str | None) -> str | None:
    """Which second factor the operator gave, where the account has one."""
    work_in(operator.isp_id, everywhere=operator.isp_id is None)
    if not second_factor.is_enabled(session(), operator.id):
        return None
    if code is None:
        login_limit.was_right(session(), attempt)
        note_login(operator, "login_refused", {"code": "otp_required"})
        session().commit()
        refuse(401, "otp_required", "The account has a second factor: send its code as `otp`.", headers=_BEARER)
    result = second_factor.verify(session(), parts().keyring, operator.id, code, now())
    if result.wait:
        login_limit.was_right(session(), attempt)
        note_login(operator, "login_limited", {"code": "otp"})
        session().commit()
        wait(result.wait, TOO_MANY_CODES)
    if not result.factor:
        _refuse_wrong(attempt, operator, "bad_otp", "The code is wrong, or has been used.")
    return result.factor


def _refuse_wrong(attempt: login_limit.Attempt, operator: Row[Any] | None, code: str, message: str) -> NoReturn:
    login_limit.was_wrong(session(), attempt)
    note_login(operator, "login_refused", {"code": code})
    session().commit()
    refuse(401, code, message, headers=_BEARER)


def _remember_login(operator: Row[Any], password: str, factor: str | None) -> None:
    login_limit.remember(session(), operator.id, request.remote_addr, now())
    note_login(operator, "login", {"factor": factor} if factor else None)
    if is_costlier_than_today(operator.password_hash):
        fresh = hash_operator_password(password)
        session().execute(update(User).where(User.id == operator.id).values(password_hash=fresh))


def _caller(who: Principal) -> dict[str, Any]:
    return {"id": who.user_id, "username": who.name, "role": who.role, "isp_id": who.isp_id}
