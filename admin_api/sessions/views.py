"""Sessions and logins: the queries and how their rows are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from admin_api.sessions.bodies import LoginOut, SessionOut
from admin_api.web.database import of_tenant
from models import MikrotikDevice, Radacct, Radpostauth
from models.names import login_name, mac_of, notations

_NEWEST = (Radacct.acctstarttime.desc(), Radacct.radacctid.desc())


def sessions() -> Select[Any]:
    """The tenant's sessions with their device's name, the newest first."""
    device = and_(MikrotikDevice.isp_id == Radacct.isp_id, MikrotikDevice.id == Radacct.device_id)
    query = select(Radacct, MikrotikDevice.name).outerjoin(MikrotikDevice, device)
    rows: Select[Any] = query.where(of_tenant(Radacct)).order_by(*_NEWEST)  # type: ignore[assignment]
    return rows


def ended_between(query: Select[Any], since: datetime, until: datetime | None) -> Select[Any]:
    """Sessions that are over and ran within that time, whenever they began; `until` None: up to this moment."""
    query = query.where(Radacct.acctstoptime >= since)
    return query if until is None else query.where(Radacct.acctstarttime < until)


def is_called(column: InstrumentedAttribute[str | None], name: str) -> ColumnElement[bool]:
    """The user name of a session is that one: without regard to case, or to the notation of a MAC address."""
    key, mac = login_name(name), mac_of(name)
    spellings = {name.lower(), *(form.lower() for form in (notations(mac) if mac else ()))}
    beyond_ascii = func.octet_length(column) != func.length(column)
    same = [spelling for spelling in spellings if login_name(spelling) == key]
    return or_(func.lower(column).in_(same), and_(beyond_ascii, func.infora_login_name(column) == key))


def has_address(network: str) -> ColumnElement[bool]:
    """A session's address lies in that network, or a prefix of its own does, or that network in a prefix of its own."""
    if ":" not in network:
        return Radacct.framedipaddress.op("<<=")(network)
    prefixes = (Radacct.framedipv6prefix, Radacct.delegatedipv6prefix)
    return or_(Radacct.framedipv6address.op("<<=")(network), *(prefix.op("&&")(network) for prefix in prefixes))


def shown(rows: Sequence[Any]) -> list[SessionOut]:
    """As the API names things."""
    return [_session(row, device) for row, device in rows]


def logins() -> Select[Any]:
    """The tenant's logins, the newest first."""
    return (
        select(Radpostauth).where(of_tenant(Radpostauth)).order_by(Radpostauth.authdate.desc(), Radpostauth.id.desc())
    )


def shown_logins(rows: Sequence[Radpostauth]) -> list[LoginOut]:
    """As the API names things."""
    return [
        LoginOut(
            id=row.id,
            at=row.authdate,
            username=row.username,
            customer_id=row.customer_id,
            device_id=row.device_id,
            nas_ip=row.nasipaddress,
            calling_station_id=row.callingstationid or None,
            accepted=row.reply == "Access-Accept",
            code=row.code,
        )
        for row in rows
    ]


def _session(row: Radacct, device: str | None) -> SessionOut:
    return SessionOut(
        id=row.acctuniqueid,
        session_id=row.acctsessionid,
        customer_id=row.customer_id,
        username=row.username,
        device_id=row.device_id,
        device=device,
        start=row.acctstarttime,
        last_update=row.acctupdatetime,
        stop=row.acctstoptime,
        seconds=row.acctsessiontime,
        bytes_in=row.acctinputoctets,
        bytes_out=row.acctoutputoctets,
        framed_ip=row.framedipaddress,
        framed_ipv6=row.framedipv6address,
        framed_ipv6_prefix=row.framedipv6prefix,
        delegated_ipv6_prefix=row.delegatedipv6prefix,
        framed_interface_id=row.framedinterfaceid,
        calling_station_id=row.callingstationid or None,
        terminate_cause=row.acctterminatecause,
        implausible_bytes_in=None if row.implausible_input is None else int(row.implausible_input),
        implausible_bytes_out=None if row.implausible_output is None else int(row.implausible_output),
    )
