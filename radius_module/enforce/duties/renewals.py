"""Renewals by themselves, at the second of expiry: in a thread of its own, so that no request waits for a sale.

A customer a transaction; several workers at once, a repetition or a late run do no harm (models.money.purchases).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.audit_trail import Actor, act_as
from models.db import make_engine
from models.money.purchases.renewal_rounds import RenewalRounds
from radius_module.enforce.duties.keep_doing import keep_doing

log = logging.getLogger("radius_module.enforce")

#: Seconds between two rounds, the most of them, and after an error.
_LOOK, _LONGEST, _RETRY = 0.5, 5.0, 5.0
#: A round in which nobody was renewed is followed by a rest of so many times its length.
_SHARE = 5.0
#: Failures of one round that are logged one by one.
_TOLD = 10


def rounds_of(engine: Engine) -> RenewalRounds:
    """Rounds whose transactions are this engine's."""

    @contextmanager
    def transaction() -> Iterator[Session]:
        with Session(engine) as session, session.begin():
            act_as(session, Actor("renewal"))
            yield session

    return RenewalRounds(transaction, lambda: datetime.now(UTC))


def keep_renewing(url: str, stopping: threading.Event) -> None:
    """Until told to stop. Never raises: what cannot be done is tried again."""
    engine = make_engine(url, "infora renewals", pool_size=1, max_overflow=0)
    rounds = rounds_of(engine)

    def go_round() -> float:
        begun = time.monotonic()
        renewed = _go_round(rounds, stopping)
        rest = _SHARE * (time.monotonic() - begun)
        return _LOOK if renewed else min(max(_LOOK, rest), _LONGEST)

    keep_doing("renewals", go_round, stopping, _RETRY)
    engine.dispose()


def _go_round(rounds: RenewalRounds, stopping: threading.Event) -> int:
    """How many were renewed."""
    renewed = failures = 0
    for result in rounds.run():
        renewed += result.renewed
        failures += result.failure is not None
        if result.failure is not None and failures <= _TOLD:
            log.warning("renewals: customer %d of tenant %d is not renewed: %s",
                        result.customer_id, result.isp_id, result.failure)  # fmt: skip
        if stopping.is_set():
            break
    if failures > _TOLD:
        log.warning("renewals: %d more could not be renewed", failures - _TOLD)
    return renewed
