"""The statements of the books, each for a whole batch at once: arrays go in, sets are joined.

Arrays travel as PostgreSQL's own literals: made with one join, they cost the client a tenth of adapting elements.
"""

from __future__ import annotations

from collections.abc import Iterable

from models.accounting.records import SERVER_CAUSES
from models.tables.subscriptions import bought_bytes_sql, running_start_sql

#: A batch looks its rows up, one by one in an index. Left to itself the planner sorts a month of sessions for each
#: batch, which costs the more the longer the month is.
LOOK_UP = "set local enable_mergejoin = off; set local enable_hashjoin = off"

#: Since when there is the customer, and how many open sessions they may have.
_OWNER = """c.id, date_part('epoch', c.created_at), 2 * coalesce(p.simultaneous_use, 1) + 20"""
_PLAN = "left join service_plans p on p.isp_id = c.isp_id and p.id = c.service_plan_id"

OWNERS_BY_ID = f"""
select wanted.isp_id, wanted.id, {_OWNER}
  from unnest(%(isps)s::bigint[], %(ids)s::bigint[]) as wanted (isp_id, id)
  join customers c on c.isp_id = wanted.isp_id and c.id = wanted.id
  {_PLAN}
"""  # noqa: S608  # constants of this package

#: `offset 0`: each name is looked up once, not once for each customer of its tenant.
OWNERS_BY_NAME = f"""
select wanted.isp_id, wanted.name, {_OWNER}
  from (select w.isp_id, w.name, infora_customer_of(w.isp_id, w.name) as id
          from unnest(%(isps)s::bigint[], %(names)s::text[]) as w (isp_id, name) offset 0) as wanted
  join customers c on c.isp_id = wanted.isp_id and c.id = wanted.id
  {_PLAN}
"""  # noqa: S608  # as above

#: Of the batch's months and the one before. Lists, not a join: in a month without statistics a join would read all open
#: sessions of the tenant for each customer.
OPEN_COUNTS = """
select customer_id, count(*) from radacct
 where isp_id = any(%(isps)s::bigint[]) and customer_id = any(%(customers)s::bigint[]) and acctstoptime is null
   and session_month between %(first)s and %(last)s
 group by customer_id
"""

_STATE = """r.isp_id, r.acctuniqueid, r.session_month, r.device_id, r.customer_id,
       date_part('epoch', r.acctstarttime), date_part('epoch', r.acctupdatetime), date_part('epoch', r.acctstoptime),
       r.acctterminatecause, coalesce(r.acctsessiontime, 0), r.acctinputoctets, r.acctoutputoctets,
       host(r.nasipaddress), r.router, r.acctsessionid"""

SESSIONS_OF_MONTH = f"""
select {_STATE} from unnest(%(isps)s::bigint[], %(ids)s::text[], %(months)s::date[]) as wanted (isp_id, id, month)
  join radacct r on r.isp_id = wanted.isp_id and r.acctuniqueid = wanted.id and r.session_month = wanted.month
"""  # noqa: S608  # a constant of this file

#: Without a Class the month is not known: the newest row of that identity.
SESSIONS_OF_ANY_MONTH = f"""
select distinct on (r.isp_id, r.acctuniqueid) {_STATE}
  from unnest(%(isps)s::bigint[], %(ids)s::text[]) as wanted (isp_id, id)
  join radacct r on r.isp_id = wanted.isp_id and r.acctuniqueid = wanted.id
 order by r.isp_id, r.acctuniqueid, r.session_month desc
"""  # noqa: S608  # as above

#: What a device left open when it started again.
OPEN_SESSIONS_OF_DEVICE = f"""
select {_STATE} from radacct r
 where r.isp_id = %(isp)s and r.device_id = %(device)s and r.acctstoptime is null
"""  # noqa: S608  # as above

#: Sessions of these customers with one of these ids that may still change; who asks leaves out another customer's id.
SESSIONS_GOING_ON = f"""
select {_STATE} from radacct r
 where r.isp_id = any(%(isps)s::bigint[]) and r.customer_id = any(%(customers)s::bigint[])
   and r.acctsessionid = any(%(sessions)s::text[])
   and (r.acctstoptime is null or r.acctterminatecause in ({", ".join(f"'{cause}'" for cause in SERVER_CAUSES)})
        and r.session_month >= %(first)s)
"""  # noqa: S608  # as above

#: Identities that another Class gives a session within its life.
ALIASES = """
select a.isp_id, a.alias, a.acctuniqueid, a.session_month
  from unnest(%(isps)s::bigint[], %(ids)s::text[]) as wanted (isp_id, id)
  join session_aliases a on a.isp_id = wanted.isp_id and a.alias = wanted.id
"""

INSERT_ALIASES = """
insert into session_aliases (isp_id, alias, acctuniqueid, session_month)
select * from unnest(%(isp)s::bigint[], %(alias)s::text[], %(uid)s::text[], %(month)s::date[])
on conflict do nothing
"""

