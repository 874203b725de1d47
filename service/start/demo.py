"""The demo tenant, created as an operator would create it, and STATE_DIR/demo.json, which describes it.

It is created once. Whatever an operator changes in it afterwards stays changed.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Customer, Isp, MikrotikDevice, ServicePlan
from models.audit_trail import Actor, act_as
from models.customers import lifecycle
from models.db import make_engine
from models.network import devices
from models.secrets.keyring import Keyring
from models.subscriptions.plans import create_plan
from models.tenants import isps
from service.database import urls
from service.host import private_file
from service.host.secret_file import Secrets
from service.host.settings import DEMO_REMOVED, Settings
from service.start.probe import DEMO_PASSWORD, DEMO_USERNAME

FILE = "demo.json"
ISP_NAME = "Demo ISP"
DEVICE_ADDRESS = "127.0.0.1"
_VALIDITY_DAYS = 3650  # a first look at the system must not fail because the demo has expired

Description = dict[str, Any]


def ensure(settings: Settings, secret: Secrets) -> Description:
    """Create what is missing and write demo.json; returns its content."""
    path = settings.state_dir / FILE
    old = _read(path)
    url = urls.of(settings, secret).owner
    engine = make_engine(url, "infora demo")
    try:
        with Session(engine) as session, session.begin():
            tenant = _existing(session, old) or create(session, Keyring.parse(secret.credential_keys))
    finally:
        engine.dispose()
    admin = {"username": settings.admin_username, "password": secret.admin_password}
    new = _places(settings, url) | {"admin": old.get("admin", admin)} | tenant
    if new != old:
        _write(path, new)
    (settings.state_dir / DEMO_REMOVED).unlink(missing_ok=True)
    return new


def _places(settings: Settings, url: str) -> Description:
    host = f"[{settings.radius_address}]" if ":" in settings.radius_address else settings.radius_address
    return {
        "api": settings.api_base,
        "radius": {"auth": f"{host}:{settings.radius_auth_port}", "acct": f"{host}:{settings.radius_acct_port}"},
        "database_url": url,
    }


def _existing(session: Session, old: Description) -> Description | None:
    """The tenant of an earlier start, untouched, as long as the database still has it."""
    if not old or session.scalar(select(Isp.id).where(Isp.id == old["isp"]["id"])) is None:
        return None
    return {name: old[name] for name in ("isp", "device", "customer")}


def create(session: Session, keyring: Keyring) -> Description:
    """All rows of the tenant, with fresh secrets; adopts rows that are there already."""
    act_as(session, Actor("demo"))
    isp, api_key = _isp(session, keyring)
    plan = _plan(session, isp)
    device, device_secret = _device(session, keyring, isp)
    customer = _customer(session, keyring, isp, plan)
    return {
        "isp": {"id": isp.id, "name": isp.name, "api_key": api_key},
        "device": {"id": device.id, "ip_address": DEVICE_ADDRESS, "secret": device_secret},
        "customer": {"id": customer.id, "username": customer.username, "password": DEMO_PASSWORD},
    }


def _isp(session: Session, keyring: Keyring) -> tuple[Isp, str]:
    """(tenant, API key in clear)"""
    isp = session.scalar(select(Isp).where(Isp.is_demo))
    if isp is not None:
        return isp, isps.rotate_api_key(session, isp)
    isp, api_key, _ = isps.create_isp(
        session, keyring, name=ISP_NAME, company_name=ISP_NAME, email="demo@example.com", timezone="UTC", is_demo=True
    )
    return isp, api_key


def _plan(session: Session, isp: Isp) -> ServicePlan:
    name = "Demo 10M"
    plan = session.scalar(select(ServicePlan).where(ServicePlan.isp_id == isp.id, ServicePlan.name == name).limit(1))
    if plan is not None:
        return plan
    return create_plan(
        session, isp.id, name=name, description="10 Mbit/s down, 2 up, 100 GB", price_minor=1990,
        bandwidth_limit=Decimal(10), upload_limit=Decimal(2), data_limit_bytes=100 * 10**9,
        session_timeout=24 * 60, idle_timeout=10, validity_days=_VALIDITY_DAYS,
    )  # fmt: skip


def _device(session: Session, keyring: Keyring, isp: Isp) -> tuple[MikrotikDevice, str]:
    """(device, RADIUS secret in clear)"""
    address = DEVICE_ADDRESS + "/32"
    device = session.scalar(
        select(MikrotikDevice).where(MikrotikDevice.isp_id == isp.id, MikrotikDevice.ip_address == address)
    )
    if device is not None:
        return device, devices.rotate_secret(session, keyring, device)
    return devices.create_device(session, keyring, isp, name="Demo router", ip_address=address)


def _customer(session: Session, keyring: Keyring, isp: Isp, plan: ServicePlan) -> Customer:
    now = datetime.now(UTC)
    customer = session.scalar(select(Customer).where(Customer.isp_id == isp.id, Customer.username == DEMO_USERNAME))
    if customer is not None:
        lifecycle.update_customer(session, keyring, isp, customer, now, {"password": DEMO_PASSWORD})
        return customer
    return lifecycle.create_customer(
        session, keyring, isp, now, password=DEMO_PASSWORD, full_name="John Doe", email=DEMO_USERNAME,
        service_plan_id=plan.id,
    )  # fmt: skip


def read(settings: Settings) -> Description:
    """The content of demo.json, empty when there is none."""
    return _read(settings.state_dir / FILE)


def _read(path: Path) -> Description:
    try:
        description: Description = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return description


def _write(path: Path, description: Description) -> None:
    private_file.write(path, json.dumps(description, indent=2, ensure_ascii=False) + "\n")
