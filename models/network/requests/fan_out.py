"""Events → one request for each open session. In the caller's transaction; safe to repeat."""

from __future__ import annotations

from sqlalchemy import Connection, text

#: A session that was let in before a change may be reported only after it: for so long an event is looked at again.
#: A slot without a Start is free after a minute, so nothing comes later.
WATCHED_SECONDS = 70
_AT_ONCE = 500

_PENDING = text("""
select id from outbox
 where acctuniqueid is null and status = 'pending' order by created_at limit :most for update skip locked
""")

_RECENT = text("""
select id from outbox
 where acctuniqueid is null and status = 'done' and created_at > now() - make_interval(secs => :seconds)
""")

#: The second of a session's login, as our Class says it (models.accounting.session_id); null where it is another Class.
LOGIN_SECOND = "case when r.class ~ '^0[12][0-9a-f]{24}' then ('x' || substr(r.class, 3, 8))::bit(32)::bigint end"
#: Sessions that were let in before the event, by what was in force then: those that had begun, and those whose login
#: our Class dates to before it. The event's own second counts as before where the request is checked against the rules
#: once more before it leaves, and as after where it is not.
_LET_IN_BEFORE = f"""(r.acctstarttime <= e.created_at
   or to_timestamp({LOGIN_SECOND})
      <= case when e.reason in ('password_changed', 'topup', 'deleted', 'device_removed')
              then date_trunc('second', e.created_at) - interval '1 microsecond' else e.created_at end)"""

#: Three questions in place of one with an "or", each with an index of its own.
_FAN_OUT = text(f"""
insert into outbox (isp_id, parent_id, customer_id, device_id, kind, reason, acctuniqueid, session_month, session_id,
                    username, payload)
select e.isp_id, e.id, r.customer_id, r.device_id, e.kind, e.reason, r.acctuniqueid, r.session_month, r.acctsessionid,
       r.username, e.payload
  from (select e.*, r.acctuniqueid as uid, r.session_month as month
          from outbox e
          join radacct r on r.isp_id = e.isp_id and r.customer_id = e.customer_id and r.acctstoptime is null
         where e.id = any(:events) and e.customer_id is not null
        union all
        select e.*, r.acctuniqueid, r.session_month
          from outbox e join radacct r on r.isp_id = e.isp_id and r.acctstoptime is null
         where e.id = any(:events) and e.customer_id is null
           and (e.device_id is null or r.device_id = e.device_id)) as e
  join radacct r on r.isp_id = e.isp_id and r.acctuniqueid = e.uid and r.session_month = e.month
 where r.device_id is not null and {_LET_IN_BEFORE}
   and not exists (select from outbox o where o.isp_id + 0 = e.isp_id and o.parent_id = e.id
                      and o.acctuniqueid = r.acctuniqueid)
 order by e.created_at, e.id
on conflict do nothing
""")  # noqa: S608  # constants of this file

_DONE = text("update outbox set status = 'done', done_at = now() where id = any(:events) and status = 'pending'")


def fan_out(connection: Connection) -> int:
    """Make requests of the events that nobody has looked at; how many events."""
    events = list(connection.scalars(_PENDING, {"most": _AT_ONCE}))
    if events:
        connection.execute(_FAN_OUT, {"events": events})
        connection.execute(_DONE, {"events": events})
    return len(events)


def look_again(connection: Connection) -> int:
    """The same for sessions that were reported after their event; how many requests that made."""
    events = list(connection.scalars(_RECENT, {"seconds": WATCHED_SECONDS}))
    return connection.execute(_FAN_OUT, {"events": events}).rowcount if events else 0
