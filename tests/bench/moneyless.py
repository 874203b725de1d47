"""The API as it would be without money: a renewal adds the period and charges nothing. `create_app` for gunicorn."""

from datetime import datetime
from types import SimpleNamespace

from apiflask import APIFlask
from sqlalchemy.orm import Session

from admin_api import create_app as create_app_with_money
from admin_api.customers import routes
from models import Customer, Isp
from models.subscriptions import renewals


def _renew(session: Session, isp: Isp, customer: Customer, now: datetime, count: int, _pay: object,
           *, from_now: bool = False) -> None:  # fmt: skip
    renewals.renew(session, isp, customer, now, count, from_now=from_now)


def create_app() -> APIFlask:
    """Everything else is the same code."""
    routes.renewal = SimpleNamespace(renew=_renew)  # type: ignore[assignment]
    return create_app_with_money()
