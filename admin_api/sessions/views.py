"""Sessions and logins: the queries and how their rows are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select

from admin_api.sessions.bodies import LoginOut, SessionOut
from admin_api.web.database import of_tenant
from models import MikrotikDevice, Radacct, Radpostauth
from models.accounting.session_id import month_of

_NEWEST = (Radacct.acctstarttime.desc(), Radacct.radacctid.desc())


def sessions() -> Select[Any]:
    """The tenant's sessions with their device's name, the newest first."""
    device = and_(MikrotikDevice.isp_id == Radacct.isp_id, MikrotikDevice.id == Radacct.device_id)
    query = select(Radacct, MikrotikDevice.name).outerjoin(MikrotikDevice, device)
    rows: Select[Any] = query.where(of_tenant(Radacct)).order_by(*_NEWEST)  # type: ignore[assignment]
    return rows


def began_between(query: Select[Any], since: datetime, until: datetime) -> Select[Any]:
    """Sessions that began then. A session lies in its login's month, which names the partitions to look at."""
    months = Radacct.session_month.between(month_of(since.timestamp() - 86_400), month_of(until.timestamp()))
    return query.where(months, Radacct.acctstarttime >= since, Radacct.acctstarttime < until)


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
        calling_station_id=row.callingstationid or None,
        terminate_cause=row.acctterminatecause,
    )
