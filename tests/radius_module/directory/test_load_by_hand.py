"""Rows that an operator wrote by hand into FreeRADIUS' own tables, as the login process reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from radius_module.directory import load
from radius_module.directory.contents import Contents
from radius_module.rules.facts import Attribute
from tests.support.database import Tenant
from tests.support.directory_read import read, read_plan, run, shops


@pytest.fixture
def shop(engine: Engine) -> Callable[..., Tenant]:
    return shops(engine)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("NT-Password", "0" * 32), ("Password-With-Header", "{SSHA512}x"), ("Cleartext-Password", "clear")],
)
def test_a_password_row_written_by_hand_without_customer_id_is_his(
    engine: Engine, shop: Callable[..., Tenant], kind: str, value: str
) -> None:
    made, other = shop(username="Anna@Example.com"), shop(username="anna@example.com")
    run(engine, "insert into radcheck (isp_id, username, attribute, op, value) "
        "values (:isp, 'ANNA@example.com', :kind, ':=', :value)", isp=made.isp_id, kind=kind, value=value)  # fmt: skip
    found = read(engine, made)
    assert (found.credential_attribute, found.credential) == (kind, value)
    assert read(engine, other).credential is None, "the same name of another tenant is somebody else"


def test_of_several_passwords_the_newest_counts_and_an_operators_inactive_one_does_not(
    engine: Engine, shop: Callable[..., Tenant]
) -> None:
    made = shop()
    for value, active in (("first", True), ("second", True), ("third", False)):
        run(engine, "insert into radcheck (isp_id, username, attribute, value, is_active) "
            "values (:isp, 'john', 'Cleartext-Password', :value, :active)",
            isp=made.isp_id, value=value, active=active)  # fmt: skip
    assert read(engine, made).credential == "second"


def test_other_check_items_are_no_password(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop()
    run(engine, "insert into radcheck (isp_id, username, attribute, value) "
        "values (:isp, 'john', 'Simultaneous-Use', '1')", isp=made.isp_id)  # fmt: skip
    assert read(engine, made).credential is None


def test_an_operators_reply_rows_are_honoured_in_the_order_he_wrote_them(
    engine: Engine, shop: Callable[..., Tenant]
) -> None:
    made = shop()
    rows = [("Framed-Route", "+=", "10.1.0.0/24", True, "operator"), ("Filter-Id", ":=", "off", False, "operator"),
            ("Framed-IP-Address", ":=", "10.0.0.1", True, "provisioned"),
            ("Framed-Route", "+=", "10.0.0.0/24", True, "operator")]  # fmt: skip
    for name, op, value, active, origin in rows:
        run(engine, "insert into radreply (isp_id, username, attribute, op, value, is_active, origin) "
            "values (:isp, 'JOHN', :name, :op, :value, :active, :origin)",
            isp=made.isp_id, name=name, op=op, value=value, active=active, origin=origin)  # fmt: skip
    assert read(engine, made).extra == (
        Attribute("Framed-Route", "+=", "10.1.0.0/24"), Attribute("Framed-Route", "+=", "10.0.0.0/24"),
    )  # fmt: skip


def test_a_row_of_nobody_is_nobodys(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop()
    run(engine, "insert into radreply (isp_id, username, attribute, value) "
        "values (:isp, 'ghost', 'Filter-Id', 'x')", isp=made.isp_id)  # fmt: skip
    assert read(engine, made).extra == ()


def test_an_operators_rows_of_a_plan_are_the_plans_and_a_reading_of_it_alone_finds_the_same(
    engine: Engine, shop: Callable[..., Tenant]
) -> None:
    made, other = shop(), shop()
    plan_id = read_plan(engine, made).id
    for isp_id, origin in ((made.isp_id, "operator"), (made.isp_id, "provisioned"), (other.isp_id, "operator")):
        run(engine, "insert into radgroupreply (isp_id, groupname, attribute, op, value, origin) "
            "values (:isp, :group, 'Filter-Id', ':=', :origin || :isp, :origin)",
            isp=isp_id, group=f"plan_{plan_id}", origin=origin)  # fmt: skip
    found = read_plan(engine, made)
    assert found.extra == (Attribute("Filter-Id", ":=", f"operator{made.isp_id}"),)
    alone = Contents()
    with engine.connect() as connection:
        load.refresh_plans(connection, alone, [plan_id])
    assert alone.plans == {plan_id: found}
