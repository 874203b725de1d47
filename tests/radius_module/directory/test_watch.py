"""The thread that follows the news: what is committed is soon in force, whatever becomes of the connection."""

# ruff: noqa: S608  # statements are made of this file's own words and numbers

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from radius_module.directory.contents import Directory
from radius_module.directory.readers import Everything
from radius_module.directory.watch import Watch
from radius_module.online.table import OnlineTable
from service.testing import Installation
from tests.support.database import Tenant, make_tenant

ORIGIN = "this-node"


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


def test_more_changes_than_are_told_one_by_one_are_a_reload(installation: Installation, engine: Engine) -> None:
    made = make_tenant(engine, "reload", address="10.206.3.0/24")
    with watching(installation) as directory:
        change(engine, f"insert into customers (isp_id, username, expires_at) "
               f"select {made.isp_id}, 'u' || n, now() from generate_series(1, 301) n")  # fmt: skip
        assert until(lambda: len(directory.contents.names[made.isp_id]) == 302)
        assert directory.loads == 2


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
