"""Rows that a tenant no longer keeps, deleted a few thousand at a time, so that nobody waits for it.

Each tenant says how long it keeps sessions, results of logins, its part of the audit log and what could not be booked;
requests to devices are the worker's, who writes them.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, TextClause, text

#: Rows of one delete: short enough not to hold anybody up.
PIECE = 5000


class Kept(NamedTuple):
    """Since when a tenant keeps what."""

    isp: int
    sessions: date
    results: date
    quarantined: date


_KEPT = text(
    "select id, (cast(:month as date) - make_interval(months => retention_months::int))::date,"
    " (cast(:month as date)"
    "   - make_interval(months => coalesce(login_retention_months, retention_months)::int))::date,"
    " cast(:month as date) - quarantine_retention_days::int from isps"
    # What says of no tenant that it is its: as long as the one that keeps longest.
    " union all select 0, cast(:month as date), cast(:month as date),"
    " cast(:month as date) - max(quarantine_retention_days)::int from isps having count(*) > 0"
)
_SESSIONS = text(
    "delete from radacct where (tableoid, ctid) in (select tableoid, ctid from radacct"
    " where isp_id = :isp and session_month < :before and acctstoptime is not null limit :piece)"
)
_RESULTS = text(
    "delete from radpostauth where (tableoid, ctid) in (select tableoid, ctid from radpostauth"
    " where isp_id = :isp and authdate < :before limit :piece)"
)
_QUARANTINED = text(
    "delete from quarantine where (isp_id, id) in (select isp_id, id from quarantine"
    " where isp_id = :isp and created_at < :before limit :piece)"
)
#: Other identities of sessions that are over for a week, and of months that are gone.
_ALIASES = text(
    "delete from session_aliases where isp_id = :isp and alias in (select a.alias from session_aliases a"
    " where a.isp_id = :isp and a.created_at < now() - interval '7 days' and (a.session_month < :before or not exists"
    " (select from radacct r where r.isp_id = a.isp_id and r.acctuniqueid = a.acctuniqueid"
    " and r.session_month = a.session_month"
    " and (r.acctstoptime is null or r.acctstoptime > now() - interval '7 days'))) limit :piece)"
)
#: The schema's owner does it, by each tenant's own setting: this role may not change the audit log.
_AUDIT = text("select infora_prune_audit(cast(:month as date), :piece)")


def delete_expired(connection: Connection, month: date) -> int:
    """Everything that no tenant keeps in that month; commits after each piece. How many rows."""
    kept = [Kept(*row) for row in connection.execute(_KEPT, {"month": month})]
    connection.commit()
    deleted = sum(_of_tenant(connection, tenant) for tenant in kept)
    return deleted + _all(connection, _AUDIT, {"month": month})


def _of_tenant(connection: Connection, kept: Kept) -> int:
    statements: tuple[tuple[TextClause, date], ...] = (
        (_ALIASES, kept.sessions), (_SESSIONS, kept.sessions), (_RESULTS, kept.results),
        (_QUARANTINED, kept.quarantined),
    )  # fmt: skip
    if kept.isp == 0:
        statements = statements[-1:]
    return sum(_all(connection, statement, {"isp": kept.isp, "before": before}) for statement, before in statements)


def _all(connection: Connection, statement: TextClause, values: dict[str, Any]) -> int:
    deleted = 0
    while True:
        result = connection.execute(statement, values | {"piece": PIECE})
        rows = int(result.scalar_one()) if result.returns_rows else result.rowcount
        connection.commit()
        deleted += rows
        if rows < PIECE:
            return deleted
