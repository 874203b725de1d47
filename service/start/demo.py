"""The demo tenant, created through the models, and STATE_DIR/demo.json, which describes it.

It is created once. Whatever an operator changes in it afterwards stays changed.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Customer, Isp, MikrotikDevice, ServicePlan, Subscription
from models.db import make_engine
from models.radius.provisioning import provision_customer, provision_plan, set_password
from models.secrets.keyring import Keyring
from service.database import urls
from service.host import private_file
from service.host.secret_file import Secrets
from service.host.settings import Settings
from service.start.probe import DEMO_PASSWORD, DEMO_USERNAME

FILE = "demo.json"
ISP_NAME = "Demo ISP"
DEVICE_ADDRESS = "127.0.0.1"
_VALIDITY_DAYS = 3650  # a first look at the system must not fail because the demo has expired

Description = dict[str, Any]


@dataclass(frozen=True)
class _Rows:
    isp: Isp
    plan: ServicePlan
    device: MikrotikDevice
    customer: Customer


def ensure(settings: Settings, secret: Secrets) -> Description:
    """Create what is missing and write demo.json; returns its content."""
    path = settings.state_dir / FILE
    old = _read(path)
    url = urls.of(settings, secret).owner
    engine = make_engine(url, "infora demo")
    try:
        with Session(engine) as session, session.begin():
            tenant = _kept(session, old) or _make(session, Keyring.parse(secret.credential_keys))
    finally:
        engine.dispose()
    admin = {"username": settings.admin_username, "password": secret.admin_password}
    new = _places(settings, url) | {"admin": old.get("admin", admin)} | tenant
    if new != old:
        _write(path, new)
    return new


def _places(settings: Settings, url: str) -> Description:
    host = f"[{settings.radius_address}]" if ":" in settings.radius_address else settings.radius_address
    return {
        "api": settings.api_base,
        "radius": {"auth": f"{host}:{settings.radius_auth_port}", "acct": f"{host}:{settings.radius_acct_port}"},
        "database_url": url,
    }


def _kept(session: Session, old: Description) -> Description | None:
    """The tenant of an earlier start, untouched, as long as the database still has it."""
    if not old or session.scalar(select(Isp.id).where(Isp.id == old["isp"]["id"])) is None:
        return None
    return {name: old[name] for name in ("isp", "device", "customer")}


def _make(session: Session, keyring: Keyring) -> Description:
    """All rows of the tenant, with fresh secrets; adopts rows that are there already."""
    api_key, device_secret = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    isp = _isp(session, keyring, api_key)
    plan = _plan(session, isp)
    device = _device(session, keyring, isp, device_secret)
    customer = _customer(session, keyring, isp, plan)
    return {
        "isp": {"id": isp.id, "name": isp.name, "api_key": api_key},
        "device": {"id": device.id, "ip_address": DEVICE_ADDRESS, "secret": device_secret},
        "customer": {"id": customer.id, "username": customer.username, "password": DEMO_PASSWORD},
    }


def _isp(session: Session, keyring: Keyring, api_key: str) -> Isp:
    isp = session.scalar(select(Isp).where(Isp.name == ISP_NAME).order_by(Isp.id).limit(1))
    if isp is None:
        isp = Isp(name=ISP_NAME, company_name=ISP_NAME, email="demo@example.com")
        session.add(isp)
        session.flush()
        isp.radius_secret = keyring.encrypt(secrets.token_urlsafe(24), isp.id, "isps", isp.id)
    isp.api_key_hash = hashlib.sha256(api_key.encode()).hexdigest()
    return isp


def _plan(session: Session, isp: Isp) -> ServicePlan:
    name = "Demo 10M"
    plan = session.scalar(select(ServicePlan).where(ServicePlan.isp_id == isp.id, ServicePlan.name == name).limit(1))
    if plan is None:
        plan = ServicePlan(isp_id=isp.id, name=name, description="10 Mbit/s down, 2 up, 100 GB", price=Decimal("19.90"),
                           bandwidth_limit=Decimal(10), upload_limit=Decimal(2), data_limit_bytes=100 * 10**9,
                           session_timeout=24 * 60, idle_timeout=10, validity_days=_VALIDITY_DAYS)  # fmt: skip
        session.add(plan)
        session.flush()
        provision_plan(session, plan)
    return plan


def _device(session: Session, keyring: Keyring, isp: Isp, secret: str) -> MikrotikDevice:
    address = DEVICE_ADDRESS + "/32"
    device = session.scalar(
        select(MikrotikDevice).where(MikrotikDevice.isp_id == isp.id, MikrotikDevice.ip_address == address)
    )
    if device is None:
        device = MikrotikDevice(isp_id=isp.id, name="Demo router", ip_address=address, radius_secret="")
        session.add(device)
        session.flush()
    device.radius_secret = keyring.encrypt(secret, isp.id, "mikrotik_devices", device.id)
    return device


def _customer(session: Session, keyring: Keyring, isp: Isp, plan: ServicePlan) -> Customer:
    customer = session.scalar(select(Customer).where(Customer.isp_id == isp.id, Customer.username == DEMO_USERNAME))
    if customer is None:
        now = datetime.now(UTC)
        end = now + timedelta(days=_VALIDITY_DAYS)
        customer = Customer(isp_id=isp.id, username=DEMO_USERNAME, full_name="John Doe", email=DEMO_USERNAME,
                            service_plan_id=plan.id, expires_at=end)  # fmt: skip
        session.add(customer)
        session.flush()
        session.add(Subscription(isp_id=isp.id, customer_id=customer.id, service_plan_id=plan.id, price=plan.price,
                                 period_start=now, period_end=end))  # fmt: skip
    set_password(session, keyring, isp, customer, DEMO_PASSWORD)
    session.flush()
    provision_customer(session, customer)
    return customer


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
