"""Is the process alive, and is what it needs in order."""

from __future__ import annotations

from typing import Literal

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy import text

from admin_api.operation import metrics
from admin_api.web.database import session
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from admin_api.web.route import answers, documents
from admin_api.web.types import Shown
from models import schema
from radius_module import status

health = APIBlueprint("health", __name__, tag="Health")


_TEXT = {"text/plain": {"schema": {"type": "string"}}}


class Alive(Shown):
    """The process answers."""

    status: Literal["ok"]


class Ready(Shown):
    """The database answers and has this code's schema; directory, spool and books are in order."""

    status: Literal["ok"]
    schema_revision: str


@health.get("/healthz")
@answers(Alive)
def healthz() -> dict[str, str]:
    """Is the process alive"""
    return {"status": "ok"}


@health.get("/metrics")
@documents(
    responses={
        200: {"description": "Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
    }
)
def prometheus() -> Response:
    """Metrics for Prometheus: for loopback, and with METRICS_TOKEN as bearer token"""
    settings = parts().settings
    if not metrics.may_see(settings.metrics_token):
        refuse(401, "unauthorized", "Metrics are for this machine, or with METRICS_TOKEN.")
    return metrics.page(settings.state_dir)


@health.get("/readyz")
@documents(responses=[503])
@answers(Ready)
def readyz() -> dict[str, str]:
    """Are database, schema, directory and spool in order"""
    for process, trouble in status.troubles(parts().settings.state_dir):
        refuse(503, trouble.code, f"{process}: {trouble.text}.")
    revision = session().scalar(text("select version_num from alembic_version"))
    if not schema.serves(session().connection()):
        refuse(
            503, "wrong_schema", "The database does not have this version's schema: run `flask --app admin_api initdb`."
        )
    return {"status": "ok", "schema_revision": revision}
