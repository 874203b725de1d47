"""Login and logout, who am I, and one's own password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NoReturn

from apiflask import APIBlueprint
from flask import g, request
from sqlalchemy import func, select, update
from sqlalchemy.engine import Row

from admin_api.access import login_limit, tokens
from admin_api.access.authentication import Principal, allowed, principal
from admin_api.access.bodies import Caller, LoginIn, LoginOut, PasswordIn
from admin_api.web.bodies import Nothing
from admin_api.web.database import now, session, work_in
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from admin_api.web.route import answers, documents, takes
from models import AuditLog, RevokedToken, User
from models.audit_trail import Actor, act_as, note
from models.secrets.password_hashes import hash_operator_password, is_costlier_than_today, operator_password_matches
from models.tenants.operators import change_password

auth = APIBlueprint("auth", __name__, url_prefix="/api/auth", tag="Login")


@auth.post("/login")
@documents(responses=[401, 429], security=[{}, {"BasicAuth": []}])
@takes(LoginIn)
@answers(LoginOut, message="Logged in.")
def login(body: LoginIn) -> dict[str, Any]:
    """Log in

    With `{"username", "password"}` or HTTP Basic. The same answer, after the same time, whether the account exists or
    not. Ten wrong passwords in a minute from one address, or for one account from addresses that it has not logged in
    from within 30 days: 429 with `Retry-After`.
    """
    username, password = _credentials(body)
    operator = _operator_named(username)
    subjects = [login_limit.of_address(request.remote_addr)]
    user_id = 0 if operator is None else operator.id
    if not login_limit.is_familiar(session(), user_id, request.remote_addr, now()):
        subjects.append(login_limit.of_account(username))
    attempt = _attempt(subjects, operator)
    if not _matches(operator, password) or operator is None or not operator.is_active:
        _refuse_wrong(attempt, operator)
    login_limit.was_right(session(), attempt)
    if operator.isp_status == "suspended":
        _note(operator, "login_refused", {"code": "isp_suspended"})
        session().commit()
        refuse(403, "isp_suspended", "Your ISP is suspended at the moment.")
    _remember_login(operator, password)
    return _token_for(operator)


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
    token = _own_token()
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
    caller = _own_token()
    attempt = _attempt([login_limit.of_account(f"own password of user {caller.user_id}")], None)
    _work_as_oneself()
    user = session().get_one(User, caller.user_id, with_for_update={"key_share": True})
    if not operator_password_matches(body.current_password, user.password_hash):
        login_limit.was_wrong(session(), attempt)
        session().commit()
        refuse(422, "invalid", "The current password is wrong.", errors={"current_password": ["is wrong"]})
    login_limit.was_right(session(), attempt)
    change_password(session(), user, body.new_password)
    session().flush()
    return _token_for(user)


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


def _attempt(subjects: list[str], operator: Row[Any] | None) -> login_limit.Attempt:
    allowed_failures = parts().settings.login_failures_allowed
    if not allowed_failures:
        return login_limit.Attempt(())
    attempt = login_limit.begin(session(), subjects, allowed_failures)
    if isinstance(attempt, login_limit.TooMany):
        _note_limit(operator)
        headers = {"Retry-After": str(attempt.seconds)}
        refuse(429, "too_many_attempts", "Too many wrong passwords: wait a little.", headers=headers)
    return attempt


def _note_limit(operator: Row[Any] | None) -> None:
    """Once a minute for an account and address: the access log has every one of them."""
    _enter_as(operator)
    seen = select(AuditLog.id).where(
        AuditLog.isp_id.is_not_distinct_from(None if operator is None else operator.isp_id),
        AuditLog.created_at > now() - login_limit.WINDOW, AuditLog.action == "login_limited",
        AuditLog.resource_id.is_not_distinct_from(None if operator is None else operator.id),
        AuditLog.address == request.remote_addr,
    )  # fmt: skip
    if session().scalar(seen.limit(1)) is None:
        _note(operator, "login_limited")
        session().commit()


def _refuse_wrong(attempt: login_limit.Attempt, operator: Row[Any] | None) -> NoReturn:
    login_limit.was_wrong(session(), attempt)
    _note(operator, "login_refused", {"code": "bad_credentials"})
    session().commit()
    refuse(401, "bad_credentials", "User name or password is wrong.", headers={"WWW-Authenticate": "Bearer"})


def _remember_login(operator: Row[Any], password: str) -> None:
    login_limit.remember(session(), operator.id, request.remote_addr, now())
    _note(operator, "login")
    if is_costlier_than_today(operator.password_hash):
        fresh = hash_operator_password(password)
        session().execute(update(User).where(User.id == operator.id).values(password_hash=fresh))


def _note(operator: Row[Any] | None, action: str, after: dict[str, Any] | None = None) -> None:
    """In the audit log, under the account's name; what was typed where there is no such account may be a password."""
    user_id, isp_id = (None, None) if operator is None else (operator.id, operator.isp_id)
    _enter_as(operator)
    note(session(), action, "users", user_id, isp_id, after=after)


def _enter_as(operator: Row[Any] | None) -> None:
    isp_id, name = (None, "unknown") if operator is None else (operator.isp_id, operator.username)
    work_in(isp_id, everywhere=isp_id is None)
    act_as(session(), Actor(name, request.remote_addr, g.get("request_id")))


def _token_for(user: Any) -> dict[str, Any]:  # noqa: ANN401  # a User, or its columns
    settings = parts().settings
    return {
        "token": tokens.issue(settings.jwt_key, user.id, user.token_version, now(), settings.token_lifetime),
        "expires_at": now() + settings.token_lifetime,
        "user": {"id": user.id, "username": user.username, "role": user.role, "isp_id": user.isp_id},
    }


def _own_token() -> tokens.Token:
    token = principal().token
    if token is None:
        refuse(403, "no_token", "An API key has no password and no login of its own.")
    return token


def _work_as_oneself() -> None:
    """One's own row is where one belongs, whatever X-ISP-ID says."""
    caller = principal()
    work_in(caller.isp_id, everywhere=caller.isp_id is None)


def _caller(who: Principal) -> dict[str, Any]:
    return {"id": who.user_id, "username": who.name, "role": who.role, "isp_id": who.isp_id}
