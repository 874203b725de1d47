"""MikroTik routers (NAS): what a packet's source address is looked up in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, text
from sqlalchemy.dialects.postgresql import CIDR, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Id, No, Octets, TenantKey, Updated, Yes


class MikrotikDevice(Base):
    """A router. Its address belongs to one device of one tenant in the whole installation."""

    __tablename__ = "mikrotik_devices"
    __table_args__ = (
        ExcludeConstraint(
            ("ip_address", "&&"), using="gist", name="one_device_per_address", ops={"ip_address": "inet_ops"}
        ),
        CheckConstraint("status in ('active', 'disabled')", name="status_known"),
        CheckConstraint("coa_port between 1 and 65535", name="coa_port_range"),
        CheckConstraint("api_port between 1 and 65535", name="api_port_range"),
        CheckConstraint("length(name) between 1 and 200", name="name_length"),
        CheckConstraint("api_fingerprint ~ '^[0-9a-f]{64}$'", name="api_fingerprint_form"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    name: Mapped[str]
    ip_address: Mapped[str] = mapped_column(CIDR)
    #: Encrypted (models.secrets.keyring), associated data `<isp_id>/mikrotik_devices/<id>`.
    radius_secret: Mapped[str]
    require_message_authenticator: Mapped[Yes]
    #: True where the router counts Input as download, against RFC 2866.
    octets_reversed: Mapped[No]
    coa_port: Mapped[int] = mapped_column(server_default=text("3799"))
    api_host: Mapped[str | None]
    api_port: Mapped[int] = mapped_column(server_default=text("8729"))
    api_username: Mapped[str | None]
    #: Encrypted like radius_secret.
    api_password: Mapped[str | None]
    api_tls: Mapped[Yes]
    #: SHA-256 of its certificate: pinned by an operator; nothing is said to a router with another.
    api_fingerprint: Mapped[str | None]
    #: What the router was set to before it was set up from here: path → property → value.
    setup_before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]


class DeviceContact(Base):
    """When a router was last heard of, and the octets of its sessions that were booked since it was registered.

    Apart from the device, so that news every second wakes no directory.
    """

    __tablename__ = "device_contacts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["isp_id", "device_id"], ["mikrotik_devices.isp_id", "mikrotik_devices.id"], ondelete="CASCADE"
        ),
        CheckConstraint("bytes_in >= 0 and bytes_out >= 0", name="bytes_not_negative"),
    )

    isp_id: Mapped[TenantKey]
    device_id: Mapped[int] = mapped_column(primary_key=True)
    last_seen_at: Mapped[datetime]
    #: Upload and download, octets; for metrics alone.
    bytes_in: Mapped[Octets]
    bytes_out: Mapped[Octets]


class DeviceAbility(Base):
    """What a device has been seen to do when asked by CoA or Disconnect, by service and version of its software."""

    __tablename__ = "device_abilities"
    __table_args__ = (
        ForeignKeyConstraint(
            ["isp_id", "device_id"], ["mikrotik_devices.isp_id", "mikrotik_devices.id"], ondelete="CASCADE"
        ),
    )

    isp_id: Mapped[TenantKey]
    device_id: Mapped[int] = mapped_column(primary_key=True)
    #: `ppp`, `hotspot` or `other`.
    service: Mapped[str] = mapped_column(primary_key=True)
    #: Empty while nobody has asked the device for it.
    version: Mapped[str] = mapped_column(primary_key=True, server_default="")
    #: Whether it obeys; null: not known yet.
    coa: Mapped[bool | None]
    disconnect: Mapped[bool | None]
    #: How it last recognised a session (radius_module.enforce.wire.ladder).
    step: Mapped[str | None]
    #: Error-Cause of its last refusal.
    error_cause: Mapped[int | None]
    acknowledged: Mapped[int] = mapped_column(server_default=text("0"))
    refused: Mapped[int] = mapped_column(server_default=text("0"))
    unanswered: Mapped[int] = mapped_column(server_default=text("0"))
    #: Acknowledged, and accounting showed that nothing had happened.
    without_effect: Mapped[int] = mapped_column(server_default=text("0"))
    updated_at: Mapped[Updated]
