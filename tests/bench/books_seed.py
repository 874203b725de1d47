"""A tenant's books of so many transfers, written by SQL as the programs would have written them, only quicker.

A hundred transfers a customer: forty charges with tax and twenty payments. Every second customer owes the last ones.
"""

import psycopg2

PER_CUSTOMER = 100
_CHARGES, _PAYMENTS = 40, 20
_NET, _TAX = 1000, 160
#: Of an old payment; whoever owes has left out the last.
_PAID = _CHARGES * (_NET + _TAX) // _PAYMENTS

_SETTINGS = """
insert into billing_settings (isp_id, tax_rate, due_days) values (%(isp)s, 16, 14) on conflict do nothing
"""
_ACCOUNTS = """
insert into ledger_accounts (isp_id, kind, code) values
  (%(isp)s, 'revenue', 'revenue'), (%(isp)s, 'tax', 'tax:S:16000'), (%(isp)s, 'clearing', 'clearing:bank')
  on conflict do nothing
"""
_OWN = "select id from ledger_accounts where isp_id = %(isp)s and code = %(code)s"
_CUSTOMERS = """
insert into ledger_accounts (isp_id, kind, code, customer_id, credit, seq)
select %(isp)s, 'customer', 'customer:' || n, n, case when n %% 2 = 0 then 0 else -%(paid)s end,
       %(each)s - case when n %% 2 = 0 then 0 else 1 end
  from generate_series(%(first)s::bigint, %(last)s) n
"""
_SOLD = """
insert into charges (isp_id, customer_id, kind, description, unit_price, net, tax, tax_category, tax_rate, effective_on,
                     actor, created_at)
select %(isp)s, n, 'fee', 'A fee', %(net)s, %(net)s, %(tax)s, 'S', 16, (now() - month * interval '1 month')::date,
       'bench', now() - month * interval '1 month'
  from generate_series(%(charges)s, 1, -1) month, generate_series(%(first)s::bigint, %(last)s) n
"""
_CAME = """
insert into payments (isp_id, provider, provider_account, amount, method, received_at, customer_id, actor, created_at)
select %(isp)s, 'manual', 'bank', %(paid)s, 'bank', at, n, 'bench', at
  from generate_series(%(payments)s, 1, -1) number, generate_series(%(first)s::bigint, %(last)s) n,
       lateral (select now() - number * interval '2 months' as at) moment
 where number > 1 or n %% 2 = 0
"""
_CHARGED = """
insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor, created_at)
select c.isp_id, a.id, share.target, share.amount, 'charge', c.id, 'charge:' || c.id || ':' || share.word,
       c.effective_on, 'bench', c.created_at
  from charges c
  join ledger_accounts a on a.isp_id = c.isp_id and a.customer_id = c.customer_id,
       lateral (values ('net', %(revenue)s::bigint, c.net), ('tax', %(tax_account)s, c.tax)) share(word, target, amount)
 where c.isp_id = %(isp)s and c.customer_id between %(first)s and %(last)s
"""
_RECEIVED = """
insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor, created_at)
select p.isp_id, %(clearing)s, a.id, p.amount, 'payment', p.id, 'payment:' || p.id, p.created_at::date, 'bench',
       p.created_at
  from payments p join ledger_accounts a on a.isp_id = p.isp_id and a.customer_id = p.customer_id
 where p.isp_id = %(isp)s and p.customer_id between %(first)s and %(last)s
"""
#: Customers of one statement: what a transaction holds in memory stays small.
_SLICE = 5_000


def grow(superuser: str, isp: int, since: int, transfers: int) -> int:
    """Add customers from that number on until the tenant has so many transfers; the next number.

    Without triggers, which only a superuser may leave out: rows that name each other rightly need none.
    """
    end = transfers // PER_CUSTOMER
    with psycopg2.connect(superuser) as db, db.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(_SETTINGS, {"isp": isp})
        cursor.execute(_ACCOUNTS, {"isp": isp})
        own = {}
        for name, code in (("revenue", "revenue"), ("tax_account", "tax:S:16000"), ("clearing", "clearing:bank")):
            cursor.execute(_OWN, {"isp": isp, "code": code})
            own[name] = (cursor.fetchone() or (0,))[0]
        amounts = {"net": _NET, "tax": _TAX, "paid": _PAID, "charges": _CHARGES, "payments": _PAYMENTS,
                   "each": PER_CUSTOMER}  # fmt: skip
        for first in range(since, end, _SLICE):
            values = own | amounts | {"isp": isp, "first": first + 1, "last": min(first + _SLICE, end)}
            for statement in (_CUSTOMERS, _SOLD, _CAME, _CHARGED, _RECEIVED):
                cursor.execute(statement, values)
            db.commit()
    _vacuum(superuser)
    return end


def _vacuum(superuser: str) -> None:
    db = psycopg2.connect(superuser)
    db.autocommit = True
    with db.cursor() as cursor:
        cursor.execute("vacuum analyze transfers, charges, payments, ledger_accounts")
    db.close()
