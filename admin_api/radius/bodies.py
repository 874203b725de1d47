"""RADIUS over HTTP, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, IPvAnyAddress

from admin_api.web.pages import Page
from admin_api.web.strict import Query
from admin_api.web.types import Body, Line, RowId, Shown, Text, Wanted, Whole

Octets = Annotated[Whole, Field(ge=0, lt=2**63)]
Seconds = Annotated[Whole, Field(ge=0, lt=2**32)]
Reply = dict[str, str | list[str]]


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be an address such as 10.1.0.1")  # pydantic wants ValueError
    return value


NasAddress = Annotated[IPvAnyAddress, BeforeValidator(_written)]


class AuthIn(Body):
    """A login as a router would send it; `nas_ip` names the device."""

    username: Annotated[Text, Field(max_length=253)]
    password: Annotated[Text, Field(max_length=253)]
    nas_ip: NasAddress
    calling_station_id: Line = ""


class AuthOut(Shown):
    """Attributes of the Access-Accept."""

    verdict: Literal["accept"]
    code: Literal["accept"]
    reply: Reply


class AccountingIn(Body):
    """A report as a router would send it. Octets are the session's counters, 64 bits, `input_octets` the upload."""

    status_type: Literal["Start", "Interim-Update", "Stop"]
    session_id: Annotated[Line, Field(min_length=1)]
    username: Annotated[Text, Field(min_length=1, max_length=253)]
    nas_ip: NasAddress
    session_time: Seconds | None = None
    input_octets: Octets = 0
    output_octets: Octets = 0
    framed_ip: IPv4Address | None = None
    framed_ipv6: IPv6Address | None = None
    framed_ipv6_prefix: IPv6Network | None = None
    delegated_ipv6_prefix: IPv6Network | None = None
    calling_station_id: Line = ""
    terminate_cause: Line = ""
    #: As an Access-Accept gave it, in hex: it says whose the session is, whatever the customer is called since.
    class_: Annotated[str, Field(alias="class", pattern=r"^(0x)?([0-9A-Fa-f]{2}){0,253}$")] = ""


class AccountingOut(Shown):
    """The session that the report was booked on."""

    session: str | None


class ExplainQuery(Query):
    """From which router (by default the customer's last), with which Calling-Station-Id (by default that of the
    customer's registered device, or else of their last session)."""

    device_id: RowId | None = None
    calling_station_id: Wanted | None = None


class RuleOut(Shown):
    """A rule, whether it lets the customer in (`passed`), the same as a sentence, and the values that decided."""

    code: str
    passed: bool
    text: str
    facts: dict[str, Any]


class ExplainOut(Shown):
    """What would happen if the customer logged in now with the right password. `code`: `accept` or the refusal's."""

    verdict: Literal["accept", "reject"]
    code: str
    #: What was asked about, or taken because nothing was said.
    device_id: int | None
    calling_station_id: str
    rules: list[RuleOut]
    reply: Reply


class FreeradiusOut(Shown):
    """`running`: the server reports about itself."""

    running: bool
    version: str | None


class DirectoryOut(Shown):
    """The tenant's part of what logins are answered from; `age_seconds` is null while FreeRADIUS is down."""

    customers: int
    devices: int
    age_seconds: float | None


class StatusOut(Shown):
    """How RADIUS is doing."""

    freeradius: FreeradiusOut
    online_sessions: int
    spool_depth: int
    last_accounting_at: datetime | None
    directory: DirectoryOut


class QuarantinedOut(Shown):
    """A report that could not be booked: why, and what it says."""

    id: int
    reason: str
    record: dict[str, Any]
    node: str
    received_at: datetime | None
    created_at: datetime


class QuarantinePage(Page):
    items: list[QuarantinedOut]
