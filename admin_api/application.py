"""Puts the application together: settings, database, errors, resources, command line."""

from __future__ import annotations

import os
import secrets

from apiflask import APIFlask
from flask import Flask

from admin_api.access import login, operators, request_log, totp
from admin_api.access.client_address import ClientAddress
from admin_api.customers.bulk import many
from admin_api.customers.periods import bought
from admin_api.customers.personal import personal
from admin_api.customers.routes import customers
from admin_api.customers.usage_corrections import corrections
from admin_api.devices.router_calls import routers
from admin_api.devices.router_files import files
from admin_api.devices.routes import devices
from admin_api.mail.routes import mail
from admin_api.money import accounts, commands, payments, purchases
from admin_api.money import reports as money_reports
from admin_api.money import settings as billing_settings
from admin_api.money.documents.files import files as files_of_documents
from admin_api.money.documents.routes import document_routes, receipts
from admin_api.money.documents.runs import invoice_runs
from admin_api.network.routes import network
from admin_api.operation import audit_log, cli, health, metrics
from admin_api.operation.docs_page import docs_page
from admin_api.plans.routes import plans
from admin_api.radius import quarantine, reply_rows
from admin_api.radius.routes import radius
from admin_api.reports.routes import reports
from admin_api.sessions.routes import session_routes
from admin_api.settings import Settings, SettingsError, from_environment
from admin_api.tenants.routes import isps
from admin_api.web import database, errors, openapi, requests
from admin_api.web.parts import Parts
from models.secrets.password_hashes import hash_operator_password

BLUEPRINTS = (
    login.auth,
    totp.totp,
    isps,
    operators.users,
    devices,
    routers,
    files,
    plans,
    customers,
    bought,
    many,
    corrections,
    personal,
    session_routes,
    network,
    reports,
    billing_settings.settings,
    accounts.accounts,
    purchases.purchases,
    payments.payments,
    payments.tills,
    document_routes,
    files_of_documents,
    receipts,
    invoice_runs,
    money_reports.money_reports,
    mail,
    radius,
    reply_rows.extra_attributes,
    audit_log.office,
    quarantine.quarantined,
    health.health,
    docs_page,
)


def create_app(settings: Settings | None = None) -> APIFlask:
    """The WSGI application. Settings default to the environment; what is missing there ends the start."""
    app = APIFlask(__name__, title="Infora WiFi Billing", version="1", docs_path=None)
    requests.register(app)
    request_log.register(app)
    metrics.register(app)
    errors.register(app)
    database.register(app)
    openapi.register(app)
    cli.register(app)
    commands.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    try:
        _furnish(app, settings or from_environment(os.environ))
    except SettingsError as wrong:
        # The command line must be able to say more than this (`doctor`), and to create what is missing (`initdb`).
        if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
            raise SystemExit(str(wrong)) from None
    return app


def _furnish(app: Flask, settings: Settings) -> None:
    nobody = hash_operator_password(secrets.token_urlsafe(32))
    app.extensions["infora"] = Parts(settings, database.engine_for(settings), nobody)
    app.wsgi_app = ClientAddress(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
