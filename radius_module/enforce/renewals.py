"""Renewals by themselves, at the second of expiry: in a thread of its own, so that no request waits for a sale.

A customer a transaction; several workers at once, a repetition or a late run do no harm (models.money.purchases).
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models.audit_trail import Actor, act_as
from models.db import first_line, make_engine
from models.money.purchases import auto_renewal

log = logging.getLogger("radius_module.enforce")

#: Seconds between two looks, and after an error.
_LOOK, _RETRY = 0.5, 5.0
#: Customers of one look; the next one follows at once where there are more.
_MOST = 200


def renew_due(engine: Engine, most: int = _MOST) -> tuple[int, int]:
    """(customers whose renewal was due, those renewed). Raises the database's errors."""
    with Session(engine) as session:
        due = auto_renewal.due(session, datetime.now(UTC), most)
    renewed = 0
    for isp_id, customer_id in due:
        with Session(engine) as session, session.begin():
            act_as(session, Actor("renewal"))
            renewed += bool(auto_renewal.renew_one(session, isp_id, customer_id, datetime.now(UTC)))
    return len(due), renewed


def keep_renewing(url: str, stopping: threading.Event) -> None:
    """Until told to stop. Never raises: what cannot be done is tried again."""
    engine = make_engine(url, "infora renewals", pool_size=1, max_overflow=0)
    wait = 0.0
    while not stopping.wait(wait):
        try:
            _due, renewed = renew_due(engine)
            # Whoever is due and cannot be renewed is looked at again, but not without a pause.
            wait = 0.0 if renewed == _MOST else _LOOK
        except SQLAlchemyError as error:
            level = logging.WARNING if wait != _RETRY else logging.DEBUG
            log.log(level, "renewals: trying again: %s", first_line(error))
            wait = _RETRY
    engine.dispose()
