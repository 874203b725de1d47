"""A customer is forgotten: the person goes, what was sold and used stays in the books under a number.

The customer's own rows go at once, in the caller's transaction; the writer strikes the person out of the history
(radius_module.writer.history.erasure), in slices.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from models.audit_trail import Actor, note
from models.customers.lifecycle import remove_customer
from models.money import ledger
from models.refusals import Refused
from models.tables.customers import Customer, Erasure


def erase_customer(session: Session, customer: Customer) -> Erasure:
    """Refused while money is open: who owes whom could not be said to anybody afterwards."""
    if ledger.credit_of(session, customer.isp_id, customer.id) != 0:
        raise Refused("open_balance", "The customer's account is not even: settle it first.")
    actor = session.info.get("actor", Actor("system"))
    erasure = Erasure(
        isp_id=customer.isp_id, customer_id=customer.id, username=customer.username, requested_by=actor.name
    )
    session.add(erasure)
    remove_customer(session, customer)
    note(session, "erase", "customers", customer.id, customer.isp_id)
    return erasure
