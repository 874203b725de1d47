"""`/docs`: the OpenAPI document as a page, by Swagger UI from the installed package: nothing comes from elsewhere."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, abort, current_app, send_from_directory

docs_page = APIBlueprint("docs_page", __name__, url_prefix="/docs", enable_openapi=False)

#: Swagger UI styles its elements in place; scripts come from files alone.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Infora WiFi Billing: the API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
<main id="page">This page needs JavaScript. The document itself: <a href="/openapi.json">openapi.json</a></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""
_START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null});
"""


@docs_page.get("")
def page() -> Response:
    """The page."""
    return _guarded(current_app.response_class(_PAGE, mimetype="text/html"))


@docs_page.get("/start.js")
def start() -> Response:
    """What a script in the page itself would do."""
    return _guarded(current_app.response_class(_START, mimetype="text/javascript"))


@docs_page.get("/<name>")
def file(name: str) -> Response:
    """One of Swagger UI's files."""
    if name not in _FILES:
        abort(404)
    return _guarded(send_from_directory(_directory(), name, max_age=3600))


@cache
def _directory() -> Path:
    """Of the package, which is not imported: it would bring routes of its own."""
    package = importlib.util.find_spec("flask_swagger_ui")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("flask-swagger-ui is not installed: run `make setup`")
    return Path(package.submodule_search_locations[0], "dist")


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    return response
