"""Everybody whose period has ended, one after the other: what the worker and `renew-due` go through.

Each customer has a transaction of their own, which the caller opens and ends. Nobody is stopped by the customers before
them: the look goes on behind whoever was refused or went wrong, and leaves those alone for a while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.money.purchases import auto_renewal
from models.money.purchases.auto_renewal import Due

#: Opens a transaction that ends with the block: whole, or not at all.
Transaction = Callable[[], AbstractContextManager[Session]]
#: Customers of one look.
_LOOK = 500
#: How long somebody who could not be renewed is left alone.
_REST = timedelta(minutes=1)


class Result(NamedTuple):
    """What became of one customer; `failure`: why they were not renewed, in words."""

    isp_id: int
    customer_id: int
    renewed: bool
    failure: str | None = None


class RenewalRounds:
    """Rounds over all who are due; from round to round it remembers who could not be renewed."""

    def __init__(self, transaction: Transaction, clock: Callable[[], datetime], look: int = _LOOK) -> None:
        self._transaction, self._clock, self._look = transaction, clock, look
        #: (tenant, customer) → until when they are left alone.
        self._resting: dict[tuple[int, int], datetime] = {}

    def run(self) -> Iterator[Result]:
        """One round. Raises the database's error where it is the database that is away."""
        now = self._clock()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        last: Due | None = None
        while True:
            with self._transaction() as session:
                looked_at = auto_renewal.due(session, now, self._look, last)
            for customer in looked_at:
                if customer[:2] not in self._resting:
                    yield self._renew(customer)
            if len(looked_at) < self._look:
                return
            last = looked_at[-1]

    def _renew(self, customer: Due) -> Result:
        now = self._clock()
        charged, failure = False, None
        try:
            with self._transaction() as session:
                renewed = auto_renewal.renew_one(session, customer.isp_id, customer.customer_id, now, wait=False)
                charged, failure = bool(renewed.charges), renewed.refusal
        except DBAPIError as error:
            if _is_away(error):
                raise
            charged, failure = False, str(error.orig).partition("\n")[0]
        except Exception as error:  # whatever it was, it is this customer's and keeps nobody else waiting
            charged, failure = False, f"{type(error).__name__}: {error}"
        if failure is not None:
            self._resting[customer[:2]] = now + _REST
        return Result(customer.isp_id, customer.customer_id, charged, failure)


def _is_away(error: DBAPIError) -> bool:
    """Whether the database is gone, starting or stopping (SQLSTATE 57P…), and not the statement wrong."""
    state = getattr(error.orig, "pgcode", None)
    return error.connection_invalidated or state is None or state.startswith("57P")
