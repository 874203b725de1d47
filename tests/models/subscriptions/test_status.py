"""A customer's status at a moment: the function, the condition in SQL and the rules of a login say the same."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Customer, Isp
from models.radius.provisioning import is_served
from models.subscriptions.status import has_status, shown_status
from radius_module.rules import standing
from tests.models.conftest import NOON
from tests.support.facts_made import of_customer

STATUSES = ("active", "suspended", "expired")
SHIFTS = (-86_400, -1, 0, 1, 86_400)


@pytest.mark.parametrize(
    ("status", "shift", "shown"),
    [
        ("active", 1, "active"),
        ("active", 0, "expired"),
        ("active", -1, "expired"),
        ("expired", 1, "expired"),
        ("suspended", 1, "suspended"),
        ("suspended", -1, "suspended"),
    ],
)
def test_an_expiry_is_shown_at_its_very_moment_and_a_suspension_goes_before_it(
    status: str, shift: int, shown: str
) -> None:
    assert shown_status(status, NOON + timedelta(seconds=shift), NOON) == shown


def test_the_list_finds_customers_under_the_status_they_are_shown_with(session: Session, isp: Isp) -> None:
    for status, shift in product(STATUSES, SHIFTS):
        expires_at = NOON + timedelta(seconds=shift)
        session.add(Customer(isp_id=isp.id, username=f"{status} {shift}", status=status, expires_at=expires_at))
    session.flush()
    customers = session.scalars(select(Customer).where(Customer.isp_id == isp.id)).all()
    for wanted in STATUSES:
        listed = session.scalars(select(Customer).where(Customer.isp_id == isp.id, has_status(wanted, NOON))).all()
        shown = [each for each in customers if shown_status(each.status, each.expires_at, NOON) == wanted]
        assert {each.username for each in listed} == {each.username for each in shown}
        assert shown


@pytest.mark.parametrize(("status", "shift"), list(product(STATUSES, SHIFTS)))
def test_whom_the_rules_refuse_for_it_is_shown_so(status: str, shift: int) -> None:
    facts = of_customer(status=status, expires_at=NOON.timestamp() + shift)._replace(now=NOON.timestamp())
    refused = "suspended" if standing.suspended(facts) else "expired" if standing.expired(facts) else "active"
    assert shown_status(status, NOON + timedelta(seconds=shift), NOON) == refused


@pytest.mark.parametrize("status", STATUSES)
def test_only_a_suspension_takes_a_customers_rows_away(status: str) -> None:
    assert is_served(status) is (status != "suspended")
