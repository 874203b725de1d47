"""The queries that fill the directory, each for everybody or for a few ids: a few streams, not many questions.

Times come as epoch seconds: made by the database in C, they cost Python nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Double,
    Float,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    cast,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import InstrumentedAttribute

from models import (
    Customer,
    Isp,
    MikrotikDevice,
    Radacct,
    Radcheck,
    Radgroupreply,
    Radreply,
    ServicePlan,
    SessionAlias,
    Subscription,
    Topup,
    Usage,
)
from models.radius.provisioning import PASSWORD_ATTRIBUTES
from models.tables.subscriptions import has_begun

#: Of everybody, of these, or of a parameter's that is an array.
Ids = Sequence[int] | BindParameter[Sequence[int]] | None
#: Whose the ids of a parameter are.
TENANTS = bindparam("tenants", (), type_=ARRAY(BigInteger))


def isps(ids: Ids = None) -> Select[int, str, str, int]:
    """(id, status, timezone, max_stale_hours)"""
    return select(Isp.id, Isp.status, Isp.timezone, Isp.max_stale_hours).where(_among(Isp.id, ids))


def devices(ids: Ids = None) -> Select[int, int, str, str, str, bool, bool]:
    """(id, isp_id, network, status, secret, require_message_authenticator, octets_reversed)"""
    return select(
        MikrotikDevice.id, MikrotikDevice.isp_id, func.text(MikrotikDevice.ip_address), MikrotikDevice.status,
        MikrotikDevice.radius_secret, MikrotikDevice.require_message_authenticator, MikrotikDevice.octets_reversed,
    ).where(_among(MikrotikDevice.id, ids))  # fmt: skip


def plans(ids: Ids = None) -> Select[ServicePlan]:
    """Whole plans: there are few."""
    return select(ServicePlan).where(_among(ServicePlan.id, ids))


def plan_rows(groups: Sequence[str] | None = None) -> Select[int, str, str, str, str]:
    """(isp_id, groupname, attribute, op, value) of an operator's own rows, in the order they were written."""
    rows = select(
        Radgroupreply.isp_id, Radgroupreply.groupname, Radgroupreply.attribute, Radgroupreply.op, Radgroupreply.value
    ).where(Radgroupreply.origin == "operator", Radgroupreply.is_active)
    if groups is not None:
        rows = rows.where(Radgroupreply.groupname.in_(groups))
    return rows.order_by(Radgroupreply.id)


def customers(ids: Ids = None) -> Select:  # type: ignore[type-arg]  # fifteen columns, named in the docstring
    """(id, isp_id, username, status, expires_at, plan_id, static_ip, mac, credential attribute, credential,
    created_at, start of the running period, octets used in it that count, not_started, seconds online in it)"""
    credentials, periods = _credentials(ids), _periods(ids)
    running = func.coalesce(periods.c.running, Customer.created_at)
    return (
        select(
            Customer.id, Customer.isp_id, Customer.username, Customer.status, _epoch(Customer.expires_at),
            Customer.service_plan_id, func.host(Customer.static_ip), Customer.mac_address,
            credentials.c.attribute, credentials.c.value, _epoch(Customer.created_at), _epoch(running),
            func.coalesce(Usage.bytes_in + Usage.bytes_out - Usage.uncounted_in - Usage.uncounted_out, 0),
            Customer.not_started, func.coalesce(Usage.seconds, 0),
        )
        .outerjoin(credentials, and_(credentials.c.isp_id == Customer.isp_id, credentials.c.customer_id == Customer.id))
        .outerjoin(periods, and_(periods.c.isp_id == Customer.isp_id, periods.c.customer_id == Customer.id))
        .outerjoin(Usage, and_(Usage.isp_id == Customer.isp_id, Usage.customer_id == Customer.id,
                               Usage.period_start == running, _among(Usage.customer_id, ids)))
        .where(_among(Customer.id, ids))
    )  # fmt: skip


def customer_rows(ids: Ids = None) -> Select[int | None, str, str, str]:
    """(customer_id, attribute, op, value) of an operator's own radreply rows."""
    return (
        select(Radreply.customer_id, Radreply.attribute, Radreply.op, Radreply.value)
        .where(Radreply.origin == "operator", Radreply.is_active, Radreply.customer_id.is_not(None))
        .where(_among(Radreply.customer_id, ids))
        .order_by(Radreply.id)
    )


def periods_ahead(ids: Ids = None) -> Select[int, float]:
    """(customer_id, start) of periods that are paid and have not begun."""
    return (
        select(Subscription.customer_id, _epoch(Subscription.period_start))
        .where(not_(has_begun(func.now())), _among(Subscription.customer_id, ids))
        .order_by(Subscription.period_start)
    )


