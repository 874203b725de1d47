"""Requests that were written when nobody was there to send them are closed by the migration, never sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from models import schema
from models.db import make_engine
from models.network.requests import claims, fan_out
from service.testing import Installation, free_ports

BEFORE = """
insert into isps (name) values ('old');
insert into mikrotik_devices (isp_id, name, ip_address, radius_secret) select id, 'R', '10.0.0.1', '' from isps;
insert into customers (isp_id, username, expires_at) select id, 'john', now() + interval '1 day' from isps;
insert into radacct (isp_id, customer_id, device_id, acctsessionid, nasipaddress)
  select c.isp_id, c.id, d.id, '81f00001', '10.0.0.1' from customers c, mikrotik_devices d;
insert into outbox (isp_id, customer_id, kind, reason, status)
  select c.isp_id, c.id, 'disconnect', 'suspended', word
    from customers c, unnest(array['pending', 'sent']) as word;
"""


def test_they_are_closed_and_nothing_comes_of_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory: Path = tmp_path_factory.mktemp("b")
    with Installation(directory / "s", *free_ports()) as installation:
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
            rows = connection.execute(text("select status, error, done_at is not null from outbox order by id")).all()
            assert [tuple(row) for row in rows] == [
                ("failed", "superseded", True), ("failed", "superseded", True),
            ]  # fmt: skip
            assert fan_out.fan_out(connection) == 0 and fan_out.look_again(connection) == 0
            assert claims.devices_wanting(connection) == []
        engine.dispose()
