"""The thread that follows the news: what is committed is soon in force, whatever becomes of the connection."""

# ruff: noqa: S608  # statements are made of this file's own words and numbers

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, text

from radius_module.directory.contents import Directory
from radius_module.directory.readers import Everything
from radius_module.directory.watch import Watch
from radius_module.online.table import OnlineTable
from radius_module.rules.facts import Customer
from service.testing import Installation
from tests.support.database import Tenant, make_tenant

ORIGIN = "this-node"
numbers = itertools.count(1)


@contextmanager
def watching(installation: Installation, online: OnlineTable | None = None) -> Iterator[Directory]:
    directory = Directory()
    watch = Watch(installation.urls.engine, directory, Everything(directory, online or OnlineTable()), ORIGIN)
    watch.start()
    try:
        assert watch.tried.wait(20)
        yield directory
    finally:
        watch.stop()


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Does it become true in time?"""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return False


def change(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def name_of(directory: Directory, shop: Tenant) -> str:
    return directory.contents.customers[shop.customer_id].username


def test_what_is_committed_is_soon_in_force(installation: Installation, engine: Engine) -> None:
    made = make_tenant(engine, "watched", address="10.206.1.0/24")
    with watching(installation) as directory:
        assert name_of(directory, made) == "john"
        loads = directory.loads
        change(engine, f"update customers set username = 'jack' where id = {made.customer_id}")
        assert until(lambda: name_of(directory, made) == "jack")
        change(engine, f"update isps set status = 'suspended' where id = {made.isp_id}")
        assert until(lambda: not directory.contents.isps[made.isp_id].active)
        change(engine, f"delete from mikrotik_devices where id = {made.device_id}")
        assert until(lambda: directory.device("10.206.1.1") is None)
        change(engine, f"update service_plans set bandwidth_limit = 77 where isp_id = {made.isp_id}")
        plan = directory.contents.customers[made.customer_id].plan_id or 0
        assert until(lambda: directory.contents.plans[plan].rate == "77M/77M")
        assert directory.loads == loads, "entry by entry, not by reloads"


def test_news_of_this_nodes_own_writer_are_skipped(installation: Installation, engine: Engine) -> None:
    made = make_tenant(engine, "own news", address="10.206.2.0/24")
    with watching(installation) as directory:
        with engine.begin() as connection:
            connection.execute(text(f"set local infora.origin = '{ORIGIN}'"))
            connection.execute(text(f"update customers set username = 'own' where id = {made.customer_id}"))
        # Two more changes, one after the other: when the second is in force, everything before has been followed.
        for status in ("suspended", "active"):
            change(engine, f"update isps set status = '{status}' where id = {made.isp_id}")
            assert until(lambda wanted=status == "active": directory.contents.isps[made.isp_id].active is wanted)  # type: ignore[misc]
        assert name_of(directory, made) == "john"


def add_customers(engine: Engine, shop: Tenant, count: int) -> None:
    change(engine, f"insert into customers (isp_id, username, expires_at) "
           f"select {shop.isp_id}, 'u' || n, now() from generate_series(1, {count}) n")  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "shows"),
    [
        ("update customers set status = 'suspended' where {mass}", lambda customer: customer.status == "suspended"),
        (
            "insert into radreply (isp_id, customer_id, username, attribute, value) "
            "select isp_id, id, username, 'Filter-Id', 'x' from customers where {mass}",
            lambda customer: customer.extra != (),
        ),
        (
            "insert into radcheck (isp_id, customer_id, username, attribute, op, value) "
            "select isp_id, id, username, 'Cleartext-Password', ':=', 'x' from customers where {mass}",
            lambda customer: customer.credential == "x",
        ),
        (
            "insert into topups (isp_id, customer_id, period_start, data_bytes) "
            "select isp_id, id, now(), 5 from customers where {mass}",
            lambda customer: customer.topups != (),
        ),
        (
            "insert into subscriptions (isp_id, customer_id, period_start, period_end) "
            "select isp_id, id, now() + interval '1 day', now() + interval '2 days' from customers where {mass}",
            lambda customer: len(customer.period_starts) == 2,
        ),
    ],
)
def test_more_changes_than_are_told_one_by_one_are_followed_without_a_reload(
    installation: Installation, engine: Engine, statement: str, shows: Callable[[Customer], bool]
) -> None:
    made = make_tenant(engine, f"many {next(numbers)}", address=f"10.206.{100 + next(numbers)}.0/24")
    with watching(installation) as directory:
        add_customers(engine, made, 700)
        names = directory.contents.names
        assert until(lambda: len(names[made.isp_id]) == 701)
        change(engine, statement.format(mass=f"isp_id = {made.isp_id} and username <> 'john'"))
        assert until(lambda: sum(map(shows, names[made.isp_id].values())) == 700)
        assert directory.loads == 1


def test_what_a_statement_took_from_many_is_gone(installation: Installation, engine: Engine) -> None:
    made = make_tenant(engine, "taken", address="10.206.3.0/24")
    add_customers(engine, made, 700)
    change(engine, f"insert into radreply (isp_id, customer_id, username, attribute, value) "
           f"select isp_id, id, username, 'Filter-Id', 'x' from customers where isp_id = {made.isp_id}")  # fmt: skip
    with watching(installation) as directory:
        names = directory.contents.names
        assert all(customer.extra for customer in names[made.isp_id].values())
        change(engine, f"delete from radreply where isp_id = {made.isp_id}")
        assert until(lambda: not any(customer.extra for customer in names[made.isp_id].values()))
        change(engine, f"delete from customers where isp_id = {made.isp_id} and username <> 'john'")
        assert until(lambda: list(names[made.isp_id]) == ["john"])
        assert directory.loads == 1


def test_many_devices_come_and_go_without_a_reload(installation: Installation, engine: Engine) -> None:
    made = make_tenant(engine, "sites", address="10.206.5.0/24")
    with watching(installation) as directory:
        change(engine, "insert into mikrotik_devices (isp_id, name, ip_address, radius_secret) "
               f"select {made.isp_id}, "
               "'d' || n, ('10.207.' || n / 250 || '.' || n % 250)::inet, 'x' "
               "from generate_series(1, 700) n")  # fmt: skip
        assert until(lambda: all(directory.device(f"10.207.{n // 250}.{n % 250}") for n in range(1, 701)))
        change(engine, f"delete from mikrotik_devices where isp_id = {made.isp_id} and name <> 'sites'")
        assert until(lambda: not any(directory.device(f"10.207.{n // 250}.{n % 250}") for n in range(1, 701)))
        assert directory.loads == 1
        assert directory.device("10.206.5.1") is not None


def test_a_truncated_table_is_a_reload(installation: Installation, engine: Engine) -> None:
    with watching(installation) as directory:
        change(engine, "select pg_notify('infora', 'all 0 * -')")
        assert until(lambda: directory.loads == 2)


def test_a_change_made_while_the_connection_was_lost_is_not(installation: Installation, engine: Engine) -> None:
    made = make_tenant(engine, "lost", address="10.206.4.0/24")
    with watching(installation) as directory:
        with engine.begin() as connection:
            kill_listeners(connection)
            connection.execute(text(f"update customers set username = 'meanwhile' where id = {made.customer_id}"))
        assert until(lambda: name_of(directory, made) == "meanwhile")
        assert directory.loads == 2


def kill_listeners(connection: Connection) -> None:
    """As the network would: the directory's own connection ends without a word."""
    killed = connection.execute(
        text(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'infora directory listen'"
        )
    ).all()
    assert killed


def test_the_age_stays_small_while_the_database_answers(installation: Installation) -> None:
    with watching(installation) as directory:
        time.sleep(1.3)
        assert directory.age() < 1.3