MOVE_SESSIONS = """
update radacct r
   set device_id = new.device, nasipaddress = nullif(new.nas, '')::inet, router = nullif(new.router, '')
  from unnest(%(isp)s::bigint[], %(uid)s::text[], %(month)s::date[], %(device)s::bigint[], %(nas)s::text[],
       %(router)s::text[]) as new (isp, uid, month, device, nas, router)
 where r.isp_id = new.isp and r.acctuniqueid = new.uid and r.session_month = new.month
"""

INSERT_SESSIONS = """
insert into radacct (isp_id, acctuniqueid, session_month, customer_id, device_id, acctsessionid, username,
    nasipaddress, router, nasportid, nasporttype, acctstarttime, acctupdatetime, acctstoptime, acctinterval,
    acctsessiontime, acctinputoctets, acctoutputoctets, calledstationid, callingstationid, acctterminatecause,
    framedipaddress, framedipv6prefix, delegatedipv6prefix, class, router_time)
select isp, uid, month, customer, device, session, name,
       nullif(nas, '')::inet, nullif(router, ''), nullif(port, ''), nullif(port_type, ''), to_timestamp(started),
       to_timestamp(updated), to_timestamp(stopped), gap, seconds, octets_in, octets_out,
       nullif(called, ''), nullif(mac, ''), cause, nullif(framed, '')::inet,
       nullif(prefix, '')::inet, nullif(delegated, '')::inet, nullif(class, ''), to_timestamp(clock)
  from unnest(%(isp)s::bigint[], %(uid)s::text[], %(month)s::date[], %(customer)s::bigint[], %(device)s::bigint[],
       %(session)s::text[], %(name)s::text[], %(nas)s::text[], %(router)s::text[], %(port)s::text[],
       %(port_type)s::text[],
       %(started)s::float8[], %(updated)s::float8[], %(stopped)s::float8[], %(gap)s::bigint[], %(seconds)s::bigint[],
       %(octets_in)s::bigint[], %(octets_out)s::bigint[], %(called)s::text[], %(mac)s::text[],
       %(cause)s::text[], %(framed)s::text[], %(prefix)s::text[],
       %(delegated)s::text[], %(class)s::text[], %(clock)s::float8[])
    as new (isp, uid, month, customer, device, session, name, nas, router, port, port_type, started, updated, stopped,
       gap, seconds, octets_in, octets_out, called, mac, cause, framed, prefix, delegated, class, clock)
on conflict do nothing
"""

#: Only rows that are still as they were read: another node may have booked the same session meanwhile.
UPDATE_SESSIONS = """
update radacct r
   set customer_id = new.customer,
       acctstarttime = to_timestamp(new.started), acctupdatetime = to_timestamp(new.updated),
       acctstoptime = to_timestamp(new.stopped), acctterminatecause = new.cause,
       acctinterval = coalesce(new.gap, r.acctinterval), acctsessiontime = new.seconds,
       acctinputoctets = new.octets_in, acctoutputoctets = new.octets_out,
       framedipaddress = coalesce(nullif(new.framed, '')::inet, r.framedipaddress),
       framedipv6prefix = coalesce(nullif(new.prefix, '')::inet, r.framedipv6prefix),
       delegatedipv6prefix = coalesce(nullif(new.delegated, '')::inet, r.delegatedipv6prefix),
       router_time = coalesce(to_timestamp(new.clock), r.router_time)
  from unnest(%(isp)s::bigint[], %(uid)s::text[], %(month)s::date[], %(customer)s::bigint[], %(started)s::float8[],
       %(updated)s::float8[], %(stopped)s::float8[], %(cause)s::text[], %(gap)s::bigint[], %(seconds)s::bigint[],
       %(octets_in)s::bigint[], %(octets_out)s::bigint[], %(framed)s::text[], %(prefix)s::text[], %(delegated)s::text[],
       %(clock)s::float8[], %(old_in)s::bigint[], %(old_out)s::bigint[], %(old_updated)s::float8[],
       %(old_stopped)s::float8[])
    as new (isp, uid, month, customer, started, updated, stopped, cause, gap, seconds, octets_in, octets_out, framed,
       prefix, delegated, clock, old_in, old_out, old_updated, old_stopped)
 where r.isp_id = new.isp and r.acctuniqueid = new.uid and r.session_month = new.month
   and r.acctinputoctets = new.old_in and r.acctoutputoctets = new.old_out
   and date_part('epoch', r.acctupdatetime) is not distinct from new.old_updated
   and date_part('epoch', r.acctstoptime) is not distinct from new.old_stopped
"""

