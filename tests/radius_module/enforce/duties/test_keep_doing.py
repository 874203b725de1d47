"""A duty goes on whatever the database does, and the log is not filled by it."""

from __future__ import annotations

import logging
import threading

import pytest
from sqlalchemy.exc import OperationalError

from radius_module.enforce.duties.keep_doing import keep_doing


def test_a_database_that_is_away_is_said_once_each_time_it_goes(caplog: pytest.LogCaptureFixture) -> None:
    stopping = threading.Event()
    outcomes = ["away", "away", "well", "away", "well"]

    def act() -> float:
        outcome = outcomes.pop(0)
        if not outcomes:
            stopping.set()
        if outcome == "away":
            raise OperationalError("select 1", {}, Exception("gone"))
        return 0.0

    with caplog.at_level(logging.DEBUG, "radius_module.enforce"):
        keep_doing("sums", act, stopping, 0.0)
    assert outcomes == []
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (level, "sums: trying again: gone") for level in (logging.WARNING, logging.DEBUG, logging.WARNING)
    ]


def test_what_is_no_fault_of_the_database_is_not_hidden() -> None:
    def act() -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        keep_doing("sums", act, threading.Event(), 0.0)
