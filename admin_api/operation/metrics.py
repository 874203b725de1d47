"""`/metrics` for Prometheus: latencies of the API, and what the RADIUS side tells about itself."""

from __future__ import annotations

import hmac
import os
import time
from pathlib import Path

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest, multiprocess

from admin_api.access.client_address import is_this_machine
from admin_api.operation.figures.backup_metrics import BackupFigures
from admin_api.operation.figures.book_metrics import BookFigures
from admin_api.operation.figures.request_metrics import RequestFigures
from admin_api.operation.radius_metrics import RadiusFigures

#: Several workers share their counts through files there; the library looks at it when it is first imported.
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
#: Any other word is one label: callers invent them, and a series is kept for ever.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_API = CollectorRegistry()
_LATENCY = Histogram(
    "infora_api_request_seconds",
    "Time from request to answer.",
    ("method", "route", "status"),
    registry=_API,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def register(app: Flask) -> None:
    """Measure every request."""
    app.before_request(_begin)
    app.after_request(_measure)


def may_see(token: str | None) -> bool:
    """This machine, and whoever has METRICS_TOKEN. What a proxy on this machine passes on is not of this machine."""
    if is_this_machine(request):
        return True
    given = request.authorization
    if token is None or given is None or given.type != "bearer":
        return False
    return hmac.compare_digest((given.token or "").encode(), token.encode())


def page(state_dir: Path) -> Response:
    """Everything, in Prometheus' text format."""
    registry = _API
    if _SHARED in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    radius = CollectorRegistry()
    radius.register(RadiusFigures(state_dir))
    radius.register(RequestFigures())
    radius.register(BookFigures())
    radius.register(BackupFigures(state_dir))
    text = generate_latest(registry) + generate_latest(radius)
    return current_app.response_class(text, content_type=CONTENT_TYPE)


def _begin() -> None:
    g.begun = time.monotonic()


def _measure(response: Response) -> Response:
    # The route, not the address: ids and names would make a series each.
    route = request.url_rule.rule if request.url_rule is not None else "(none)"
    if "begun" in g:
        seconds = time.monotonic() - g.begun
        method = request.method if request.method in _METHODS else "other"
        _LATENCY.labels(method, route, str(response.status_code)).observe(seconds)
    return response
