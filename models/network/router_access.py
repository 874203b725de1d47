"""How a device's own API is reached, and what the books say of the device. Reads only, but for `remember_before`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

_DEVICE = text("""
select d.isp_id, d.id, d.ip_address::text, d.coa_port, d.radius_secret, d.api_host, d.api_port, d.api_username,
       d.api_password, d.api_tls, d.api_fingerprint, d.require_message_authenticator, d.setup_before,
       date_part('epoch', c.last_seen_at)
  from mikrotik_devices d
  left join device_contacts c on c.isp_id = d.isp_id and c.device_id = d.id
 where d.isp_id = :isp and d.id = :device
""")

_BOOKS = text("""
select acctuniqueid, acctsessionid, username, nasporttype, host(framedipaddress), callingstationid, host(nasipaddress),
       date_part('epoch', coalesce(acctupdatetime, acctstarttime))
  from radacct where isp_id = :isp and device_id = :device and acctstoptime is null
""")

_CUSTOMERS = text("""
select username from customers
 where isp_id = :isp and login_name in (select infora_login_name(name) from unnest(cast(:names as text[])) as name)
 order by username limit 100
""")

#: Older than a slot waits for its Start, and no older than an hour; a later login that worked settles the earlier ones.
_WITHOUT_START = text("""
select p.username, coalesce(p.callingstationid, ''), count(*), date_part('epoch', max(p.authdate))
  from radpostauth p
 where p.isp_id = :isp and p.device_id = :device and p.code = 'accept' and p.customer_id is not null
   and p.authdate between now() - interval '1 hour' and now() - interval '60 s'
   and not exists (select from radacct r where r.isp_id = p.isp_id and r.customer_id = p.customer_id
        and r.acctstarttime >= p.authdate - interval '60 s')
 group by 1, 2 order by 4 desc limit 20
""")

_REMEMBER = text("""
update mikrotik_devices set setup_before = cast(:before as jsonb) where isp_id = :isp and id = :device
""")


class RouterDevice(NamedTuple):
    """A device as far as its own API is concerned; secrets are as stored: encrypted."""

    isp_id: int
    id: int
    network: str
    coa_port: int
    radius_secret: str
    api_host: str | None
    api_port: int
    api_username: str | None
    api_password: str | None
    api_tls: bool
    api_fingerprint: str | None
    requires_signature: bool
    #: What `configure` found before it changed anything: path → property → value.
    setup_before: dict[str, dict[str, str]] | None
    #: Epoch seconds of its last packet.
    last_seen: float | None


class BookedSession(NamedTuple):
    """A session that the books take for open."""

    unique_id: str
    session_id: str
    username: str | None
    nas_port_type: str | None
    framed_address: str | None
    calling_station_id: str | None
    nas_address: str | None
    #: Epoch seconds of its last report.
    heard: float


class Unstarted(NamedTuple):
    """Logins that were accepted and began no session."""

    username: str
    mac: str
    times: int
    #: Epoch seconds of the last.
    last: float


def router_device(connection: Connection, isp_id: int, device_id: int) -> RouterDevice | None:
    row = connection.execute(_DEVICE, {"isp": isp_id, "device": device_id}).one_or_none()
    return None if row is None else RouterDevice(*row)


def open_sessions(connection: Connection, isp_id: int, device_id: int) -> list[BookedSession]:
    """Of the device, as its reports left them."""
    return [BookedSession(*row) for row in connection.execute(_BOOKS, {"isp": isp_id, "device": device_id})]


def customers_named(connection: Connection, isp_id: int, names: Sequence[str]) -> list[str]:
    """Those of the tenant's customers who have one of these names, as logins compare them."""
    return list(connection.scalars(_CUSTOMERS, {"isp": isp_id, "names": list(names)}))


def accepted_without_start(connection: Connection, isp_id: int, device_id: int) -> list[Unstarted]:
    """Who was let in by us within the hour and was not let on by the device."""
    return [Unstarted(*row) for row in connection.execute(_WITHOUT_START, {"isp": isp_id, "device": device_id})]


def remember_before(connection: Connection, isp_id: int, device_id: int, before: dict[str, Any] | None) -> None:
    """What to go back to; None once that has been done."""
    octets = None if before is None else json.dumps(before)
    connection.execute(_REMEMBER, {"isp": isp_id, "device": device_id, "before": octets})
