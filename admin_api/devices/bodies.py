"""Devices (routers), as sent and as shown."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from admin_api.web.pages import Page
from admin_api.web.types import Address, Body, DeviceRadiusSecret, Line, Name, Port, Shown, unchanged

Status = Literal["active", "disabled"]
#: An address or a network; what it may be is for models.network.addresses to say.
DeviceAddress = Annotated[str, Field(min_length=2, max_length=64)]
HostName = Annotated[str, Field(min_length=1, max_length=253)]


def _fingerprint(text: str) -> str:
    digits = text.replace(":", "").replace(" ", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ValueError("must be the SHA-256 of the certificate: 64 hex digits, with or without colons")
    return digits


Fingerprint = Annotated[str, Field(max_length=200), AfterValidator(_fingerprint)]


class DeviceIn(Body):
    """A new device. `radius_secret`: its own, made when absent, or the ISP's with `isp`."""

    name: Name
    ip_address: DeviceAddress
    radius_secret: DeviceRadiusSecret | None = None
    require_message_authenticator: bool = True
    octets_reversed: bool = False
    coa_port: Port = 3799
    api_host: HostName | None = None
    api_port: Port = 8729
    api_username: Line | None = None
    api_password: Line | None = None
    api_tls: bool = True
    api_fingerprint: Fingerprint | None = None
    status: Status = "active"


class DeviceChange(Body):
    """The fields that are given change."""

    name: Name = unchanged()
    ip_address: DeviceAddress = unchanged()
    radius_secret: DeviceRadiusSecret = unchanged()
    require_message_authenticator: bool = unchanged()
    octets_reversed: bool = unchanged()
    coa_port: Port = unchanged()
    api_host: HostName | None = None
    api_port: Port = unchanged()
    api_username: Line | None = None
    api_password: Line | None = None
    api_tls: bool = unchanged()
    api_fingerprint: Fingerprint | None = None
    status: Status = unchanged()


class CoaOut(Shown):
    """What the device has been seen to do for one service when asked by CoA or Disconnect; null: not known yet.

    `without_effect` counts what it acknowledged and, as accounting showed, did not do.
    """

    service: str
    version: str
    coa: bool | None
    disconnect: bool | None
    error_cause: int | None
    acknowledged: int
    refused: int
    unanswered: int
    without_effect: int


class DeviceOut(Shown):
    """A device, without its secrets."""

    id: int
    isp_id: int
    name: str
    ip_address: Address
    require_message_authenticator: bool
    octets_reversed: bool
    coa_port: int
    api_host: str | None
    api_port: int
    api_username: str | None
    api_tls: bool
    api_fingerprint: str | None
    status: Status
    last_seen_at: datetime | None = None
    coa: list[CoaOut] = Field(default_factory=list)
    #: Access-Requests dropped for want of a Message-Authenticator since FreeRADIUS started, and when the last one came.
    unsigned_requests: int = 0
    unsigned_last_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


class DeviceWithSecret(DeviceOut):
    """A device with the RADIUS secret that was just made or taken, for the only time."""

    radius_secret: str


class DevicePage(Page):
    items: list[DeviceOut]
