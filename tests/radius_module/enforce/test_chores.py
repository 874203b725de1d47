"""The worker's chores: who reads that a request has failed reads at the same time what that says of its device."""

from __future__ import annotations

import time
from base64 import b64encode
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.network.requests import outcomes
from models.secrets.keyring import Keyring
from radius_module.enforce.chores import Chores
from radius_module.enforce.dispatch import Dispatch
from radius_module.enforce.news import News
from tests.support.database import Tenant, make_tenant

_SESSION = """insert into radacct (isp_id, customer_id, device_id, acctuniqueid, acctsessionid, username, acctstarttime,
    acctupdatetime, session_month, nasporttype)
    values (:isp, :customer, :device, :session, '81f00001', 'john', now() - interval '1 hour', now(),
            date_trunc('month', now())::date, 'Ethernet')"""
_REQUEST = """insert into outbox (isp_id, customer_id, device_id, kind, reason, acctuniqueid, session_month, session_id,
    username, status, sent_at, payload)
    values (:isp, :customer, :device, :kind, 'plan_changed', :session, date_trunc('month', now())::date, '81f00001',
            'john', 'sent', now() - interval '10 seconds', cast(:payload as jsonb))"""
#: A rate that was to fall from 8 Mbit/s to 8 kbit/s, and 100 MB since.
_EVIDENCE = '{"rate": "8k/8k", "before": "8M/8M", "octets": [0, -100000000], "at": %d}'
_numbers = count(1)


@pytest.fixture
def acknowledged(books: Engine, request: pytest.FixtureRequest) -> Tenant:
    """A tenant with a request that the device has said yes to, and a session that is reported to go on as it was."""
    number = next(_numbers)
    tenant = make_tenant(books, f"obeyed {number}", address=f"10.5.5.{number}", periods=(time.time() - 86_400,))
    of = {"isp": tenant.isp_id, "customer": tenant.customer_id, "device": tenant.device_id, "session": f"w{number}"}
    with books.begin() as connection:
        connection.execute(text(_SESSION), of)
        connection.execute(text(_REQUEST), of | {"kind": request.param, "payload": _EVIDENCE % (time.time() - 10)})
    return tenant


def requests_of(engine: Engine, tenant: Tenant) -> list[tuple[Any, ...]]:
    statement = text("select kind, status, error from outbox where isp_id = :isp order by id")
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement, {"isp": tenant.isp_id})]


def shown_of(engine: Engine, tenant: Tenant) -> list[tuple[Any, ...]]:
    """What is known of the tenant's device."""
    statement = text("select service, coa, without_effect from device_abilities where isp_id = :isp")
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement, {"isp": tenant.isp_id})]


def chores() -> Chores:
    return Chores(
        Dispatch(Keyring.parse("k1:" + b64encode(bytes(range(32))).decode()), None, (), loopback_allowed=True)
    )


@pytest.mark.parametrize(
    ("acknowledged", "requests", "learnt"),
    [
        ("disconnect", [("disconnect", "failed", "no_effect")], [("ppp", None, 1)]),
        ("coa", [("coa", "failed", "no_effect"), ("disconnect", "pending", None)], [("ppp", False, 1)]),
    ],
    indirect=["acknowledged"],
)
def test_what_a_failure_says_of_the_device_is_written_with_it(
    engine: Engine, acknowledged: Tenant, requests: list[Any], learnt: list[Any]
) -> None:
    worker, news, deadline = chores(), News(), time.monotonic() + 20
    with engine.connect() as connection:
        while requests_of(engine, acknowledged)[0][1] != "failed":
            assert time.monotonic() < deadline
            worker.do_one(connection, news, time.monotonic())
    assert (requests_of(engine, acknowledged), shown_of(engine, acknowledged)) == (requests, learnt)


@pytest.mark.parametrize("acknowledged", ["disconnect"], indirect=True)
def test_of_two_workers_who_judge_at_once_one_counts_it(engine: Engine, acknowledged: Tenant) -> None:
    with engine.connect() as first, engine.connect() as second:
        seen_by_both = [outcomes.reported_since(connection) for connection in (first, second)]
        ineffective = []
        for connection, acknowledgements in zip((first, second), seen_by_both, strict=True):
            ineffective += outcomes.judge(connection, [(change, False) for change in acknowledgements])
            connection.commit()
    assert [change.isp_id for change in ineffective] == [acknowledged.isp_id]


@pytest.fixture
def crowded(books: Engine) -> Tenant:
    """A tenant whose customer has one session too many, where newcomers replace the oldest."""
    number = next(_numbers)
    tenant = make_tenant(books, f"crowded {number}", address=f"10.5.5.{number}", periods=(time.time() - 86_400,))
    of = {"isp": tenant.isp_id, "customer": tenant.customer_id, "device": tenant.device_id}
    with books.begin() as connection:
        connection.execute(text("update service_plans set on_too_many = 'replace_oldest' where isp_id = :isp"), of)
        for age in ("older", "newer"):
            connection.execute(text(_SESSION), of | {"session": f"{age}{number}"})
        later = "update radacct set acctstarttime = now() where isp_id = :isp and acctuniqueid like 'newer%'"
        connection.execute(text(later), of)
    return tenant


@pytest.mark.parametrize("news", ["of the customer", "of the whole tenant", "of a start"])
def test_a_session_too_many_is_found_whatever_brings_the_look(engine: Engine, crowded: Tenant, news: str) -> None:
    """News of a whole tenant take in those of its customers; and some came while no worker ran."""
    worker, heard = chores(), News()
    heard.everything = news == "of a start"
    if news != "of a start":
        heard.customers[crowded.isp_id] = {crowded.customer_id} if news == "of the customer" else None
    with engine.connect() as connection:
        for _ in range(20):
            worker.do_one(connection, heard, time.monotonic())
    asked = text("select reason, acctuniqueid from outbox where isp_id = :isp")
    with engine.connect() as connection:
        [(reason, session)] = connection.execute(asked, {"isp": crowded.isp_id})
    assert reason == "too_many_sessions" and session.startswith("older")
