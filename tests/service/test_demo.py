"""The demo tenant is created as an operator would: audited, provisioned, adopted where it is there already."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditLog, Customer, Isp, MikrotikDevice, Radcheck, Radgroupreply, Subscription, schema
from models.db import make_engine
from models.secrets.generated import api_key_digest
from models.secrets.keyring import Keyring
from service.start import demo
from service.testing import Installation, free_ports

KEYRING = Keyring.parse("k1:" + b64encode(bytes(range(32))).decode())


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Installation(tmp_path_factory.mktemp("demo") / "state", *free_ports()) as installation:
        installation.start_postgres()
        schema.upgrade(installation.urls.owner)
        yield installation.urls.owner


@pytest.fixture
def session(url: str) -> Iterator[Session]:
    engine = make_engine(url, "tests")
    with Session(engine) as work:
        yield work
        work.rollback()
    engine.dispose()


def test_every_row_of_the_demo_is_audited(session: Session) -> None:
    description = demo.create(session, KEYRING)
    session.flush()
    rows = session.scalars(select(AuditLog).where(AuditLog.isp_id == description["isp"]["id"]).order_by(AuditLog.id))
    assert [(row.actor, row.action, row.resource) for row in rows] == [
        ("demo", "create", table) for table in ("isps", "service_plans", "mikrotik_devices", "customers")
    ]


def test_the_demo_can_log_in_and_its_secrets_open(session: Session) -> None:
    description = demo.create(session, KEYRING)
    isp_id = description["isp"]["id"]
    stored = session.scalars(select(Radcheck).where(Radcheck.isp_id == isp_id)).one()
    assert stored.customer_id == description["customer"]["id"]
    assert KEYRING.decrypt(stored.value, isp_id, "radcheck", stored.customer_id) == description["customer"]["password"]
    device = session.scalars(select(MikrotikDevice).where(MikrotikDevice.isp_id == isp_id)).one()
    secret = KEYRING.decrypt(device.radius_secret, isp_id, "mikrotik_devices", device.id)
    assert secret == description["device"]["secret"]
    digest = session.scalars(select(Isp.api_key_hash).where(Isp.id == isp_id)).one()
    assert digest == api_key_digest(description["isp"]["api_key"])
    assert session.scalars(select(Radgroupreply.attribute).where(Radgroupreply.isp_id == isp_id)).all()
    period = session.scalars(select(Subscription).where(Subscription.isp_id == isp_id)).one()
    assert (period.period_end - period.period_start).days == 3650


def test_rows_of_an_earlier_demo_are_adopted_with_fresh_secrets(session: Session) -> None:
    first = demo.create(session, KEYRING)
    again = demo.create(session, KEYRING)
    for part in ("isp", "device", "customer"):
        assert first[part]["id"] == again[part]["id"]
    assert first["isp"]["api_key"] != again["isp"]["api_key"]
    assert first["device"]["secret"] != again["device"]["secret"]
    assert len(session.scalars(select(Customer.id).where(Customer.isp_id == first["isp"]["id"])).all()) == 1
