"""What a user name is looked up by, in Python and in the database; and that nobody has another's."""

from __future__ import annotations

import re
import string
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Customer, Isp
from models.names import login_name, second_name
from tests.models.conftest import NOON
from tests.radius_module.test_names import FORMS, MAC, NOTATIONS, OTHERS


def in_sql(connection: Connection, name: str) -> str:
    return str(connection.scalar(select(func.infora_login_name(name))))


@pytest.mark.parametrize("name", [*NOTATIONS, *OTHERS, "John@Example.COM", "ÄÖÜ", "aabb-ccdd.ee0f"])
def test_the_database_and_python_compare_names_alike(owner: Engine, name: str) -> None:
    with owner.connect() as connection:
        assert in_sql(connection, name) == login_name(name)
        assert connection.scalar(select(func.infora_second_name(name))) == second_name(name)


@pytest.mark.parametrize(
    ("first", "last"),
    # Every letter that has a case is in the first two planes; the others are looked at in the long suite.
    [(0x02, 0xD7FF), (0xE000, 0x1FFFF), pytest.param(0x20000, 0x10FFFF, marks=pytest.mark.long)],
)
def test_they_do_for_every_code_point(owner: Engine, first: int, last: int) -> None:
    """In texts of a thousand, apart from each other: a text of one would be a million questions."""
    points = range(first, last + 1)
    texts = ["\x01".join(map(chr, points[start : start + 1000])) for start in range(0, len(points), 1000)]
    with owner.connect() as connection:
        folded = [str(connection.scalar(select(func.infora_fold(thousand)))) for thousand in texts]
    differ = [
        f"{ord(point):x}"
        for theirs, thousand in zip(folded, texts, strict=True)
        for key, point in zip(theirs.split("\x01"), thousand.split("\x01"), strict=True)
        if key != login_name(point)
    ]
    assert differ == []


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12))
def test_they_do_for_text_of_any_script(owner: Engine, name: str) -> None:
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


#: By the index, or by the trigger.
TAKEN = re.compile("uq_customers_isp_id_username|has this user name")


def customer(isp: Isp, username: str) -> Customer:
    return Customer(isp_id=isp.id, username=username, expires_at=NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("first", "second"),
    [("John", "jOHN"), ("ΣΑΣ", "σας"), ("Straße", "STRASSE"), ("İ", "i\u0307"), *((MAC, other) for other in NOTATIONS)],
)
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


def named(session: Session, isp: Isp, name: str) -> int | None:
    return session.scalar(select(func.infora_customer_of(isp.id, name)))


def test_a_row_inserted_by_hand_has_its_key(session: Session, isp: Isp) -> None:
    session.execute(
        text("insert into customers (isp_id, username, expires_at, login_name) values (:isp, 'ΣΑΣ', now(), 'wrong')"),
        {"isp": isp.id},
    )
    keys = text("select login_name from customers where isp_id = :isp")
    assert session.scalars(keys, {"isp": isp.id}).all() == ["σασ"]
    session.execute(text("update customers set username = 'Straße' where isp_id = :isp"), {"isp": isp.id})
    assert session.scalars(keys, {"isp": isp.id}).all() == ["strasse"]
    session.execute(text("update customers set login_name = 'wrong' where isp_id = :isp"), {"isp": isp.id})
    assert session.scalars(keys, {"isp": isp.id}).all() == ["strasse"]


def test_a_phone_number_and_a_device_of_the_same_digits_are_two_customers(session: Session, isp: Isp) -> None:
    phone, device = customer(isp, "254712345678"), customer(isp, "25-47-12-34-56-78")
    session.add_all([phone, device])
    session.flush()
    assert named(session, isp, "254712345678") == phone.id
    assert named(session, isp, "2547.1234.5678") == device.id
    session.delete(device)
    session.flush()
    assert named(session, isp, "25:47:12:34:56:78") == phone.id, "a MAC address second"


def test_names_that_were_apart_go_on_as_they_are_and_no_new_one_joins_them(session: Session, isp: Isp) -> None:
    """As the upgrade leaves them: without the trigger, which would refuse the second."""
    session.execute(text("alter table customers disable trigger name_customer"))
    ids = [
        session.scalar(
            text("insert into customers (isp_id, username, expires_at, login_name, name_twin)"
                 " values (:isp, :name, now(), 'σασ', :twin) returning id"),
            {"isp": isp.id, "name": name, "twin": twin},
        )
        for twin, name in enumerate(("ΣΑΣ", "σας"))
    ]  # fmt: skip
    session.execute(text("alter table customers enable trigger name_customer"))
    assert [named(session, isp, name) for name in ("ΣΑΣ", "σας", "Σας", "σασ")] == [ids[0], ids[1], ids[0], ids[0]]
    session.execute(text("update customers set phone = '1', username = username where isp_id = :isp"), {"isp": isp.id})
    for name in ("Σασ", "σας"):
        with pytest.raises(IntegrityError, match=TAKEN), session.begin_nested():
            session.add(customer(isp, name))
            session.flush()
    session.execute(text("delete from customers where id = :id"), {"id": ids[0]})
    assert [named(session, isp, name) for name in ("ΣΑΣ", "σας")] == [ids[1], ids[1]]
    with pytest.raises(IntegrityError, match=TAKEN), session.begin_nested():
        session.add(customer(isp, "ΣΑΣ"))
        session.flush()
    session.execute(text("update customers set username = 'another' where id = :id"), {"id": ids[1]})
    session.add(customer(isp, "ΣΑΣ"))
    session.flush()
