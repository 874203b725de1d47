"""Who changed, where the news names no one: one statement that changes more than 300 rows says only of which tenant.

Rows tell by their transaction (`xmin`) whether they were inserted or updated since an earlier moment. Rows that were
deleted tell nothing: who is gone is seen by the ids that are left, and whoever lost something else is among those in
doubt.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

from radius_module.directory.contents import Contents

#: Every transaction before this one has ended: what it changed is seen by whoever looks from now on.
MOMENT = "select pg_snapshot_xmin(pg_current_snapshot())::xid::text"

_SINCE = "isp_id = :isp and age(xmin) <= age(cast(:since as xid))"
_CHANGED = {
    "devices": f"select id from mikrotik_devices where {_SINCE}",  # noqa: S608  # of this file's own words
    "plans": "select id from service_plans where isp_id = :isp",
    "customers": " union ".join(
        [f"select id from customers where {_SINCE}"]  # noqa: S608
        + [
            f"select customer_id from {source} where {_SINCE} and customer_id is not null"  # noqa: S608
            for source in ("radcheck", "radreply", "subscriptions", "topups", "usage")
        ]
        # Sessions that ended long ago are no news, and their index is by the time of their end.
        + [
            f"select customer_id from radacct where {_SINCE} and customer_id is not null and {which}"  # noqa: S608
            for which in ("acctstoptime is null", "acctstoptime > now() - interval '1 hour'")
        ]
    ),
}
_PRESENT = {
    "devices": "select id from mikrotik_devices where isp_id = :isp",
    "plans": "select id from service_plans where isp_id = :isp",
    "customers": "select id from customers where isp_id = :isp",
}
_KNOWN: dict[str, Callable[[Contents, int], set[int]]] = {
    "devices": lambda contents, isp_id: {
        device.id for _network, device in list(contents.devices.values()) if device.isp_id == isp_id
    },
    "plans": lambda contents, isp_id: {plan.id for plan in list(contents.plans.values()) if plan.isp_id == isp_id},
    "customers": lambda contents, isp_id: {customer.id for customer in list(contents.names.get(isp_id, {}).values())},
}


def topic_of(topic: str) -> str | None:
    """Whose rows are read for news of that topic; None: everything's."""
    topic = "customers" if topic in ("usage", "sessions") else topic
    return topic if topic in _PRESENT else None


def ids(connection: Connection, contents: Contents, topic: str, isp_id: int, since: str) -> tuple[set[int], set[int]]:
    """(who changed since that MOMENT or is gone, everybody else) of a tenant's customers, devices or plans."""
    changed = set(connection.scalars(text(_CHANGED[topic]), {"isp": isp_id, "since": since}))
    present = set(connection.scalars(text(_PRESENT[topic]), {"isp": isp_id}))
    gone = _KNOWN[topic](contents, isp_id) - present
    return changed | gone, present - changed
