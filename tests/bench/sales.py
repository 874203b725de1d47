"""Sales with a tax line, each paid into one clearing account, through the models.

`python -m tests.bench.sales URL ISP SECONDS`: a process a client, a transaction a sale; prints how many were sold.
"""

import multiprocessing
import sys
import time
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from models import Customer, Isp
from models.db import make_engine
from models.money import charges, payments, periods
from models.money.charges import Line
from models.money.payments import Received
from tests.bench.pgbench import CLIENTS

#: Sales that count for nothing: statements are compiled, accounts opened.
_WARMING = 5


def sell(url: str, isp_id: int, number: int, seconds: float) -> int:
    """How many sales one client made, to customers of its own."""
    engine = make_engine(url, "infora bench")
    sold, begun = -_WARMING, 0.0
    with Session(engine) as session:
        query = session.query(Customer.id).filter_by(isp_id=isp_id).order_by(Customer.id)
        customers = [row[0] for row in query.offset(number * 1000).limit(1000)]
        session.commit()
        while sold <= 0 or time.perf_counter() - begun < seconds:
            begun = time.perf_counter() if sold == 0 else begun
            now, customer = datetime.now(UTC), customers[sold % len(customers)]
            isp = session.get_one(Isp, isp_id)
            line = Line("fee", "Sale", 10_000)
            charged = charges.charge(session, periods.billing_of(session, isp, now), customer, line)
            payments.receive(session, isp, Received(charged.total, "bank", now, customer), now)
            session.commit()
            sold += 1
    return sold


def main(url: str, isp_id: int, seconds: float) -> int:
    """All clients at once."""
    with multiprocessing.get_context("spawn").Pool(CLIENTS) as clients:
        return sum(clients.starmap(sell, [(url, isp_id, number, seconds) for number in range(CLIENTS)]))


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))}\n")
