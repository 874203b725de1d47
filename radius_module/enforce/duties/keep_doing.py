"""A duty until the worker stops: a database that is away is said once, and tried again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from models.db import first_line

log = logging.getLogger("radius_module.enforce")


def keep_doing(name: str, act: Callable[[], float], stopping: threading.Event, retry: float) -> None:
    """`act` says how many seconds to rest after it; `retry`: how many after an error of the database, which is logged.

    At once when called, and until told to stop. Raises what `act` raises beside the database's errors.
    """
    wait, is_away = 0.0, False
    while not stopping.wait(wait):
        try:
            wait, is_away = act(), False
        except SQLAlchemyError as error:
            log.log(logging.DEBUG if is_away else logging.WARNING, "%s: trying again: %s", name, first_line(error))
            wait, is_away = retry, True
