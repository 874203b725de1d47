"""Money: documents, payments into one account beside two other ledgers, a balance in growing books, renewals' cost."""

import http.client
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models import Isp
from models.db import make_engine
from models.money import receivables
from models.money.books.verification import verify
from service import parts
from tests.bench import books_seed, http_load, tables
from tests.bench.bench import Bench
from tests.bench.books_documents import invoice_run
from tests.bench.books_ledger import Ledger, running
from tests.bench.books_papers import papers
from tests.bench.books_payments import payments, sales
from tests.bench.http_load import Call
from tests.bench.table import Row, bounded, compared

_MONEYLESS_PORT = 22881
_FEWEST = 1_000
_LOOKS, _WARMING = 4_000, 300


def books(bench: Bench) -> list[Row]:
    """Everything on one installation of its own, where nothing else runs."""
    with running(bench) as ledger:
        return [
            *papers(bench),
            *payments(bench, ledger),
            *sales(bench, ledger),
            *invoice_run(bench, ledger),
            *_renewals(bench, ledger),
            *_balance(bench, ledger),
        ]


def _renewals(bench: Bench, ledger: Ledger) -> list[Row]:
    """With money and without, in turns, the same customers never twice."""
    tables.settle(ledger.installation.urls.owner)
    ledger.installation.start("api")
    settings = ledger.installation.settings
    waiting = iter(ledger.customers)
    with _without_money(ledger):
        places = {
            "project": (settings.api_host, settings.api_port),
            "without money": (settings.api_host, _MONEYLESS_PORT),
        }
        for address in places.values():
            http_load.load(address, {"X-API-Key": ledger.key}, _renewal_of(waiting), 1.0)
        rates: dict[str, list[float]] = {name: [] for name in places}
        for _ in range(max(2, bench.options.rounds)):
            for name, address in places.items():
                result = http_load.load(address, {"X-API-Key": ledger.key}, _renewal_of(waiting),
                                        bench.options.login_seconds / 2)  # fmt: skip
                if result.wrong or result.lost:
                    bench.failures.append(f"FAILED: books, {name}: {result.wrong} wrong, {result.lost} lost renewals.")
                rates[name].append(result.rate)
                bench.say(f"    books  {name}: {result.rate:,.0f} renewals a second through the API")
    pair = statistics.median(rates["project"]), statistics.median(rates["without money"])
    return [compared("books", "renewals through the API, beside the same without money", pair, "1/s", at_least=0.6)]


def _renewal_of(waiting: Iterator[int]) -> Callable[[], Call | None]:
    def call() -> Call | None:
        customer = next(waiting, None)
        return None if customer is None else Call("POST", f"/api/billing/customers/{customer}/renew", 200, {})

    return call


@contextmanager
def _without_money(ledger: Ledger) -> Iterator[None]:
    """A second gunicorn with the same options, whose renewals charge nothing."""
    settings, installation = ledger.installation.settings, ledger.installation
    command = [word.replace("admin_api:create_app()", "tests.bench.moneyless:create_app()")
               .replace(f":{settings.api_port}", f":{_MONEYLESS_PORT}")
               for word in parts.by_name("api").command(settings)]  # fmt: skip
    environment = installation.environment("api") | {"PYTHONPATH": str(settings.home)}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    server = subprocess.Popen(
        command, env=environment, cwd=settings.home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(settings.api_host, _MONEYLESS_PORT)
        yield
    finally:
        server.terminate()
        server.wait(20)


def _await(host: str, port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        link = http.client.HTTPConnection(host, port, timeout=5)
        try:
            link.request("GET", "/healthz")
            if link.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            link.close()
    raise RuntimeError("the API without money does not answer")


class _Taken(NamedTuple):
    p50_ms: float
    p99_ms: float


def _balance(bench: Bench, ledger: Ledger) -> list[Row]:
    """A tenant with few books and one with many, each asked for customers at random."""
    most = bench.options.many_transfers
    taken = {}
    engine = make_engine(ledger.installation.urls.engine, "infora bench", answers_within=3600.0)
    for count in (_FEWEST, most):
        with Session(engine) as session, session.begin():
            isp = Isp(name=f"{count} transfers")
            session.add(isp)
            session.flush()
            isp_id = isp.id
        begun = time.monotonic()
        customers = books_seed.grow(ledger.superuser, isp_id, 0, count)
        bench.say(
            f"    books  project: {count:,} transfers of {customers:,} customers in {time.monotonic() - begun:.0f} s"
        )
        taken[count] = _asked(engine, isp_id, customers)
        bench.say(
            f"    books  project: balance and overdue p50 {taken[count].p50_ms:.2f} p99 {taken[count].p99_ms:.2f} ms"
        )
    begun = time.monotonic()
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        findings = [finding for finding in verify(connection) if finding.isp_id != ledger.isp]
    proof = time.monotonic() - begun
    engine.dispose()
    if findings:
        bench.failures.append(f"FAILED: books: the generated books are not right: {findings[0]}")
    few, many = taken[_FEWEST], taken[most]
    return [
        bounded("books", f"balance and overdue, {_FEWEST:,} transfers: p99", few.p99_ms, "ms", at_most=5),
        bounded("books", f"balance and overdue, {most:,} transfers: p99", many.p99_ms, "ms", at_most=5),
        bounded("books", "the second over the first", many.p99_ms / few.p99_ms, "x", at_most=1.2),
        bounded("books", f"verify-books over {most:,} transfers", proof, "s"),
    ]


def _asked(engine: Engine, isp_id: int, customers: int) -> _Taken:
    """What `GET …/account` asks of the models."""
    now, times = datetime.now(UTC), []
    with Session(engine) as session:
        isp = session.get_one(Isp, isp_id)
        for number in range(_WARMING + _LOOKS):
            customer = 1 + number * 7919 % customers
            begun = time.perf_counter()
            standing = receivables.standing(session, isp, customer, now)
            if number >= _WARMING:
                times.append(time.perf_counter() - begun)
            if (standing.overdue > 0) != (customer % 2 == 1):
                raise RuntimeError(f"customer {customer} owes {standing}")
    times.sort()
    return _Taken(times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3)
