"""What became of requests: answers, refusals, silence, and what accounting shows. In the caller's transaction.

Only accounting makes a request `done`: an ACK proves nothing, and a Stop proves the end whatever was answered.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from models.accounting.records import SERVER_CAUSES


class Written(NamedTuple):
    """The new state of a request. Where `next_in` is None nothing more is tried."""

    isp_id: int
    id: int
    kind: str
    status: str
    error: str | None = None
    error_cause: int | None = None
    step: str | None = None
    nas_address: str | None = None
    #: Seconds until the next attempt.
    next_in: float | None = None
    #: Merged into what is there.
    payload: dict[str, Any] = {}  # noqa: RUF012  # never changed
    #: Whether what was tried counts among the attempts.
    counts: bool = True


class Acknowledged(NamedTuple):
    """A request that its device has acknowledged, and what was reported of the session since."""

    isp_id: int
    id: int
    kind: str
    device_id: int
    nas_port_type: str | None
    payload: dict[str, Any]
    #: Epoch seconds.
    sent: float
    updated: float
    octets_in: int
    octets_out: int


# A request that is over stays as it is, whoever is late to speak of it.
_WRITE = text("""
update outbox o
   set kind = case when w.kind <> o.kind and exists (
                     select from outbox x where x.isp_id = o.isp_id and x.acctuniqueid = o.acctuniqueid and x.id <> o.id
                        and x.kind = w.kind and x.status in ('pending', 'sent')) then o.kind else w.kind end,
       status = w.status, error = w.error, error_cause = coalesce(w.error_cause, o.error_cause),
       step = coalesce(w.step, o.step), nas_address = coalesce(w.nas_address::inet, o.nas_address),
       payload = o.payload || w.payload::jsonb, attempts = o.attempts - case when w.counts then 0 else 1 end,
       next_attempt_at = case when w.next_in is null then o.next_attempt_at
                              else now() + make_interval(secs => w.next_in) end,
       sent_at = case when w.status = 'sent' then clock_timestamp() else o.sent_at end,
       done_at = case when w.status in ('done', 'failed') then now() end
  from unnest(cast(:isps as bigint[]), cast(:ids as bigint[]), cast(:kinds as text[]), cast(:statuses as text[]),
              cast(:errors as text[]), cast(:causes as bigint[]), cast(:steps as text[]), cast(:addresses as text[]),
              cast(:nexts as float8[]), cast(:payloads as text[]), cast(:counts as boolean[]))
       as w (isp_id, id, kind, status, error, error_cause, step, nas_address, next_in, payload, counts)
 where o.isp_id = w.isp_id and o.id = w.id and o.status = 'pending'
""")

#: Said before it leaves: the session's Stop may be booked before the answer is.
_BECOME_DISCONNECT = text("""
update outbox o set kind = 'disconnect'
  from unnest(cast(:isps as bigint[]), cast(:ids as bigint[])) as w (isp_id, id)
 where o.isp_id = w.isp_id and o.id = w.id and o.status = 'pending' and not exists (
         select from outbox x where x.isp_id = o.isp_id and x.acctuniqueid = o.acctuniqueid and x.id <> o.id
            and x.kind = 'disconnect' and x.status in ('pending', 'sent'))
""")

#: The ladder's next rung in place of a CoA that did not do: one request more, of which the first is the parent.
_INSTEAD = text("""
insert into outbox (isp_id, parent_id, customer_id, device_id, kind, reason, acctuniqueid, session_month, session_id,
                    username, payload)
select o.isp_id, o.id, o.customer_id, o.device_id, 'disconnect', o.reason, o.acctuniqueid, o.session_month,
       o.session_id, o.username, jsonb_build_object('instead_of', coalesce(o.error_cause::text, o.error))
  from unnest(cast(:isps as bigint[]), cast(:ids as bigint[])) as w (isp_id, id)
  join outbox o on o.isp_id = w.isp_id and o.id = w.id
on conflict do nothing
""")

#: Requests first, and each one's session by its key (`offset 0` keeps that order): a planner without figures would read
#: all of a tenant's rows for each.
_OPEN_REQUESTS = """(select ctid, isp_id, id, status, device_id, acctuniqueid, session_month from outbox
        where status in ('pending', 'sent') and acctuniqueid is not null offset 0)"""
_ITS_SESSION = """(select r.acctterminatecause, r.acctstoptime, r.device_id from radacct r where r.isp_id = o.isp_id
        and r.acctuniqueid = o.acctuniqueid and r.session_month = o.session_month offset 0)"""

#: Over by the router's own word, or by ours where the device had said yes or did not know the session.
_ENDED = text(f"""
update outbox o
   set done_at = now(),
       status = case when e.cause = any(:inferred) and o.status = 'pending'
                          and coalesce(o.error, '') <> 'session_unknown' then 'failed' else 'done' end,
       error = case when e.cause = any(:inferred) and o.status = 'pending'
                         and coalesce(o.error, '') <> 'session_unknown' then coalesce(o.error, 'no_answer') end
  from (select o.ctid as place, r.acctterminatecause as cause
          from {_OPEN_REQUESTS} as o
         cross join lateral {_ITS_SESSION} as r where r.acctstoptime is not null) as e
 where o.ctid = e.place and o.status in ('pending', 'sent')
