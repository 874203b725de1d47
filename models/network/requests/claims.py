"""Requests that are due, taken by one worker at a time, with what is known of their sessions.

A claim puts the next attempt off by LEASE: a worker that dies before it wrote down what became of the request leaves
it to the next one then. In the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

#: Longer than a request waits to leave and for its answer, seconds.
LEASE = 5
#: How long a request is tried, seconds. A session that then gives a sign of life is asked about anew (sweeps).
DEADLINE = 300
#: Serves one purpose among the advisory locks of this database.
_LOCKS = 0x1F16

_WANTING = text("""
select isp_id, device_id, date_part('epoch', min(next_attempt_at) - now())
  from outbox where status = 'pending' and acctuniqueid is not null group by 1, 2
""")

_KEY = "cast(:lock as bigint) << 32 | id"
_OWN = text(f"select id from unnest(cast(:devices as bigint[])) as id where pg_try_advisory_lock({_KEY})")  # noqa: S608
_DISOWN = text(f"select pg_advisory_unlock({_KEY}) from unnest(cast(:devices as bigint[])) as id")  # noqa: S608

#: Of a session's requests the oldest goes first. `+ 0` and `coalesce` keep all indexes but the session's out of the
#: choice: a queue that was empty a moment ago has no figures to choose by. Locked rows are another worker's.
_CLAIM = text(f"""
with due as (
  select o.isp_id, o.id
    from unnest(cast(:isps as bigint[]), cast(:devices as bigint[]), cast(:rooms as integer[]))
         as d (isp_id, device_id, room)
   cross join lateral (
     select o.isp_id, o.id from outbox o
      where o.isp_id = d.isp_id and o.device_id = d.device_id and o.status = 'pending' and o.acctuniqueid is not null
        and o.next_attempt_at <= now()
        and o.id = (select min(x.id) from outbox x where x.acctuniqueid = o.acctuniqueid and x.isp_id + 0 = o.isp_id
                       and coalesce(x.status, '') = 'pending')
      order by o.next_attempt_at, o.id limit d.room for update skip locked) as o)
update outbox o
   set attempts = o.attempts + 1, next_attempt_at = now() + interval '{LEASE} s',
       give_up_at = coalesce(o.give_up_at, now() + interval '{DEADLINE} s')
  from due where o.isp_id = due.isp_id and o.id = due.id
returning o.isp_id, o.id, o.parent_id, o.customer_id, o.device_id, o.kind, o.reason, o.acctuniqueid, o.session_month,
          o.step, o.error, o.attempts, o.payload, o.give_up_at <= now() as is_late
""")  # noqa: S608  # constants of this file

_TARGETS = text("""
select isp_id, id, ip_address::text, coa_port, radius_secret from mikrotik_devices
 where (isp_id, id) in (select * from unnest(cast(:isps as bigint[]), cast(:devices as bigint[])))
""")

_SESSIONS = text("""
select r.isp_id, r.acctuniqueid, r.acctsessionid, r.username, host(r.nasipaddress), host(r.framedipaddress),
       r.callingstationid, r.nasporttype, date_part('epoch', r.acctstarttime), date_part('epoch', r.acctupdatetime),
       r.acctinputoctets, r.acctoutputoctets, r.acctstoptime is null,
       exists (select from outbox o where o.isp_id + 0 = r.isp_id and o.acctuniqueid = r.acctuniqueid
                  and o.kind = 'disconnect' and o.status in ('pending', 'sent')),
       coalesce(r.callingstationid, '') <> '' and r.customer_id is not null and not exists (
         select from radacct n where n.isp_id = r.isp_id and n.customer_id = r.customer_id and n.acctstoptime is null
            and n.device_id = r.device_id and n.acctuniqueid <> r.acctuniqueid
            and n.callingstationid = r.callingstationid)
  from unnest(cast(:isps as bigint[]), cast(:ids as text[]), cast(:months as date[])) as w (isp_id, id, month)
  join radacct r on r.isp_id = w.isp_id and r.acctuniqueid = w.id and r.session_month = w.month
""")


class Claimed(NamedTuple):
    """A request that this worker is to send."""

    isp_id: int
    id: int
    parent_id: int | None
    customer_id: int | None
    device_id: int
    kind: str
    reason: str
    unique_id: str
    month: date
    step: str | None
    error: str | None
    attempts: int
    payload: dict[str, Any]
    #: Its time is over: nothing is sent any more.
    is_late: bool


class Target(NamedTuple):
    """A device, as far as requests to it are concerned. `secret` is as stored: encrypted."""

    isp_id: int
    id: int
    network: str
    port: int
    secret: str


class OpenSession(NamedTuple):
    """The request's session, as the books have it."""

    isp_id: int
    unique_id: str
    session_id: str
    username: str | None
    #: The source of its packets.
    nas_address: str | None
    framed_address: str | None
    calling_station_id: str | None
    nas_port_type: str | None
    started: float
    updated: float
    octets_in: int
    octets_out: int
    is_open: bool
    #: A Disconnect is on its way to it.
    is_ending: bool
    #: Its calling station has no other open session of the customer at the device.
    is_only_session: bool


class Wanting(NamedTuple):
    """A device with requests; the first is due in so many seconds."""

    isp_id: int
    device_id: int
    due_in: float


def devices_wanting(connection: Connection) -> list[Wanting]:
    """Devices that have requests to be sent."""
    return [Wanting(*row) for row in connection.execute(_WANTING)]


def own(connection: Connection, devices: Sequence[int]) -> set[int]:
    """Those of the devices that no other worker serves: this one does until it says otherwise, or is gone."""
    return set(connection.scalars(_OWN, {"devices": list(devices), "lock": _LOCKS}))


def disown(connection: Connection, devices: Sequence[int]) -> None:
    connection.execute(_DISOWN, {"devices": list(devices), "lock": _LOCKS})


def claim(connection: Connection, rooms: Sequence[tuple[int, int, int]]) -> list[Claimed]:
    """At most so many requests for each (tenant, device, number)."""
    isps, devices, counts = (list(column) for column in zip(*rooms, strict=True))
    rows = connection.execute(_CLAIM, {"isps": isps, "devices": devices, "rooms": counts})
    return sorted((Claimed(*row) for row in rows), key=lambda request: request.id)


def targets(connection: Connection, devices: Sequence[tuple[int, int]]) -> list[Target]:
    """Of (tenant, device); those that are gone are missing."""
    rows = connection.execute(_TARGETS, {"isps": [isp for isp, _ in devices], "devices": [id_ for _, id_ in devices]})
    return [Target(*row) for row in rows]


def sessions_of(connection: Connection, requests: Sequence[Claimed]) -> dict[tuple[int, str], OpenSession]:
    """By tenant and `radacct.acctuniqueid`."""
    rows = connection.execute(_SESSIONS, {
        "isps": [request.isp_id for request in requests], "ids": [request.unique_id for request in requests],
        "months": [request.month for request in requests],
    })  # fmt: skip
    sessions = (OpenSession(*row) for row in rows)
    return {(session.isp_id, session.unique_id): session for session in sessions}
