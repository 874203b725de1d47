"""One act for many customers: each is done or refused by itself. In the caller's transactions; commits nothing.

A run knows its customers from the beginning, because an act may change what they were chosen by, and remembers what
became of each in the transaction that did it. So whoever repeats a request that broke off goes on where it ended, and
nobody is renewed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, delete, func, insert, literal, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from models.refusals import Invalid, Refused
from models.tables.charges import Charge
from models.tables.customers import BulkResult, BulkRun, Customer

#: What is done to one customer, and what they were charged for it.
Act = Callable[[Customer], Sequence[Charge]]
#: (code, sentence) of a constraint that an act has violated.
Words = Callable[[IntegrityError], tuple[str, str]]
#: Customers of a transaction: none of them is locked for long.
SLICE = 50
_LIFETIME = text("interval '24 hours'")
#: Locks that were not to be had in time.
_LOCKED = ("55P03", "40P01")
_BUSY = "Somebody else was changing the customer at the same moment: try again."
_GONE = "The customer has been deleted meanwhile."


class Unchanged(Exception):
    """The customer is already as the act would make them; the text says how."""


class Result(NamedTuple):
    """What became of a customer. `code`: `done`, `unchanged`, or the refusal's; `charged`: minor units."""

    customer_id: int
    code: str
    message: str
    charged: int = 0
    expires_at: datetime | None = None


class _Undone(Exception):
    """Ends a savepoint that is not to be kept."""


def begin_run(session: Session, isp_id: int, key_id: int | None, customers: Select[Customer]) -> int:
    """The id of a new run over these customers, or of the one that the idempotency key began."""
    old = (BulkRun.isp_id == isp_id, BulkRun.created_at < func.now() - _LIFETIME)
    session.execute(delete(BulkRun).where(*old))
    if key_id is not None:
        begun = select(BulkRun.id).where(BulkRun.isp_id == isp_id, BulkRun.idempotency_key_id == key_id)
        if (run_id := session.scalar(begun)) is not None:
            return run_id
    run = BulkRun(isp_id=isp_id, idempotency_key_id=key_id)
    session.add(run)
    session.flush()
    rows = customers.with_only_columns(Customer.isp_id, literal(run.id), Customer.id)
    session.execute(insert(BulkResult).from_select(["isp_id", "run_id", "customer_id"], rows))
    return run.id


def next_slice(session: Session, isp_id: int, run_id: int) -> list[int]:
    """The next customers of the run, by id; none: it is over. Two requests that do the same run take turns."""
    session.execute(select(BulkRun.id).where(BulkRun.isp_id == isp_id, BulkRun.id == run_id).with_for_update())
    waiting = (BulkResult.isp_id == isp_id, BulkResult.run_id == run_id, BulkResult.code.is_(None))
    query = select(BulkResult.customer_id).where(*waiting).order_by(BulkResult.customer_id).limit(SLICE)
    return list(session.scalars(query))


def carry_out(session: Session, isp_id: int, ids: Sequence[int], act: Act, words: Words, *, keep: bool) -> list[Result]:
    """Do the act to each, by itself. Without `keep` it is undone again: the result is what it would be."""
    customers = _locked(session, isp_id, ids)
    return [
        _attempt(session, customers[customer_id], act, words, keep=keep)
        if customer_id in customers
        else _absent(session, isp_id, customer_id)
        for customer_id in ids
    ]


def remember(session: Session, isp_id: int, run_id: int, results: Sequence[Result]) -> None:
    """Beside what was done, in its transaction."""
    session.execute(update(BulkResult), [{"isp_id": isp_id, "run_id": run_id, **row._asdict()} for row in results])


def results_of(session: Session, isp_id: int, run_id: int) -> list[Result]:
    """Of the whole run, by customer."""
    result = BulkResult
    of_run = (result.isp_id == isp_id, result.run_id == run_id, result.code.is_not(None))
    return [
        Result(row.customer_id, row.code or "", row.message or "", row.charged or 0, row.expires_at)
        for row in session.scalars(select(result).where(*of_run).order_by(result.customer_id))
    ]


def names_of(session: Session, isp_id: int, ids: Sequence[int]) -> dict[int, str]:
    """User names, of those who are still there."""
    query = select(Customer.id, Customer.username).where(Customer.isp_id == isp_id, Customer.id == func.any(list(ids)))
    return {row.id: row.username for row in session.execute(query)}


def _locked(session: Session, isp_id: int, ids: Sequence[int]) -> dict[int, Customer]:
    """Those who are there, as they are now; after a long wait without those whom somebody else is changing."""
    query = (
        select(Customer)
        .where(Customer.isp_id == isp_id, Customer.id.in_(ids))
        .order_by(Customer.id)
        .execution_options(populate_existing=True)
    )
    try:
        with session.begin_nested():
            rows = session.scalars(query.with_for_update(key_share=True)).all()
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) not in _LOCKED:
            raise
        rows = session.scalars(query.with_for_update(key_share=True, skip_locked=True)).all()
    return {customer.id: customer for customer in rows}


def _absent(session: Session, isp_id: int, customer_id: int) -> Result:
    there = session.scalar(select(Customer.id).where(Customer.isp_id == isp_id, Customer.id == customer_id))
    return Result(customer_id, "not_found", _GONE) if there is None else Result(customer_id, "busy", _BUSY)


def _attempt(session: Session, customer: Customer, act: Act, words: Words, *, keep: bool) -> Result:
    """In a savepoint: what is refused leaves no trace."""
    customer_id = customer.id
    result = Result(customer_id, "done", "Done.")
    try:
        with session.begin_nested():
            charged = sum(charge.total for charge in act(customer) if not charge.given)
            session.flush()
            result = result._replace(charged=charged, expires_at=customer.expires_at)
            if not keep:
                raise _Undone
    except _Undone:
        return result
    except Unchanged as unchanged:
        return Result(customer_id, "unchanged", str(unchanged))
    except Refused as refused:
        return Result(customer_id, refused.code, refused.message)
    except Invalid as wrong:
        return Result(customer_id, "invalid", f"{wrong.field} {wrong.message}")
    except IntegrityError as error:
        return Result(customer_id, *words(error))
    return result
