"""A tenant's books as beancount text: for accountants, and for a second opinion by a program that nobody here wrote.

What the tenant owes is below zero there, so every balance is the ledger's with the other sign. No text of a customer's
is in it: words in a comment can move a posting to another day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection, text

from models.money.amounts import decimal_text

#: kind of account → its place in a chart of accounts.
PLACES = {
    "customer": "Liabilities:Customers",
    "deposit": "Liabilities:Deposits",
    "agent": "Liabilities:Agents",
    "clearing": "Assets:Clearing",
    "drawer": "Assets:Drawers",
    "revenue": "Income:Revenue",
    "tax": "Liabilities:Tax",
    "voucher_liability": "Liabilities:Vouchers",
    "suspense": "Liabilities:Suspense",
    "write_off": "Expenses:WriteOff",
    "rounding": "Expenses:Rounding",
    "commission": "Expenses:Commission",
}


def account_name(kind: str, code: str) -> str:
    """`Liabilities:Customers:C12` of `customer:12`, `Liabilities:Tax:S-16000` of `tax:S:16000`."""
    _, _, name = code.partition(":")
    part = name.replace(":", "-").replace("_", "-")
    if not part:
        return PLACES[kind]
    return f"{PLACES[kind]}:{kind[0].upper() + part if part.isdigit() else part[0].upper() + part[1:]}"


def beancount(connection: Connection, isp_id: int) -> Iterator[str]:
    """The lines, transfer by transfer, and at their end what each account must hold."""
    isp = connection.execute(_ISP, {"isp_id": isp_id}).one()
    accounts = {
        row.id: (account_name(row.kind, row.code), int(row.balance))
        for row in connection.execute(_ACCOUNTS, {"isp_id": isp_id})
    }
    yield f'option "title" "Tenant {isp_id}"'
    yield f'option "operating_currency" "{isp.currency}"'
    # Otherwise a cent more or less passes.
    yield 'option "tolerance_multiplier" "0"'
    first = isp.first or date(1970, 1, 1)
    for name, _ in sorted(accounts.values()):
        yield f"{first} open {name} {isp.currency}"
    transfers = connection.execute(_TRANSFERS.execution_options(yield_per=5000), {"isp_id": isp_id})
    for row in transfers:
        amount = decimal_text(row.amount, isp.currency)
        yield f'{row.effective_on} * "{row.cause} {row.cause_id}, transfer {row.id}"'
        yield f"  {accounts[row.from_account][0]}  {amount} {isp.currency}"
        yield f"  {accounts[row.to_account][0]}  -{amount} {isp.currency}"
    last = (isp.last or first) + timedelta(days=1)
    for name, balance in sorted(accounts.values()):
        yield f"{last} balance {name}  {decimal_text(-balance, isp.currency)} {isp.currency}"


_ISP = text("""
select i.currency, (select min(effective_on) from transfers where isp_id = i.id) as first,
       (select max(effective_on) from transfers where isp_id = i.id) as last
  from isps i where i.id = :isp_id
""")
#: Kept balances as they are kept: the other program adds up by itself.
_ACCOUNTS = text("""
select a.id, a.kind, a.code,
       coalesce(a.credit,
                coalesce((select sum(amount) from transfers where isp_id = a.isp_id and to_account = a.id), 0)
                - coalesce((select sum(amount) from transfers where isp_id = a.isp_id and from_account = a.id), 0))
         as balance
  from ledger_accounts a where a.isp_id = :isp_id
""")
_TRANSFERS = text("""
select id, effective_on, from_account, to_account, amount, cause, cause_id from transfers
 where isp_id = :isp_id order by effective_on, id
""")
