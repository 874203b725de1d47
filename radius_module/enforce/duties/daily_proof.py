"""The books are proved once a day, whether anybody asks or not: in a thread of its own of the worker.

What is broken stands in the log, in /metrics and in `make doctor`. Several workers take turns.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from models.db import first_line, make_engine
from models.money.books import daily_proof
from models.money.books.verification import Finding, verify
from radius_module.enforce.duties.keep_doing import keep_doing

log = logging.getLogger("radius_module.enforce")

#: Seconds between two looks whether a proof is due. Books of many years take their time to be added up.
_LOOK, _ANSWERS_WITHIN = 60.0, 3600.0


def prove_if_due(engine: Engine) -> list[Finding] | None:
    """What is broken; None where no proof was due, or somebody else is at it. Raises the database's errors."""
    with engine.connect() as connection:
        if not daily_proof.take_turn(connection):
            return None
        try:
            is_due = daily_proof.is_due(connection)
            connection.commit()
            return _prove(connection) if is_due else None
        finally:
            connection.rollback()
            daily_proof.end_turn(connection)
            connection.commit()


def keep_proving(url: str, stopping: threading.Event) -> None:
    """Until told to stop. Never raises."""
    engine = make_engine(url, "infora books", answers_within=_ANSWERS_WITHIN, pool_size=1, max_overflow=0)

    def look() -> float:
        prove_if_due(engine)
        return _LOOK

    keep_doing("books", look, stopping, _LOOK)
    engine.dispose()


def _prove(connection: Connection) -> list[Finding]:
    _checkpoint(connection)
    begun = time.monotonic()
    daily_proof.begin_proof(connection)
    findings = verify(connection)
    connection.commit()
    daily_proof.keep(connection, findings, int((time.monotonic() - begun) * 1000))
    connection.commit()
    for finding in findings:
        where = f"tenant {finding.isp_id}, {finding.row}: {finding.detail}"
        log.error("books: %s. Broken rule: %s (%d rows).", where, finding.rule, finding.rows)
    return findings


def _checkpoint(connection: Connection) -> None:
    """First, so that the proof is one of the checkpoints too. Without one, sums are longer until tomorrow."""
    try:
        through = daily_proof.horizon(connection)
        connection.commit()
        daily_proof.checkpoint(connection, through)
        connection.commit()
    except OperationalError as error:
        if error.connection_invalidated:
            raise
        connection.rollback()
        log.info("books: no checkpoint today: %s", first_line(error))
