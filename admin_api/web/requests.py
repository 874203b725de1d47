"""What is done to every request and answer: its id, its size, its JSON, its headers."""

from __future__ import annotations

import json
import re
import secrets
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from flask import Request, Response, g, request
from flask.json.provider import DefaultJSONProvider

#: Octets of a body; an import says otherwise for itself.
LARGEST_BODY = 1_000_000
#: An answer is data: nothing in it is run, framed, guessed or linked back. A page of its own says otherwise for itself.
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
#: Digits before and after the point together; more is no amount of anything.
_MOST_DIGITS = 40


class ApiRequest(Request):
    """A body that is empty counts as `{}`, so that the answer can name the fields that are missing."""

    def on_json_loading_failed(self, e: ValueError | None) -> object:
        if not self.get_data():
            return {}
        return super().on_json_loading_failed(e)


class ExactJson(DefaultJSONProvider):
    """Numbers with a point are read as decimals: 0.1 GB is 100,000,000 octets, not about that."""

    sort_keys = False
    ensure_ascii = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:  # noqa: ANN401  # json's own
        try:
            return json.loads(s, parse_float=_decimal, parse_constant=_no_constant, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def register(app: APIFlask) -> None:
    """Install it all."""
    app.request_class = ApiRequest
    app.json = ExactJson(app)
    app.url_map.strict_slashes = False
    # An address with a slash too many is no address: a redirection would be an answer of another shape.
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.before_request(_name_request)
    app.after_request(_add_headers)
    app.after_request(_tell_methods)


def _name_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _add_headers(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _tell_methods(response: Response) -> Response:
    """OPTIONS is answered by Flask, which says in a header alone what there is; here as every answer."""
    if request.method == "OPTIONS" and response.status_code == HTTPStatus.OK and not response.get_data():
        methods = sorted(response.allow)
        response.data = json.dumps({"ok": True, "message": "OK", "data": {"methods": methods}})
        response.mimetype = "application/json"
    return response


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > 2 * _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("a number is out of range")
    return number


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
