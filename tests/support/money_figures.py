"""What one customer has in every table that a sale touches, so that before and after can be compared."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, text

_QUERY = text("""
select (select count(*) from subscriptions where isp_id = :isp and customer_id = :customer),
       (select count(*) from charges where isp_id = :isp and customer_id = :customer),
       (select count(*) from charged_periods where isp_id = :isp and customer_id = :customer),
       (select count(*) from payments where isp_id = :isp and customer_id = :customer),
       (select seq from ledger_accounts where isp_id = :isp and customer_id = :customer),
       (select credit from ledger_accounts where isp_id = :isp and customer_id = :customer),
       (select count(*) from outbox where isp_id = :isp and customer_id = :customer and reason = 'renewed'),
       (select count(*) from audit_log where isp_id = :isp and resource = 'customers' and resource_id = :customer),
       (select extract(epoch from expires_at)::bigint from customers where isp_id = :isp and id = :customer)
""")


class Figures(NamedTuple):
    """Rows, and what they say. `moved`: transfers of the customer's account; `expires` in epoch seconds."""

    periods: int
    charges: int
    charged: int
    payments: int
    moved: int
    credit: int
    requests: int
    audited: int
    expires: int

    def less(self, earlier: Figures) -> Figures:
        """What has come since."""
        return Figures(*(now - before for now, before in zip(self, earlier, strict=True)))


def figures(connection: Connection, isp_id: int, customer_id: int) -> Figures:
    """Of a customer who has an account."""
    row: Any = connection.execute(_QUERY, {"isp": isp_id, "customer": customer_id}).one()
    return Figures(*row)
