"""Who proves to be whom: the parts of a login that also guard one's own password and second factor."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import g, request
from sqlalchemy import select
from sqlalchemy.engine import Row

from admin_api.access import login_limit, tokens
from admin_api.access.authentication import principal
from admin_api.web import idempotency
from admin_api.web.database import now, session, work_in
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from models import AuditLog, User
from models.audit_trail import Actor, act_as, note
from models.secrets.password_hashes import operator_password_matches
from models.tenants.second_factor import Verified

TOO_MANY_CODES = "Too many wrong codes: wait, or use a recovery code."


def begin_attempt(subjects: list[str], operator: Row[Any] | None) -> login_limit.Attempt:
    """Count an attempt before its password is compared; beyond the limit, refuse it."""
    allowed_failures = parts().settings.login_failures_allowed
    if not allowed_failures:
        return login_limit.Attempt(())
    attempt = login_limit.begin(session(), subjects, allowed_failures)
    if isinstance(attempt, login_limit.TooMany):
        _note_limit(operator)
        wait(attempt.seconds, "Too many wrong passwords: wait a little.")
    return attempt


def wait(seconds: int, message: str) -> NoReturn:
    """429."""
    refuse(429, "too_many_attempts", message, headers={"Retry-After": str(seconds)})


def refuse_code(result: Verified) -> NoReturn:
    """A wrong code of the second factor counts, whatever becomes of the request."""
    idempotency.forget()
    session().commit()
    if result.wait:
        wait(result.wait, TOO_MANY_CODES)
    refuse(422, "invalid", "The code is wrong, or has been used.", errors={"otp": ["is wrong"]})


def own_account(current_password: str) -> User:
    """The caller's own row, locked, once the current password has been given."""
    caller = own_token()
    attempt = begin_attempt([login_limit.of_account(f"own password of user {caller.user_id}")], None)
    work_as_oneself()
    user = session().get_one(User, caller.user_id, with_for_update={"key_share": True})
    if not operator_password_matches(current_password, user.password_hash):
        login_limit.was_wrong(session(), attempt)
        idempotency.forget()
        session().commit()
        refuse(422, "invalid", "The current password is wrong.", errors={"current_password": ["is wrong"]})
    login_limit.was_right(session(), attempt)
    return user


def own_token() -> tokens.Token:
    """The caller's; a machine has none."""
    token = principal().token
    if token is None:
        refuse(403, "no_token", "An API key has no password and no login of its own.")
    return token


def work_as_oneself() -> None:
    """One's own row is where one belongs, whatever X-ISP-ID says."""
    caller = principal()
    work_in(caller.isp_id, everywhere=caller.isp_id is None)


def token_for(user: Any) -> dict[str, Any]:  # noqa: ANN401  # a User, or its columns
    """A new token, as it is answered."""
    settings = parts().settings
    return {
        "token": tokens.issue(settings.jwt_key, user.id, user.token_version, now(), settings.token_lifetime),
        "expires_at": now() + settings.token_lifetime,
        "user": {"id": user.id, "username": user.username, "role": user.role, "isp_id": user.isp_id},
    }


def note_login(operator: Row[Any] | None, action: str, after: dict[str, Any] | None = None) -> None:
    """In the audit log, under the account's name; what was typed where there is no such account may be a password."""
    user_id, isp_id = (None, None) if operator is None else (operator.id, operator.isp_id)
    _enter_as(operator)
    note(session(), action, "users", user_id, isp_id, after=after)


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
        note_login(operator, "login_limited")
        session().commit()


def _enter_as(operator: Row[Any] | None) -> None:
    isp_id, name = (None, "unknown") if operator is None else (operator.isp_id, operator.username)
    work_in(isp_id, everywhere=isp_id is None)
    act_as(session(), Actor(name, request.remote_addr, g.get("request_id")))
