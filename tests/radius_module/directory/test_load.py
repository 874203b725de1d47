"""The database as the login process reads it, on a real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event

from models.secrets.keyring import Keyring
from radius_module.directory import load
from radius_module.directory.contents import Contents
from radius_module.online.table import OnlineTable
from tests.support.database import Tenant, moment
from tests.support.directory_read import DAY, loaded, read, read_plan, run, shops, used
from tests.support.reports_made import NOON


@pytest.fixture
def shop(engine: Engine) -> Callable[..., Tenant]:
    return shops(engine)


def test_a_customer_with_all_that_his_login_needs(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop(username="John")
    run(engine, "update customers set static_ip = '10.0.0.9', mac_address = '02-00-00-00-00-af', "
        "status = 'suspended' where id = :id", id=made.customer_id)  # fmt: skip
    found = read(engine, made)
    assert (found.id, found.isp_id, found.username, found.status) == (
        made.customer_id,
        made.isp_id,
        "John",
        "suspended",
    )
    assert (found.static_ip, found.mac) == ("10.0.0.9", "02:00:00:00:00:AF")
    assert found.expires_at == pytest.approx(time.time() + 20 * DAY, abs=60)
    assert (found.credential, found.topups, found.extra) == (None, (), ())


def test_tenant_and_router(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop(zone="Asia/Manila")
    run(engine, "update isps set status = 'suspended', max_stale_hours = 5 where id = :id", id=made.isp_id)
    run(engine, "update mikrotik_devices set octets_reversed = true, require_message_authenticator = false, "
        "status = 'disabled' where id = :id", id=made.device_id)  # fmt: skip
    contents = loaded(engine)
    isp = contents.isps[made.isp_id]
    assert (isp.active, isp.timezone, isp.max_stale) == (False, "Asia/Manila", 5 * 3600.0)
    network, device = contents.devices[made.device_id]
    assert (str(network)[:7], device.isp_id, device.active) == ("10.200.", made.isp_id, False)
    assert (device.octets_reversed, device.require_message_authenticator) == (True, False)


def test_a_plan_with_its_rates_in_the_routers_view_and_its_minutes_in_seconds(
    engine: Engine, shop: Callable[..., Tenant]
) -> None:
    made = shop(over_limit="throttle", limit=5_000_000_000)
    run(engine, "update service_plans set upload_limit = 2.5, session_timeout = 60, idle_timeout = 5, "
        "simultaneous_use = 3, on_too_many = 'replace_oldest', address_pool = 'pool1' where isp_id = :isp",
        isp=made.isp_id)  # fmt: skip
    found = read_plan(engine, made)
    assert (found.rate, found.throttled_rate) == ("2500k/10M", "1M/1M")
    assert (found.session_timeout, found.idle_timeout, found.data_limit) == (3600, 300, 5_000_000_000)
    assert (found.simultaneous_use, found.replaces_oldest, found.throttles) == (3, True, True)
    assert (found.address_pool, found.extra) == ("pool1", ())


def test_the_running_period_comes_first_then_those_paid_ahead(engine: Engine, shop: Callable[..., Tenant]) -> None:
    now = time.time()
    starts = (now - 40 * DAY, now - 10 * DAY, now + 20 * DAY, now + 50 * DAY)
    found = read(engine, shop(periods=starts))
    assert found.period_starts == pytest.approx(starts[1:], abs=1e-5)
    assert found.period_start(now) == found.period_starts[0]
    assert found.period_start(now + 51 * DAY) == found.period_starts[2]


def test_without_a_paid_period_it_runs_from_the_customers_creation(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop()
    run(engine, "delete from subscriptions where customer_id = :id", id=made.customer_id)
    customer = read(engine, made)
    assert customer.period_starts == (customer.created_at,)
    assert customer.created_at == NOON - 86_400


def test_usage_is_that_of_the_running_period_alone(engine: Engine, shop: Callable[..., Tenant]) -> None:
    now = time.time()
    made = shop(periods=(now - 40 * DAY, now - 10 * DAY, now + 20 * DAY))
    run(engine, "insert into usage (isp_id, customer_id, period_start, bytes_in, bytes_out) "
        "select isp_id, customer_id, period_start, 10 ^ row_number() over (order by period_start), 5 "
        "from subscriptions where customer_id = :id", id=made.customer_id)  # fmt: skip
    assert used(engine, made) == 105


def test_usage_far_beyond_32_bits_is_exact(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop()
    run(engine, "insert into usage (isp_id, customer_id, period_start, bytes_in, bytes_out) "
        "select isp_id, customer_id, period_start, :one, :two from subscriptions where customer_id = :id",
        id=made.customer_id, one=2**61 + 1, two=2**60 + 1)  # fmt: skip
    assert used(engine, made) == 2**61 + 2**60 + 2


def test_topups_are_summed_by_their_period(engine: Engine, shop: Callable[..., Tenant]) -> None:
    now = time.time()
    made = shop(periods=(now - 40 * DAY, now - 10 * DAY))
    for octets in (100, 23):
        run(engine, "insert into topups (isp_id, customer_id, period_start, data_bytes) "
            "select isp_id, customer_id, period_start, :octets from subscriptions where customer_id = :id",
            id=made.customer_id, octets=octets)  # fmt: skip
    found = read(engine, made)
    assert sorted(octets for _start, octets in found.topups) == [123, 123]
    assert found.period_starts[0] in [start for start, _octets in found.topups], "one clock: equal to the last digit"


def test_open_sessions_take_places_and_ended_ones_do_not(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made, online = shop(), OnlineTable()
    for unique_id, mac, stop in (("a", "02-00-00-00-00-01", None), ("b", None, None), ("c", "x", moment(time.time()))):
        run(engine, "insert into radacct (isp_id, acctuniqueid, acctsessionid, username, device_id, "
            "callingstationid, acctstoptime, acctinputoctets) values (:isp, :id, 's', 'John', 1, :mac, :stop, 7)",
            isp=made.isp_id, id=f"{unique_id}{made.isp_id}", mac=mac, stop=stop)  # fmt: skip
    customer = read(engine, made, online)
    now = time.time()
    _used, places = online.usage_and_slots(made.customer_id, customer.period_start(now), now)
    assert {(place.session, place.mac) for place in places} == {
        (f"a{made.isp_id}", "02:00:00:00:00:01"), (f"b{made.isp_id}", "@1"),
    }  # fmt: skip


def test_who_was_deleted_is_gone_with_his_living_facts(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made, online = shop(), OnlineTable()
    contents = loaded(engine, online)
    online.take_slot(made.customer_id, "02:00:00:00:00:01", time.time())
    run(engine, "delete from customers where id = :id", id=made.customer_id)
    with engine.connect() as connection:
        load.refresh_customers(connection, contents, online, [made.customer_id])
    assert made.customer_id not in contents.customers
    assert contents.names[made.isp_id] == {}
    assert online.usage_and_slots(made.customer_id, 0.0, time.time()) == (0, ())


def test_a_router_that_was_deleted_is_gone(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop()
    contents = loaded(engine)
    assert made.device_id in contents.devices
    run(engine, "delete from mikrotik_devices where id = :id", id=made.device_id)
    with engine.connect() as connection:
        load.refresh_devices(connection, contents, [made.device_id])
    assert made.device_id not in contents.devices


def test_a_tenant_is_there_all_the_time_while_it_is_read_anew(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop()
    contents = loaded(engine)
    seen = []
    watch = lambda *_: seen.append(made.isp_id in contents.isps)  # noqa: E731
    event.listen(engine, "before_cursor_execute", watch)
    try:
        with engine.connect() as connection:
            load.refresh_isps(connection, contents, [made.isp_id])
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    assert seen == [True]


def test_nobody_is_without_his_plans_limits_while_he_moves_to_another_and_the_old_one_goes(
    engine: Engine, shop: Callable[..., Tenant]
) -> None:
    made = shop()
    contents = loaded(engine)
    old = contents.customers[made.customer_id].plan_id
    assert old is not None
    run(engine, "update customers set service_plan_id = null where id = :id; "
        "update subscriptions set service_plan_id = null where customer_id = :id; "
        "delete from service_plans where id = :plan", id=made.customer_id, plan=old)  # fmt: skip
    with engine.connect() as connection:
        load.refresh_plans(connection, contents, [old])
    assert contents.customers[made.customer_id].plan_id in contents.plans
    with engine.connect() as connection:
        load.refresh_customers(connection, contents, OnlineTable(), [made.customer_id])
    assert contents.customers[made.customer_id].plan_id is None
    assert old not in loaded(engine).plans


def test_a_load_asks_as_many_questions_for_many_customers_as_for_one(
    engine: Engine, shop: Callable[..., Tenant]
) -> None:
    counted: list[str] = []
    count = lambda _c, _cursor, statement, *_: counted.append(statement)  # noqa: E731
    made = shop()
    event.listen(engine, "before_cursor_execute", count)
    try:
        loaded(engine)
        few = len(counted)
        run(engine, "insert into customers (isp_id, username, expires_at) select :isp, 'many' || n, now() "
            "from generate_series(1, 500) n", isp=made.isp_id)  # fmt: skip
        counted.clear()
        assert len(loaded(engine).names[made.isp_id]) == 501
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(counted) == few <= 12


def test_a_secret_is_kept_in_memory_as_it_is_stored(engine: Engine, shop: Callable[..., Tenant]) -> None:
    made = shop()
    keyring = Keyring.parse("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    sealed = keyring.encrypt("secret", made.isp_id, "radcheck", made.customer_id)
    run(engine, "insert into radcheck (isp_id, customer_id, username, attribute, value, origin) "
        "values (:isp, :id, 'john', 'Cleartext-Password', :value, 'provisioned')",
        isp=made.isp_id, id=made.customer_id, value=sealed)  # fmt: skip
    assert read(engine, made).credential == sealed


def test_who_never_expires_is_the_same_customer_among_all_and_alone(
    engine: Engine, shop: Callable[..., Tenant]
) -> None:
    made = shop(username="Infinity")
    run(engine, "update customers set expires_at = 'infinity' where id = :id", id=made.customer_id)
    customer = read(engine, made)
    assert (customer.username, customer.expires_at) == ("Infinity", float("inf"))


def test_a_statement_that_is_asked_often_answers_like_the_first_time(
    engine: Engine, shop: Callable[..., Tenant]
) -> None:
    made, contents = shop(), Contents()
    with engine.connect() as connection:
        for status in ("suspended", "active") * 4:
            run(engine, "update customers set status = :to where id = :id", to=status, id=made.customer_id)
            load.refresh_customers(connection, contents, OnlineTable(), [made.customer_id], often=True)
            connection.rollback()
            assert contents.customers[made.customer_id].status == status
            assert contents.customers[made.customer_id] == read(engine, made)
