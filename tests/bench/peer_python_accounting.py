"""The same sales by python-accounting, run by the Python of an environment that has it: `… URL SECONDS CLIENTS`.

Nothing of the project is imported. A cash sale: into one bank account, out of revenue, with a tax line, posted.
"""

import multiprocessing
import sys
import time
from datetime import datetime

from python_accounting.database.session import get_session
from python_accounting.models import Account, Base, Currency, Entity, LineItem, Tax
from python_accounting.transactions import CashSale
from sqlalchemy import create_engine, select

#: Sales that count for nothing: statements are compiled.
_WARMING = 5


def prepare(url: str, companies: int) -> None:
    """Tables; companies with their accounts."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    for number in range(companies):
        with get_session(engine) as session:
            company = Entity(name=f"Bench {number}")
            session.add(company)
            session.commit()
            currency = Currency(name="US Dollars", code="USD", entity_id=company.id)
            session.add(currency)
            session.commit()
            kinds = Account.AccountType
            accounts = [Account(name=name, account_type=kind, currency_id=currency.id, entity_id=company.id)
                        for name, kind in (("Tax", kinds.CONTROL), ("Bank", kinds.BANK),
                                           ("Revenue", kinds.OPERATING_REVENUE))]  # fmt: skip
            session.add_all(accounts)
            session.flush()
            session.add(Tax(name="VAT", code="VAT", account_id=accounts[0].id, rate=16, entity_id=company.id))
            session.commit()


def sell(url: str, number: int, seconds: float) -> int:
    """How many sales one client made, in a company of its own.

    Numbers of documents are counted, not given out: two clients of one company get the same, and one of them fails.
    """
    engine, sold, begun = create_engine(url), -_WARMING, 0.0
    with get_session(engine) as session:
        session.entity = session.scalars(select(Entity).where(Entity.name == f"Bench {number}")).one()
        company = session.entity.id
        bank, revenue = (
            session.scalars(select(Account).where(Account.name == name, Account.entity_id == company)).one().id
            for name in ("Bank", "Revenue")
        )
        tax = session.scalars(select(Tax).where(Tax.entity_id == company)).one().id
        while sold <= 0 or time.perf_counter() - begun < seconds:
            begun = time.perf_counter() if sold == 0 else begun
            sale = CashSale(narration="Sale", transaction_date=datetime.now(), account_id=bank, entity_id=company)  # noqa: DTZ005  # as its own pages show it
            session.add(sale)
            session.flush()
            line = LineItem(narration="Sale", account_id=revenue, amount=100, tax_id=tax, entity_id=company)
            session.add(line)
            session.flush()
            sale.line_items.add(line)
            session.add(sale)
            sale.post(session)
            session.commit()
            sold += 1
    return sold


if __name__ == "__main__":
    address, length, count = sys.argv[1].replace("postgresql://", "postgresql+psycopg2://", 1), sys.argv[2], sys.argv[3]
    prepare(address, int(count))
    with multiprocessing.get_context("spawn").Pool(int(count)) as clients:
        sales = clients.starmap(sell, [(address, number, float(length)) for number in range(int(count))])
        sys.stdout.write(f"{sum(sales)}\n")
