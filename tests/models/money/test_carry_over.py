"""An installation from before the books: prices become minor units, periods are carried over as given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from models import schema
from models.db import make_engine
from service.testing import Installation, free_ports
from tests.support.money_world import broken

BEFORE = """
insert into isps (name, currency, timezone) values ('dollars', 'USD', 'UTC'), ('shillings', 'UGX', 'Africa/Kampala'),
                                                   ('dinars', 'KWD', 'UTC'), ('unknown', 'QQQ', 'UTC');
insert into service_plans (isp_id, name, price, validity_days) select id, 'Basic', 12.50, 30 from isps;
insert into customers (isp_id, username, service_plan_id, expires_at)
  select isp_id, 'john', id, '2026-03-01' from service_plans;
insert into subscriptions (isp_id, customer_id, service_plan_id, price, period_start, period_end, created_at)
  select isp_id, id, service_plan_id, 12.49, timestamptz '2026-01-01', timestamptz '2026-02-15',
         timestamptz '2025-12-31 22:00Z' from customers
  union all select isp_id, id, null, 0, timestamptz '2026-02-01', timestamptz '2026-03-01',
         timestamptz '2026-01-31' from customers;
"""


@pytest.fixture(scope="module")
def upgraded() -> Iterator[Connection]:
    with (
        tempfile.TemporaryDirectory(prefix="unit-", dir="/tmp", ignore_cleanup_errors=True) as directory,
        Installation(Path(directory) / "state", *free_ports()) as installation,
    ):
        installation.start_postgres()
        engine = make_engine(installation.urls.owner, "tests")
        config = schema.config()
        with engine.connect() as connection:
            config.attributes.update(connection=connection, engine_role="infora_engine", api_role="infora_api")
            command.upgrade(config, "0014")
            connection.execute(text(BEFORE))
            connection.commit()
            command.upgrade(config, "head")
            connection.commit()
            yield connection
        engine.dispose()


def test_prices_keep_their_value_in_the_currencys_own_units(upgraded: Connection) -> None:
    rows = upgraded.execute(text(
        "select i.name, p.price_minor, s.price_minor from isps i join service_plans p on p.isp_id = i.id"
        " join subscriptions s on s.isp_id = i.id and s.service_plan_id = p.id order by i.id"))  # fmt: skip
    assert [tuple(row) for row in rows] == [
        ("dollars", 1250, 1249), ("shillings", 13, 12), ("dinars", 12500, 12490), ("unknown", 1250, 1249)]  # fmt: skip


def test_periods_sold_before_are_given_even_where_they_overlap(upgraded: Connection) -> None:
    charges = upgraded.execute(text(
        "select c.description, c.net, c.given, c.reason, c.effective_on::text from charges c"
        " join isps i on i.id = c.isp_id where i.name = 'shillings' order by c.subscription_id, c.id"))  # fmt: skip
    reason = "sold before the books began"
    assert [tuple(row) for row in charges] == [
        ("Basic", 12, True, reason, "2026-01-01"), ("Basic", -12, True, reason, "2026-01-01"),
        *[("Period without a plan", 0, True, reason, "2026-01-31")] * 2,
    ]  # fmt: skip
    assert upgraded.scalar(text("select count(*) from transfers")) == 0
    assert broken(upgraded) == []
