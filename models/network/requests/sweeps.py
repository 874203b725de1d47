"""State → requests: sessions that must not go on, whoever changed what, and whenever they were reported.

Events say what changed; this looks at what is. It finds customers suspended by SQL alone, periods that end at this
second, sessions that were reported late or came back, and those above a plan's number. In the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, TextClause, text

#: A request that has failed is not made again before so long, and only once the session has been heard of since.
REST_SECONDS = 300
#: How long an end that was reported is believed before an open session counts as come back, seconds.
_SETTLED = 10

_COLUMNS = """insert into outbox (isp_id, customer_id, device_id, kind, reason, acctuniqueid, session_month,
                    session_id, username)"""

_NOT_ASKED = f"""
   and not exists (select from outbox o where o.isp_id + 0 = r.isp_id and o.acctuniqueid = r.acctuniqueid
        and o.kind = 'disconnect'
        and (o.status in ('pending', 'sent')
             or (o.status = 'failed' and o.error <> 'superseded'
                 and (o.done_at > now() - interval '{REST_SECONDS} s' or o.done_at >= r.acctupdatetime))
             or (o.status = 'done' and o.done_at > now() - interval '{_SETTLED} s')))
"""


def _forbidden(which: str) -> TextClause:
    """In the order of the rules: device, tenant, customer."""
    return text(f"""
{_COLUMNS}
select r.isp_id, r.customer_id, r.device_id, 'disconnect',
       case when d.status <> 'active' then 'device_removed' when i.status <> 'active' then 'isp_suspended'
            when c.status = 'suspended' then 'suspended' else 'expired' end,
       r.acctuniqueid, r.session_month, r.acctsessionid, r.username
  from radacct r
  join isps i on i.id = r.isp_id
  join mikrotik_devices d on d.isp_id = r.isp_id and d.id = r.device_id
  left join customers c on c.isp_id = r.isp_id and c.id = r.customer_id
 where r.acctstoptime is null and {which}
   and (d.status <> 'active' or i.status <> 'active' or c.status in ('suspended', 'expired') or c.expires_at <= now())
   {_NOT_ASKED}
on conflict do nothing
""")  # noqa: S608  # constants of this file


_FORBIDDEN = _forbidden("true")
_FORBIDDEN_OF_TENANT = _forbidden("r.isp_id = :isp")
_FORBIDDEN_OF_CUSTOMERS = _forbidden("r.isp_id = :isp and r.customer_id = any(:customers)")
_FORBIDDEN_OF_EXPIRED = _forbidden(
    "(r.isp_id, r.customer_id) in (select x.isp_id, x.id from customers x "
    "where x.expires_at > to_timestamp(:since) and x.expires_at <= now())"
)


def _surplus(which: str) -> TextClause:
    """`replace_oldest`: the newest stay."""
    return text(f"""
{_COLUMNS}
select r.isp_id, r.customer_id, r.device_id, 'disconnect', 'too_many_sessions', r.acctuniqueid, r.session_month,
       r.acctsessionid, r.username
  from (select r.*, p.simultaneous_use as allowed,
               row_number() over (partition by r.isp_id, r.customer_id
                                  order by r.acctstarttime desc, r.radacctid desc) as place
          from radacct r
          join customers c on c.isp_id = r.isp_id and c.id = r.customer_id
          join service_plans p on p.isp_id = c.isp_id and p.id = c.service_plan_id and p.on_too_many = 'replace_oldest'
         where r.acctstoptime is null and {which}) as r
 where r.place > r.allowed and r.device_id is not null
   {_NOT_ASKED}
on conflict do nothing
""")  # noqa: S608  # constants of this file


_SURPLUS = _surplus("true")
_SURPLUS_OF_TENANT = _surplus("r.isp_id = :isp")
_SURPLUS_OF_CUSTOMERS = _surplus("r.isp_id = :isp and r.customer_id = any(:customers)")

_NEXT_EXPIRY = text("""
select date_part('epoch', now()), (select date_part('epoch', min(expires_at)) from customers where expires_at > now())
""")


def end_forbidden(connection: Connection) -> int:
    """All of the installation's, as after a start."""
    return connection.execute(_FORBIDDEN).rowcount


def end_forbidden_of_tenant(connection: Connection, isp_id: int) -> int:
    return connection.execute(_FORBIDDEN_OF_TENANT, {"isp": isp_id}).rowcount


def end_forbidden_of_customers(connection: Connection, isp_id: int, customers: Sequence[int]) -> int:
    return connection.execute(_FORBIDDEN_OF_CUSTOMERS, {"isp": isp_id, "customers": list(customers)}).rowcount


def end_expired(connection: Connection, since: float) -> int:
    """Of customers whose paid time has ended after `since` (epoch seconds of the database's clock)."""
    return connection.execute(_FORBIDDEN_OF_EXPIRED, {"since": since}).rowcount


def end_surplus(connection: Connection) -> int:
    """The oldest sessions of customers who have more than their plan allows, where newcomers replace them."""
    return connection.execute(_SURPLUS).rowcount


def end_surplus_of_tenant(connection: Connection, isp_id: int) -> int:
    return connection.execute(_SURPLUS_OF_TENANT, {"isp": isp_id}).rowcount


def end_surplus_of_customers(connection: Connection, isp_id: int, customers: Sequence[int]) -> int:
    return connection.execute(_SURPLUS_OF_CUSTOMERS, {"isp": isp_id, "customers": list(customers)}).rowcount


def next_expiry(connection: Connection) -> tuple[float, float | None]:
    """(Now, when paid time ends next), both by the database's clock."""
    now, moment = connection.execute(_NEXT_EXPIRY).one()
    return float(now), None if moment is None else float(moment)
