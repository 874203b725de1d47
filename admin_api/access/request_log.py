"""One line for each answer, on standard error, where the service's logger takes it: who, what, how it ended, how long.

No query, no header, no body: they may hold what is nobody's business. The request id leads to the audit log.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import TextIO
from urllib.parse import quote

from flask import Flask, Response, g, request

log = logging.getLogger("infora.requests")
_LONGEST_PATH = 200
#: Names of path variables whose value lets somebody in.
_SECRET_VARIABLES = frozenset(("token", "secret", "key"))


class _StandardError(logging.StreamHandler[TextIO]):
    """Whatever standard error is at the moment of the line."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def register(app: Flask) -> None:
    """Log every answer."""
    if not log.handlers:
        log.addHandler(_StandardError())
        log.setLevel(logging.INFO)
        log.propagate = False
    app.before_request(_begin)
    app.after_request(_write)


def _begin() -> None:
    g.request_begun = time.monotonic()


def _write(response: Response) -> Response:
    milliseconds = (time.monotonic() - g.get("request_begun", time.monotonic())) * 1000
    log.info(
        "%s %s isp=%s %s %s %d %.0fms id=%s", request.remote_addr or "-", g.get("caller", "-"), g.get("isp_id") or "-",
        quote(request.method[:20]), _path(), response.status_code, milliseconds, g.get("request_id", "-"),
    )  # fmt: skip
    return response


def _path() -> str:
    """As it was asked for, so quoted that it stays one word; the route where a part of it is a secret."""
    rule = request.url_rule
    if rule is not None and _SECRET_VARIABLES & rule.arguments:
        return str(rule.rule)
    return quote(request.path[:_LONGEST_PATH], safe="/@:-._~")
