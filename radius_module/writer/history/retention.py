"""Room for history: partitions made ahead of time, and the removal of what no tenant keeps any longer (writer's job).

A month that no tenant keeps is detached as a whole and dropped a week of running time later; where some tenants keep
longer than others, the rows of the others are deleted (radius_module.writer.history.slices). Nothing is removed while
there is doubt about the clock (radius_module.writer.history.history_clock, docs/decisions/0080).
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, text

from radius_module.writer.history.history_clock import STEADY_FOR, Clocks, Evidence, objection
from radius_module.writer.history.slices import delete_expired

log = logging.getLogger(__name__)

#: Months made ahead, this one included.
_AHEAD = 4
#: A detached month can be attached again for so long, and a month must have begun so long ago before rows are deleted
#: by it: seconds of running time.
GRACE = 7 * 86400
#: Two nodes keep one history: only the one that holds this lock does.
_LOCK = 0x1F04B
#: Detaching needs the whole table for a moment: whoever uses it at length is not waited for.
_SETTINGS = text("select set_config('lock_timeout', '2s', false), pg_try_advisory_lock(:key) as is_keeper")

_MAKE = text("select infora_make_partitions((now() at time zone 'UTC')::date, :months)")
_EVIDENCE = text(
    "select date_part('epoch', now()) as database, date_part('epoch', verified_at) as verified,"
    " date_part('epoch', confirmed_at) as confirmed,"
    " (select date_part('epoch', max(last_seen_at)) from device_contacts) as contact,"
    " (select date_part('epoch', max(newest)) from isps cross join lateral"
    "   (select max(authdate) as newest from radpostauth where isp_id = isps.id) as logins) as login"
    "  from history_clock"
)
#: The months of radacct, the newest first: (table, epoch seconds of its end).
_MONTHS = text(
    "select c.relname, date_part('epoch', to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month')"
    "  from pg_inherits i join pg_class c on c.oid = i.inhrelid"
    " where i.inhparent = 'radacct'::regclass and c.relname ~ '^radacct_[0-9]{6}$' order by 1 desc"
)
_NOTE_ALARM = text("update history_clock set alarm = :alarm where alarm is distinct from :alarm")
_VERIFY = text(
    "update history_clock h set verified_at = to_timestamp(:wall), running_seconds = running_seconds + :passed,"
    "  settled_month = case when h.month = this.month and running_seconds + :passed - month_since >= :grace"
    "                       then h.month else settled_month end,"
    "  month_since = case when h.month = this.month then month_since else running_seconds + :passed end,"
    "  month = this.month"
    "  from (select date_trunc('month', now() at time zone 'UTC')::date as month) this"
    " returning running_seconds, h.month, settled_month"
)
#: The first day of the oldest month that some tenant keeps.
_KEPT_BY_SOMEBODY = text(
    "select (cast(:month as date) - make_interval("
    "months => max(greatest(retention_months, coalesce(login_retention_months, 0)))::int))::date from isps"
)
_REATTACH = text("select infora_reattach_partitions(:before)")
_DETACH = text("select infora_detach_partitions(:before, :running)")
_DROP = text("select infora_drop_detached(:before, :running)")


class Removed(NamedTuple):
    """What a run did to the partitions, and how many rows it deleted."""

    created: int = 0
    attached: tuple[str, ...] = ()
    detached: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    deleted: int = 0


class Retention:
    """The job of one writer, with a connection of its own. `alarm`: why nothing is removed, if so."""

    def __init__(self, engine: Engine, clocks: Clocks) -> None:
        self._engine, self._clocks = engine, clocks
        self._confirmed: float | None = None
        self._is_first = True
        self.alarm: str | None = None

    def run(self) -> Removed:
        """Create partitions, and remove what is not kept if the clock can be trusted. Raises the database's errors."""
        with self._engine.connect() as connection:
            is_keeper = connection.execute(_SETTINGS, {"key": _LOCK}).one().is_keeper
            connection.commit()
            if not is_keeper:
                return Removed()
            created = int(connection.scalar(_MAKE, {"months": _AHEAD}) or 0)
            connection.commit()
            removed = self._remove(connection)._replace(created=created)
        if any(removed):
            log.info("history: %s", ", ".join(f"{name} {value}" for name, value in removed._asdict().items() if value))
        return removed

    def _remove(self, connection: Connection) -> Removed:
        known = connection.execute(_EVIDENCE).one()
        if known.confirmed != self._confirmed and not self._is_first:
            self._clocks.restart()
        self._confirmed, self._is_first = known.confirmed, False
        alarm = objection(self._evidence(connection, known))
        if alarm and alarm.partition(";")[0] != (self.alarm or "").partition(";")[0]:
            log.warning("history: %s", alarm)
        self.alarm = alarm
        connection.execute(_NOTE_ALARM, {"alarm": alarm})
        connection.commit()
        if alarm or self._clocks.running < STEADY_FOR:
            return Removed()
        return _by_a_right_clock(connection, self._clocks)

    def _evidence(self, connection: Connection, known: Row[Any]) -> Evidence:
        moments = (known.contact, known.login, _end_of_newest_month(connection))
        newest = max((moment for moment in moments if moment is not None), default=None)
        return Evidence(self._clocks.now, known.database, self._clocks.leap, newest, known.verified, known.confirmed)


def _end_of_newest_month(connection: Connection) -> float | None:
    """Of the newest month that has a session. What a wrong clock put into the default partition does not count."""
    for name, end in connection.execute(_MONTHS).all():
        if connection.exec_driver_sql(f"select exists(select from {name})").scalar():  # noqa: S608  # from the catalogue
            return float(end)
    return None


def _by_a_right_clock(connection: Connection, clocks: Clocks) -> Removed:
    running, month, settled = connection.execute(
        _VERIFY, {"wall": clocks.now, "passed": clocks.count(), "grace": GRACE}
    ).one()
    before = connection.scalar(_KEPT_BY_SOMEBODY, {"month": month})
    connection.commit()
    if before is None:
        return Removed()
    values = {"before": before, "running": running}
    attached = tuple(connection.scalars(_REATTACH, values))
    connection.commit()
    detached = tuple(connection.scalars(_DETACH, values))
    connection.commit()
    dropped = tuple(connection.scalars(_DROP, values | {"running": running - GRACE}))
    connection.commit()
    deleted = 0 if settled is None else delete_expired(connection, settled)
    return Removed(0, attached, detached, dropped, deleted)
