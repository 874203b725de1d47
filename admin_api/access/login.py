"""Login and logout, who am I, and one's own password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apiflask import APIBlueprint
from flask import request
from sqlalchemy import func, select
from sqlalchemy.engine import Row

from admin_api.access import login_limit, tokens
from admin_api.access.authentication import Principal, allowed, principal
from admin_api.access.bodies import Caller, LoginIn, LoginOut, PasswordIn
from admin_api.web.bodies import Nothing
from admin_api.web.database import now, session, work_in
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from admin_api.web.route import answers, documents, takes
from models import RevokedToken, User
from models.secrets.password_hashes import operator_password_matches
from models.tenants.operators import change_password

auth = APIBlueprint("auth", __name__, url_prefix="/api/auth", tag="Login")


@auth.post("/login")
@documents(responses=[401, 429], security=[{}, {"BasicAuth": []}])
@takes(LoginIn)
@answers(LoginOut, message="Logged in.")
def login(body: LoginIn) -> dict[str, Any]:
    """Log in

    With `{"username", "password"}` or HTTP Basic. The same answer, after the same time, whether the account exists or
    not. Ten wrong passwords in a minute for one account or from one address: 429 with `Retry-After`.
    """
    username, password = _credentials(body)
    subjects = login_limit.subjects(username, request.remote_addr)
    _refuse_beyond_limit(subjects)
    operator = _operator_named(username)
    if not _matches(operator, password) or operator is None or not operator.is_active:
        _count_failure(subjects)
        refuse(401, "bad_credentials", "User name or password is wrong.", headers={"WWW-Authenticate": "Bearer"})
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
    subjects = login_limit.subjects(principal().name, None)
    _refuse_beyond_limit(subjects)
    _work_as_oneself()
    user = session().get_one(User, caller.user_id, with_for_update=True)
    if not operator_password_matches(body.current_password, user.password_hash):
        _count_failure(subjects)
        refuse(422, "invalid", "The current password is wrong.", errors={"current_password": ["is wrong"]})
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
    columns = ("id", "isp_id", "username", "password_hash", "role", "is_active", "token_version")
    operator = func.infora_operator_named(username).table_valued(*columns)
    return session().execute(select(operator)).one_or_none()


def _matches(operator: Row[Any] | None, password: str) -> bool:
    """A password is always compared, with nobody's where there is no such account: both take the same time."""
    stored = parts().nobodys_password_hash if operator is None else operator.password_hash
    storable = password.encode("utf-8", "replace").decode()
    return operator_password_matches(storable.replace("\0", "\ufffd"), stored)


def _refuse_beyond_limit(subjects: list[str]) -> None:
    allowed_failures = parts().settings.login_failures_allowed
    seconds = login_limit.seconds_to_wait(session(), subjects, now(), allowed_failures) if allowed_failures else 0
    if seconds:
        headers = {"Retry-After": str(seconds)}
        refuse(429, "too_many_attempts", "Too many wrong passwords: wait a little.", headers=headers)


def _count_failure(subjects: list[str]) -> None:
    login_limit.count_failure(session(), subjects, now())
    session().commit()


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