#: What few devices report of a session; what it had is kept where a later packet says nothing.
NOTE_IPV6 = """
update radacct r set framedipv6address = coalesce(nullif(new.address, '')::inet, r.framedipv6address),
                     framedinterfaceid = coalesce(nullif(new.interface, ''), r.framedinterfaceid)
  from unnest(%(isp)s::bigint[], %(uid)s::text[], %(month)s::date[], %(address)s::text[], %(interface)s::text[])
    as new (isp, uid, month, address, interface)
 where r.isp_id = new.isp and r.acctuniqueid = new.uid and r.session_month = new.month
"""

#: What no line can have carried. By a list too: a month without statistics would be read once for each session.
NOTE_IMPLAUSIBLE = """
update radacct r set implausible_input = new.octets_in, implausible_output = new.octets_out
  from unnest(%(isp)s::bigint[], %(uid)s::text[], %(month)s::date[], %(octets_in)s::numeric[],
              %(octets_out)s::numeric[]) as new (isp, uid, month, octets_in, octets_out)
 where (r.isp_id, r.acctuniqueid, r.session_month) = (isp, uid, month) and r.acctuniqueid = any(%(uid)s::text[])
"""

#: Customers who were below what they have of octets (those that count) or of time before this batch and no longer are:
#: one request for each, in the batch's transaction.
REQUEST_CROSSINGS = f"""
insert into outbox (isp_id, customer_id, kind, reason, payload)
select c.isp_id, c.id, x.kind, x.reason, x.payload
  from unnest(%(isp)s::bigint[], %(customer)s::bigint[], %(period)s::float8[], %(added)s::bigint[],
              %(seconds)s::bigint[]) as g (isp, customer, period, added, seconds)
  join usage u on u.isp_id = g.isp and u.customer_id = g.customer and u.period_start = to_timestamp(g.period)
  join customers c on c.isp_id = g.isp and c.id = g.customer
  join service_plans p on p.isp_id = c.isp_id and p.id = c.service_plan_id
   and (p.data_limit_bytes is not null or p.time_limit is not null)
  cross join lateral (select p.data_limit_bytes + {bought_bytes_sql("g.isp", "g.customer", "u.period_start")} as octets,
                             u.bytes_in + u.bytes_out - u.uncounted_in - u.uncounted_out as used) as a
  cross join lateral (
    select case p.over_limit when 'throttle' then 'coa' else 'disconnect' end as kind,
           case p.over_limit when 'throttle' then 'throttled' else 'quota_exceeded' end as reason,
           jsonb_build_object('period_start', u.period_start, 'used_bytes', a.used, 'allowance_bytes', a.octets)
             as payload
     where a.used >= a.octets and a.used - g.added < a.octets
    union all
    select 'disconnect', 'time_used_up', jsonb_build_object('period_start', u.period_start, 'used_seconds', u.seconds,
                                                            'time_limit', p.time_limit)
     where u.seconds >= p.time_limit * 60 and u.seconds - g.seconds < p.time_limit * 60) as x
 where u.period_start >= coalesce({running_start_sql("g.isp", "g.customer", "now()")}, '-infinity')
"""  # noqa: S608  # as above

INSERT_RESULTS = """
insert into radpostauth (isp_id, authdate, username, customer_id, device_id, nasipaddress, callingstationid, reply,
                         code, class)
select isp, to_timestamp(answered), name, customer, device, nullif(nas, '')::inet, nullif(mac, ''), reply, code,
       nullif(class, '')
  from unnest(%(isp)s::bigint[], %(answered)s::float8[], %(name)s::text[], %(customer)s::bigint[], %(device)s::bigint[],
       %(nas)s::text[], %(mac)s::text[], %(reply)s::text[], %(code)s::text[], %(class)s::text[])
    as new (isp, answered, name, customer, device, nas, mac, reply, code, class)
"""

#: At most every ten seconds a device: who was heard of is news for people.
NOTE_CONTACTS = """
insert into device_contacts as known (isp_id, device_id, last_seen_at, bytes_in, bytes_out)
select d.isp_id, d.id, to_timestamp(new.seen), new.octets_in, new.octets_out
  from unnest(%(isp)s::bigint[], %(device)s::bigint[], %(seen)s::float8[], %(octets_in)s::bigint[],
              %(octets_out)s::bigint[]) as new (isp, device, seen, octets_in, octets_out)
  join mikrotik_devices d on d.isp_id = new.isp and d.id = new.device order by d.isp_id, d.id
on conflict (isp_id, device_id) do update set last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
    bytes_in = known.bytes_in + excluded.bytes_in, bytes_out = known.bytes_out + excluded.bytes_out
 where known.last_seen_at < excluded.last_seen_at - interval '10 seconds' or excluded.bytes_in + excluded.bytes_out > 0
"""


def numbers(values: Iterable[object]) -> str:
    """Literal of an array of numbers, dates or anything else whose text needs no quotes."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """Literal of an array of texts."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
