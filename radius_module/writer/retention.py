"""Room for history: partitions made ahead of time, and what is older than its tenant keeps it, retired (writer's job).

A month that no tenant keeps any more goes as a whole partition; where some tenants keep longer than others, the rows
of those who do not are deleted, a few thousand at a time.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text

log = logging.getLogger(__name__)

#: Months made ahead, this one included.
_AHEAD = 4
#: Rows of one delete: short enough not to hold anybody up.
_PIECE = 5000

_MAKE = text("select infora_make_partitions((now() at time zone 'UTC')::date, :months)")
#: The first day of the oldest month that some tenant keeps.
_KEPT_BY_SOMEBODY = text(
    "select (date_trunc('month', now() at time zone 'UTC') - make_interval(months => max(retention_months)::int))::date"
    "  from isps"
)
_DROP = text("select infora_drop_partitions(:before)")
#: Tenants that keep less than the longest: (id, first day of the oldest month that is kept).
_SHORTER = text(
    "select id, (date_trunc('month', now() at time zone 'UTC') - make_interval(months => retention_months::int))::date"
    "  from isps where retention_months < (select max(retention_months) from isps)"
)
_DELETE_SESSIONS = text(
    "delete from radacct where (tableoid, ctid) in (select tableoid, ctid from radacct"
    " where isp_id = :isp and session_month < :before and acctstoptime is not null limit :piece)"
)
_DELETE_RESULTS = text(
    "delete from radpostauth where (tableoid, ctid) in (select tableoid, ctid from radpostauth"
    " where isp_id = :isp and authdate < :before limit :piece)"
)


class Retired(NamedTuple):
    """What a run did."""

    made: int
    dropped: list[str]
    deleted: int


def keep_house(engine: Engine) -> Retired:
    """Make partitions, drop those that nobody keeps, delete what single tenants do not keep."""
    with engine.connect() as connection:
        made = int(connection.scalar(_MAKE, {"months": _AHEAD}) or 0)
        connection.commit()
        before = connection.scalar(_KEPT_BY_SOMEBODY)
        dropped = [] if before is None else list(connection.scalars(_DROP, {"before": before}))
        connection.commit()
        shorter = connection.execute(_SHORTER).all()
        connection.commit()
        deleted = sum(_delete(connection, isp_id, day) for isp_id, day in shorter)
    if made or dropped or deleted:
        log.info("history: %d partitions made, dropped %s, %d rows deleted", made, dropped or "none", deleted)
    return Retired(made, dropped, deleted)


def _delete(connection: Connection, isp_id: int, before: object) -> int:
    """One tenant's history before that day, in pieces."""
    deleted = 0
    for statement in (_DELETE_SESSIONS, _DELETE_RESULTS):
        while True:
            rows = connection.execute(statement, {"isp": isp_id, "before": before, "piece": _PIECE}).rowcount
            connection.commit()
            deleted += rows
            if rows < _PIECE:
                break
    return deleted