""")  # noqa: S608  # constants of this file
#: Said so that the index of open sessions is no choice: it begins with the tenant, and a planner without figures would
#: read all of the tenant's sessions for each request.
_IS_OPEN = "coalesce(r.acctstoptime, 'infinity') = 'infinity'"

#: The session has gone on at another device of the tenant's.
_MOVED = text(f"""
update outbox o set device_id = e.device_id, next_attempt_at = now()
  from (select o.ctid as place, r.device_id
          from {_OPEN_REQUESTS} as o
         cross join lateral {_ITS_SESSION} as r
         where o.status = 'pending' and r.acctstoptime is null and r.device_id <> o.device_id) as e
 where o.ctid = e.place and o.status = 'pending'
""")  # noqa: S608  # constants of this file

_REPORTED = text(f"""
select o.isp_id, o.id, o.kind, o.device_id, r.nasporttype, o.payload, date_part('epoch', o.sent_at),
       date_part('epoch', r.acctupdatetime), r.acctinputoctets, r.acctoutputoctets
  from (select * from outbox where status = 'sent' and acctuniqueid is not null offset 0) as o
 cross join lateral (select * from radacct r where r.isp_id = o.isp_id and r.acctuniqueid = o.acctuniqueid
                        and r.session_month = o.session_month offset 0) as r
 where {_IS_OPEN} and r.acctupdatetime > o.sent_at
""")  # noqa: S608  # as above

_JUDGE = text("""
update outbox o set status = w.status, error = w.error, done_at = now()
  from unnest(cast(:isps as bigint[]), cast(:ids as bigint[]), cast(:statuses as text[]), cast(:errors as text[]))
       as w (isp_id, id, status, error)
 where o.isp_id = w.isp_id and o.id = w.id and o.status = 'sent'
returning o.isp_id, o.id
""")

_FORGET = text("""
delete from outbox where (isp_id, id) in (
  select o.isp_id, o.id from outbox o join isps i on i.id = o.isp_id
   where o.done_at < now() - make_interval(days => (select min(request_retention_days)::int from isps))
     and o.done_at < now() - make_interval(days => i.request_retention_days::int) limit :most)
""")

_ORPHANS = text("""
update outbox o set status = 'failed', error = 'refused_address', done_at = now()
 where o.status = 'pending' and o.acctuniqueid is not null
   and not exists (select from mikrotik_devices d where d.isp_id = o.isp_id and d.id = o.device_id)
""")


def write(connection: Connection, rows: Sequence[Written]) -> None:
    """New states of requests that are pending."""
    if rows:
        connection.execute(_WRITE, {
            "isps": [row.isp_id for row in rows], "ids": [row.id for row in rows],
            "kinds": [row.kind for row in rows], "statuses": [row.status for row in rows],
            "errors": [row.error for row in rows], "causes": [row.error_cause for row in rows],
            "steps": [row.step for row in rows], "addresses": [row.nas_address for row in rows],
            "nexts": [row.next_in for row in rows], "payloads": [json.dumps(row.payload) for row in rows],
            "counts": [row.counts for row in rows],
        })  # fmt: skip


def become_disconnects(connection: Connection, requests: Sequence[tuple[int, int]]) -> None:
    """(tenant, id) of CoA requests that will leave as Disconnects, as no CoA brings what they are about."""
    if requests:
        connection.execute(
            _BECOME_DISCONNECT, {"isps": [isp for isp, _ in requests], "ids": [id_ for _, id_ in requests]}
        )


def disconnect_instead(connection: Connection, requests: Sequence[tuple[int, int]]) -> None:
    """(tenant, id) of CoA requests that have failed and whose sessions must not go on as they are."""
    if requests:
        connection.execute(_INSTEAD, {"isps": [isp for isp, _ in requests], "ids": [id_ for _, id_ in requests]})


def verify_ends(connection: Connection) -> None:
    """Close what concerns sessions that have ended; what concerns those that have moved is their new device's."""
    connection.execute(_ENDED, {"inferred": list(SERVER_CAUSES)})
    connection.execute(_MOVED)


def reported_since(connection: Connection) -> list[Acknowledged]:
    """Requests that were acknowledged and whose sessions have been reported to go on since."""
    return [Acknowledged(*row) for row in connection.execute(_REPORTED)]


def judge(connection: Connection, verdicts: Sequence[tuple[Acknowledged, bool]]) -> list[Acknowledged]:
    """Whether each had its effect. Those that had none, without what another worker has judged in the meantime."""
    if not verdicts:
        return []
    judged = {tuple(row) for row in connection.execute(_JUDGE, {
        "isps": [change.isp_id for change, _ in verdicts], "ids": [change.id for change, _ in verdicts],
        "statuses": ["done" if has_effect else "failed" for _, has_effect in verdicts],
        "errors": [None if has_effect else "no_effect" for _, has_effect in verdicts],
    })}  # fmt: skip
    return [change for change, has_effect in verdicts if not has_effect and (change.isp_id, change.id) in judged]


def forget_old(connection: Connection, most: int = 5000) -> int:
    """Remove a slice of what ended longer ago than its tenant keeps it; how many."""
    return connection.execute(_FORGET, {"most": most}).rowcount


def fail_orphans(connection: Connection) -> None:
    """Requests whose device is gone."""
    connection.execute(_ORPHANS)
