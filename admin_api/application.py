"""Puts the application together: settings, database, errors, resources, command line."""

from __future__ import annotations

import os
import secrets

from apiflask import APIFlask
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from admin_api import cli, database, documentation, errors, metrics, requests
from admin_api.parts import Parts
from admin_api.resources import (
    attributes,
    auth,
    customers,
    devices,
    health,
    isps,
    office,
    plans,
    radius,
    reports,
    sessions,
    users,
)
from admin_api.settings import Settings, SettingsError, from_environment
from models.credentials import hash_operator_password

BLUEPRINTS = (
    auth.auth,
    isps.isps,
    users.users,
    devices.devices,
    plans.plans,
    customers.customers,
    sessions.session_routes,
    reports.reports,
    radius.radius,
    attributes.extra_attributes,
    office.office,
    health.health,
)


def create_app(settings: Settings | None = None) -> APIFlask:
    """The WSGI application. Settings default to the environment; what is missing there ends the start."""
    app = APIFlask(__name__, title="Infora WiFi Billing", version="1", docs_ui="redoc")
    requests.register(app)
    metrics.register(app)
    errors.register(app)
    database.register(app)
    documentation.register(app)
    cli.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    try:
        _furnish(app, settings or from_environment(os.environ))
    except SettingsError as wrong:
        # The command line must be able to say more than this (`doctor`), and to make what is missing (`initdb`).
        if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
            raise SystemExit(str(wrong)) from None
    return app


def _furnish(app: Flask, settings: Settings) -> None:
    nobody = hash_operator_password(secrets.token_urlsafe(32))
    app.extensions["infora"] = Parts(settings, database.engine_for(settings), nobody)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies)  # type: ignore[method-assign]
