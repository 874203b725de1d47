"""A customer's account, line by line, as a bank would print it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session


class Entry(NamedTuple):
    """`amount` is added to the credit; `balance` is the credit after it."""

    on: date
    cause: str
    cause_id: int
    description: str
    amount: int
    balance: int


class Statement(NamedTuple):
    """`opening` is the credit before the first day, `closing` after the last."""

    opening: int
    entries: list[Entry]
    closing: int


def statement(session: Session, isp_id: int, customer_id: int, since: date, until: date) -> Statement:
    """Everything that moved the customer's credit on the days `since` to `until`, both included."""
    wanted = {"isp_id": isp_id, "code": f"customer:{customer_id}", "since": since, "until": until}
    opening = int(session.scalar(_OPENING, wanted) or 0)
    entries, balance = [], opening
    for on, cause, cause_id, description, amount in session.execute(_ENTRIES, wanted):
        balance += amount
        entries.append(Entry(on, cause, cause_id, description, amount, balance))
    return Statement(opening, entries, balance)


_MOVES = """
  from ledger_accounts a
  join transfers t on t.isp_id = a.isp_id and a.id in (t.from_account, t.to_account)
 where a.isp_id = :isp_id and a.code = :code"""
_AMOUNT = "sum(case when t.to_account = a.id then t.amount else -t.amount end)::bigint"
_OPENING = text(f"select {_AMOUNT} {_MOVES} and t.effective_on < :since")  # our own text
#: Net and tax of a charge are one line.
_ENTRIES = text(f"""
select e.effective_on, e.cause, e.cause_id,
       coalesce(case when e.cause = 'charge' then
                  (select case when c.reverses is null then c.description
                               else c.description || ' (taken back: ' || c.reason || ')' end
                     from charges c where c.isp_id = e.isp_id and c.id = e.cause_id)
                when e.cause = 'refund' then
                  (select 'Refund: ' || r.reason from refunds r where r.isp_id = e.isp_id and r.id = e.cause_id)
                else (select 'Payment (' || p.method || ')' || coalesce(' ' || p.provider_ref, '')
                        from payments p where p.isp_id = e.isp_id and p.id = e.cause_id) end, e.cause),
       e.amount
  from (select a.isp_id, t.effective_on, t.cause, t.cause_id, t.reverses is not null as back, min(t.id) as first,
               {_AMOUNT} as amount {_MOVES} and t.effective_on between :since and :until
         group by a.isp_id, t.effective_on, t.cause, t.cause_id, t.reverses is not null) e
 order by e.effective_on, e.first
""")  # noqa: S608  # our own text
