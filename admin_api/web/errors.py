"""One shape for everything that goes wrong, from a wrong password to a dead database; nothing inside gets out."""

from __future__ import annotations

import logging
import traceback
from typing import Any, NoReturn

from apiflask import APIFlask, HTTPError
from flask import Response, g, jsonify, request
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from admin_api.web.plain_words import in_plain_words
from models.refusals import Invalid, Refused

log = logging.getLogger("infora.api")

#: The code of a status where nothing more specific is known.
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    412: "stale",
    413: "too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_attempts",
    431: "headers_too_large",
    500: "internal_error",
    503: "unavailable",
}
MESSAGES = {
    400: "The request cannot be read: its body must be JSON.",
    401: "Log in first: POST /api/auth/login gives a token for `Authorization: Bearer`; machines send X-API-Key.",
    403: "Your role does not allow this.",
    404: "There is no such thing here.",
    405: "This address does not know that method.",
    414: "The address is too long.",
    431: "The headers are too long, or there are too many of them.",
    500: "Something went wrong on the server. The request id leads to it in the log.",
}
#: name → (status, code, message, field)
_KNOWN_CONSTRAINTS: dict[str, tuple[int, str, str, str | None]] = {
    "uq_customers_isp_id_username": (409, "username_taken", "Another customer has this user name.", "username"),
    "uq_customers_isp_id_static_ip": (409, "static_ip_taken", "Another customer has this address.", "static_ip"),
    "uq_users_username": (409, "username_taken", "This user name is taken.", "username"),
    "uq_isps_api_key_hash": (409, "api_key_taken", "This API key cannot be used.", "api_key"),
    "no_instant_charged_twice": (409, "charged_already", "A part of this time has been charged already.", None),
    "uq_charges_isp_id_reverses": (409, "already_reversed", "This charge has been taken back already.", None),
    "uq_transfers_isp_id_reverses": (409, "already_reversed", "This has been taken back already.", None),
    "ck_ledger_accounts_credit_not_below_floor": (409, "not_enough_credit", "The account's floor is reached.", None),
    "one_device_per_address": (409, "address_taken", "This address is registered already.", "ip_address"),
    "ck_service_plans_throttle_has_bandwidth": (
        422,
        "invalid",
        "is needed where over_limit is throttle",
        "throttle_bandwidth",
    ),
}
Answer = tuple[Response, int, dict[str, str]]
PROBLEM = "application/problem+json"
#: PostgreSQL's code for a lock that was not to be had in time.
_LOCKED = "55P03"
#: What an error is about that is about no single field, by where the validator looked.
_WHOLE = {"json": "body"}


def refuse(
    status: int,
    code: str,
    message: str,
    *,
    errors: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> NoReturn:
    """End the request with an error."""
    data = {"code": code} | ({"errors": errors} if errors else {}) | (extra or {})
    raise HTTPError(status, message, headers=headers, extra_data=data)


def invalid(field: str, message: str) -> NoReturn:
    """A 422 about one field."""
    refuse(422, "invalid", "Some fields cannot be taken.", errors={field: [message]})


def register(app: APIFlask) -> None:
    """Every error of every kind ends in `_answer`."""
    app.error_processor(_from_http_error)
    app.register_error_handler(Refused, _from_refused)
    app.register_error_handler(Invalid, _from_invalid)
    app.register_error_handler(StaleDataError, _from_stale)
    app.register_error_handler(IntegrityError, _from_integrity)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(PoolTimeout, _from_database)
    app.register_error_handler(Exception, _from_anything)


def _from_http_error(error: HTTPError) -> Answer:
    data = dict(error.extra_data)
    message = error.message or ""
    if isinstance(error.detail, dict) and error.detail:
        data["errors"] = {
            _WHOLE.get(location, location) if field == "_schema" else field: [in_plain_words(text) for text in texts]
            for location, fields in error.detail.items()
            for field, texts in fields.items()
        }
        message = "Some fields cannot be taken."
    elif not data:
        message = MESSAGES.get(error.status_code, message)
    return _answer(error.status_code, message, data, {name: str(value) for name, value in dict(error.headers).items()})


def _from_refused(error: Refused) -> Answer:
    return _answer(409, error.message, {"code": error.code})


def _from_invalid(error: Invalid) -> Answer:
    return _answer(422, "Some fields cannot be taken.", {"errors": {error.field: [error.message]}})


def _from_stale(_error: StaleDataError) -> Answer:
    return _answer(409, "The row was changed or removed at the same moment: read it again.", {"code": "conflict"})


def _from_integrity(error: IntegrityError) -> Answer:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
    status, code, message, field = of_constraint(name)
    if status >= 500:
        return _from_anything(error)
    return _answer(status, message, {"code": code} | ({"errors": {field: [message]}} if field else {}))


def _from_database(error: SQLAlchemyError) -> Answer:
    state = getattr(getattr(error, "orig", None), "pgcode", None) or ""
    if state.startswith("22"):  # a value that no column can hold; bodies are checked before, so this is rare
        return _answer(422, "A value is outside of what can be stored.", {})
    if state == _LOCKED and request.method in ("GET", "HEAD"):
        message = "What was asked for is locked at the moment: try again."
        return _answer(503, message, {"code": "busy"}, {"Retry-After": "5"})
    if state in (_LOCKED, "40001", "40P01"):
        return _answer(409, "Somebody else is changing the same thing: try again.", {"code": "busy"})
    if isinstance(error, PoolTimeout) or not state or state[:2] in ("08", "53", "57"):
        log.error("database unavailable: %s (%s) request=%s", type(error).__name__, state, g.get("request_id"))
        message = "The database does not answer at the moment: try again."
        return _answer(503, message, {"code": "database_unavailable"}, {"Retry-After": "5"})
    return _from_anything(error)


def _from_anything(error: Exception) -> Answer:
    """The log gets the frames and the error's type; its text may hold rows of the database or what was sent."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s request=%s %s\n%s", type(error).__name__, g.get("request_id"), request.endpoint, frames)
    return _answer(500, MESSAGES[500], {})


def _answer(status: int, message: str, data: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
    data = {"code": CODES.get(status, "error")} | data
    if "errors" in data:  # names come from the request, and may be no text that can be written
        data["errors"] = {name.encode(errors="replace").decode(): texts for name, texts in data["errors"].items()}
    if request.accept_mimetypes.best == PROBLEM:
        body: dict[str, Any] = {"type": "about:blank", "title": message, "status": status} | data
    else:
        body = {"ok": False, "message": message, "data": data}
    response = jsonify(body)
    if request.accept_mimetypes.best == PROBLEM:
        response.mimetype = PROBLEM
    return response, status, {k: v for k, v in (headers or {}).items() if k.lower() != "content-length"}


def of_constraint(name: str) -> tuple[int, str, str, str | None]:
    """(status, code, message, field) of a violated constraint; its name says which (models.tables.base.NAMING)."""
    if name in _KNOWN_CONSTRAINTS:
        return _KNOWN_CONSTRAINTS[name]
    if name.startswith("uq_"):
        return 409, "conflict", "There is such a row already.", None
    if name.startswith("fk_"):
        return 409, "in_use", "Something else refers to it, or what it refers to is gone.", None
    if name.startswith("ck_"):
        return 422, "invalid", "The values do not fit together.", None
    return 500, "internal_error", "", None