def topups(ids: Ids = None) -> Select[int, float, int]:
    """(customer_id, period start, octets) of periods that may still run."""
    return (
        select(Topup.customer_id, _epoch(Topup.period_start), cast(func.sum(Topup.data_bytes), Double))
        .where(_among(Topup.customer_id, ids))
        .group_by(Topup.customer_id, Topup.period_start)
    )


def sessions(ids: Ids = None) -> Select:  # type: ignore[type-arg]  # fifteen columns, named in the docstring
    """(acctuniqueid, customer_id or 0, Calling-Station-Id, started, last heard of, octets in, octets out, isp_id,
    device_id, Acct-Session-Id, source address, router, session time, Class) of open sessions, of nobody too."""
    heard = func.coalesce(Radacct.acctupdatetime, Radacct.acctstarttime)
    owner = func.coalesce(Radacct.customer_id, 0)
    query = select(
        Radacct.acctuniqueid, owner, func.coalesce(Radacct.callingstationid, ""),
        _epoch(Radacct.acctstarttime), _epoch(heard), Radacct.acctinputoctets, Radacct.acctoutputoctets,
        Radacct.isp_id, func.coalesce(Radacct.device_id, 0), Radacct.acctsessionid,
        func.coalesce(func.host(Radacct.nasipaddress), ""), func.coalesce(Radacct.router, ""),
        func.coalesce(Radacct.acctsessiontime, 0), func.coalesce(Radacct.class_, ""),
    ).where(Radacct.acctstoptime.is_(None))  # fmt: skip
    return query.where(_among(Radacct.customer_id, ids))


def aliases(ids: Ids = None) -> Select[int | None, str, str]:
    """(customer_id, alias, acctuniqueid) of open sessions that another Class names too."""
    return (
        select(Radacct.customer_id, SessionAlias.alias, SessionAlias.acctuniqueid)
        .join(
            SessionAlias,
            and_(
                SessionAlias.isp_id == Radacct.isp_id,
                SessionAlias.acctuniqueid == Radacct.acctuniqueid,
                SessionAlias.session_month == Radacct.session_month,
            ),
        )
        .where(Radacct.acctstoptime.is_(None), _among(Radacct.customer_id, ids))
    )


def octets_of(ids: Sequence[str]) -> Select[str, int | None, int, bool, int]:
    """(acctuniqueid, customer_id, octets, over, session time) of sessions, open or not."""
    octets = Radacct.acctinputoctets + Radacct.acctoutputoctets
    return select(
        Radacct.acctuniqueid, Radacct.customer_id, octets, Radacct.acctstoptime.is_not(None),
        func.coalesce(Radacct.acctsessiontime, 0),
    ).where(Radacct.acctuniqueid == func.any(cast(list(ids), ARRAY(Text))))  # fmt: skip


def _credentials(ids: Ids) -> Subquery:
    """The newest password row of each customer, also of suspended ones: whoever proves it hears of the suspension."""
    return (
        select(Radcheck.isp_id, Radcheck.customer_id, Radcheck.attribute, Radcheck.value)
        .where(Radcheck.attribute.in_(PASSWORD_ATTRIBUTES), or_(Radcheck.is_active, Radcheck.origin == "provisioned"))
        .where(_among(Radcheck.customer_id, ids))
        .ext(distinct_on(Radcheck.isp_id, Radcheck.customer_id))
        .order_by(Radcheck.isp_id, Radcheck.customer_id, Radcheck.id.desc())
        .subquery()
    )


def _periods(ids: Ids) -> Subquery:
    """The start of the period that runs now; customers without one are not among them."""
    # For all at once: the newest that has begun of each, in one pass over the table.
    running = func.max(Subscription.period_start).label("running")
    return (
        select(Subscription.isp_id, Subscription.customer_id, running)
        .where(has_begun(func.now()), _among(Subscription.customer_id, ids))
        .group_by(Subscription.isp_id, Subscription.customer_id)
        .subquery()
    )


def _epoch(moment: ColumnElement[object] | object) -> ColumnElement[float]:
    return func.date_part("epoch", moment, type_=Float)


def _among(column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], ids: Ids) -> ColumnElement[bool]:
    if isinstance(ids, BindParameter):
        # Every index begins with the tenant.
        return and_(column.class_.isp_id == func.any(TENANTS), column == func.any(ids))
    return true() if ids is None else column.in_(ids)
