"""Invoice runs, a thousand customers a transaction: in a thread of its own, and on where one that died had come to.

A tenant that invoices by the month gets its run when the month is over.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.audit_trail import Actor, act_as
from models.db import make_engine
from models.money.documents import runs
from models.refusals import Refused
from radius_module.enforce.duties.keep_doing import keep_doing

log = logging.getLogger("radius_module.enforce")

#: Seconds between two looks for runs; a chunk takes a second or less, and nobody waits for one for longer.
_LOOK, _RETRY, _ANSWERS_WITHIN = 2.0, 5.0, 120.0
#: Seconds between two looks at the calendar.
_CALENDAR = 60.0


def go_on(engine: Engine, stopping: threading.Event) -> int:
    """Chunks of all runs that have begun, until there are none left or the worker stops; how many."""
    with Session(engine) as session:
        unfinished = runs.unfinished(session)
    chunks = 0
    for run in unfinished:
        more = True
        while more and not stopping.is_set():
            try:
                with Session(engine) as session, session.begin():
                    act_as(session, Actor("invoice-run"))
                    more = runs.issue_chunk(session, run.isp_id, run.run_id, datetime.now(UTC))
            except Refused as refused:
                log.warning("invoice run %d of tenant %d waits: %s", run.run_id, run.isp_id, refused.message)
                break
            chunks += 1
    return chunks


def begin_due(engine: Engine) -> int:
    """Runs of months that are over; how many were begun."""
    with Session(engine) as session:
        due = runs.due(session, datetime.now(UTC))
    begun = 0
    for isp_id, until in due:
        with Session(engine) as session, session.begin():
            act_as(session, Actor("invoice-run"))
            begun += runs.begin_due(session, isp_id, until, datetime.now(UTC)) is not None
    return begun


def keep_issuing(url: str, stopping: threading.Event) -> None:
    """Until told to stop. Never raises the database's errors."""
    engine = make_engine(url, "infora invoices", answers_within=_ANSWERS_WITHIN, pool_size=1, max_overflow=0)
    since_calendar = _CALENDAR

    def go_round() -> float:
        nonlocal since_calendar
        if since_calendar >= _CALENDAR:
            since_calendar = 0.0
            begin_due(engine)
        since_calendar += _LOOK
        go_on(engine, stopping)
        return _LOOK

    keep_doing("invoice runs", go_round, stopping, _RETRY)
    engine.dispose()
