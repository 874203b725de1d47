"""What customers' lines carry at most, asked only for growth beyond 10 Gbit/s."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from models.accounting import statements as sql
from models.accounting.plausible import LEAST_RATE, most_a_second
from models.accounting.records import AccountingRecord, readable
from models.accounting.session import SessionState


class LineRates:
    """One batch's questions, each asked once. A tenant without a plan above 1 Gbit/s is asked about once for all."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._fastest: dict[int, float] = {}
        self._known: dict[tuple[int, int | bytes], float] = {}

    def of(self, state: SessionState, record: AccountingRecord) -> float:
        """Octets a second, both directions together."""
        isp_id, customer_id = state.isp_id, state.customer_id
        if isp_id not in self._fastest:
            self._fastest[isp_id] = self._rate(sql.FASTEST_PLAN, {"isp": isp_id})
        if self._fastest[isp_id] <= LEAST_RATE:
            return LEAST_RATE
        key = isp_id, record.username if customer_id is None else customer_id
        if key not in self._known:
            values = {"isp": isp_id, "customer": customer_id, "name": readable(record.username)}
            self._known[key] = self._rate(sql.PLAN_OF, values)
        return self._known[key]

    def _rate(self, statement: str, values: Mapping[str, object]) -> float:
        return most_a_second(self._connection.exec_driver_sql(statement, dict(values)).scalar())
