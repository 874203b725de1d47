"""What a user name is looked up by, in Python and in the database; and that nobody has another's."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Customer, Isp
from models.names import login_name
from tests.models.conftest import NOON
from tests.radius_module.test_names import FORMS, MAC, NOTATIONS, OTHERS


def in_sql(connection: Connection, name: str) -> str:
    return str(connection.scalar(select(func.infora_login_name(name))))


@pytest.mark.parametrize("name", [*NOTATIONS, *OTHERS, "John@Example.COM", "ÄÖÜ", "aabb-ccdd.ee0f"])
def test_the_database_and_python_compare_names_alike(owner: Engine, name: str) -> None:
    with owner.connect() as connection:
        assert in_sql(connection, name) == login_name(name)


def written(digits: str, form: tuple[int, str]) -> str:
    """Twelve characters in groups."""
    size, separator = form
    return separator.join(digits[at : at + size] for at in range(0, 12, size))


twelve = st.text("0123456789abcdefABCDEFg", min_size=12, max_size=12)
names = st.text(string.printable, min_size=1, max_size=20) | st.builds(
    written, twelve, st.sampled_from([*FORMS, (6, "."), (2, ".")])
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(names)
def test_they_do_for_any_name(owner: Engine, name: str) -> None:
    with owner.connect() as connection:
        assert in_sql(connection, name) == login_name(name)


def customer(isp: Isp, username: str) -> Customer:
    return Customer(isp_id=isp.id, username=username, expires_at=NOON + timedelta(days=1))


@pytest.mark.parametrize(("first", "second"), [("John", "jOHN"), *((MAC, other) for other in NOTATIONS)])
def test_two_customers_of_a_tenant_never_have_one_name(session: Session, isp: Isp, first: str, second: str) -> None:
    session.add(customer(isp, first))
    session.flush()
    session.add(customer(isp, second))
    with pytest.raises(IntegrityError, match="uq_customers_isp_id_username"):
        session.flush()


def test_two_tenants_may_both_have_the_device(session: Session, isp: Isp) -> None:
    other = Isp(name="Other")
    session.add(other)
    session.flush()
    session.add_all([customer(isp, NOTATIONS[0]), customer(other, NOTATIONS[2])])
    session.flush()


def test_another_device_is_another_customer(session: Session, isp: Isp) -> None:
    session.add_all([customer(isp, MAC), customer(isp, MAC[:-1] + "E")])
    session.flush()
