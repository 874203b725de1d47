"""Requests that no CoA and no Disconnect got through, for the worker to try through the router's own API.

In the caller's transaction. A claim is written into the request, so that one worker at a time tries it, and each after
a pause. What came of it stands in `payload`: `router_api`.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from models.network.requests.claims import Claimed

#: Silence for so many attempts is enough to look for another way, and the request goes on being sent.
ATTEMPTS = 3
#: Seconds between two tries of one request, and how long after it has failed it is still tried.
PAUSE, LATEST = 60, 900
_MOST = 50

#: The row's own API must be set up, its certificate pinned where there is one, and the session still be open.
_CLAIM = text(f"""
with due as (
  select o.isp_id, o.id from outbox o
    join mikrotik_devices d on d.isp_id = o.isp_id and d.id = o.device_id and d.api_username is not null
     and d.api_password is not null and (d.api_fingerprint is not null or not d.api_tls)
    join radacct r on r.isp_id = o.isp_id and r.acctuniqueid = o.acctuniqueid and r.session_month = o.session_month
     and r.acctstoptime is null
   where o.acctuniqueid is not null and (o.kind = 'disconnect' or o.reason <> all(:not_worth))
     and (o.status = 'pending' and o.attempts >= {ATTEMPTS} and o.error in ('no_answer', 'bad_reply')
          or o.status = 'failed' and o.error <> 'superseded' and o.done_at > now() - interval '{LATEST} s')
     and coalesce((o.payload ->> 'router_api_at')::float8, 0) < extract(epoch from now()) - {PAUSE}
   order by o.id limit {_MOST} for update of o skip locked)
update outbox o
   set payload = o.payload || jsonb_build_object('router_api_at', extract(epoch from now()))
  from due where o.isp_id = due.isp_id and o.id = due.id
returning o.isp_id, o.id, o.parent_id, o.customer_id, o.device_id, o.kind, o.reason, o.acctuniqueid, o.session_month,
          o.step, o.error, o.attempts, o.payload, false as is_late
""")  # noqa: S608  # constants of this file

_WRITE = text("""
update outbox set payload = payload || jsonb_build_object('router_api', cast(:what as text)),
       status = case when :is_done then 'done' else status end, error = case when :is_done then null else error end,
       done_at = case when :is_done then now() else done_at end
 where isp_id = :isp and id = :id and status in ('pending', 'failed')
""")


def claim(connection: Connection, not_worth: tuple[str, ...]) -> list[Claimed]:
    """Those that are due; CoA for one of the reasons `not_worth` cuts nobody off."""
    rows = connection.execute(_CLAIM, {"not_worth": list(not_worth)})
    return sorted((Claimed(*row) for row in rows), key=lambda request: request.id)


def write(connection: Connection, request: Claimed, what: str, *, is_done: bool) -> None:
    """`done` where the router's own list shows it; else `what` says why not."""
    values = {"isp": request.isp_id, "id": request.id, "what": what, "is_done": is_done}
    connection.execute(_WRITE, values)
