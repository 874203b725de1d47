"""The ledger beside two others: payments into one account, and sales with a tax line; eight clients each."""

import statistics
from pathlib import Path

import psycopg2

from service.database import cluster
from tests.bench import peers, pgbench
from tests.bench.bench import Bench
from tests.bench.books_ledger import Ledger, database_named
from tests.bench.table import Row, compared

_INSERT = (
    "insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor)"
    " values {} on conflict do nothing returning id;"
)
_SHAPE = Path(__file__).with_name("pgledger_shape.sql")


def payments(bench: Bench, ledger: Ledger) -> list[Row]:
    """The statement that `models.money.ledger` writes a payment with, beside one transfer of pgledger's shape."""
    program = cluster.binary(ledger.installation.settings, "pgbench")
    ours = ledger.installation.urls.engine
    clearing, first, count = _accounts(ledger)
    shape = _shape(ledger)
    own = _transfers(ledger.isp, (first, first + count - 1), [("paid", str(clearing), ":customer", 100)])
    theirs = ["\\set customer random(2, 10001)", "select shape_transfer(1, :customer, 100);"]
    rates: dict[str, list[float]] = {"project": [], "pgledger's shape": []}
    for _ in range(bench.options.rounds):
        for name, url, statements in (("project", ours, own), ("pgledger's shape", shape, theirs)):
            rate = pgbench.rate(program, url, statements, bench.options.login_seconds)
            rates[name].append(rate)
            bench.say(f"    books  {name}: {rate:,.0f} payments a second into one account")
    bench.notes.append(
        "books: pgledger's shape is written anew for this bench, not its code; both by pgbench, 8 clients."
    )
    pair = statistics.median(rates["project"]), statistics.median(rates["pgledger's shape"])
    return [compared("books", "payments into one account, beside pgledger's shape", pair, "1/s", at_least=5)]


def _accounts(ledger: Ledger) -> tuple[int, int, int]:
    """The clearing account; the first of customers' accounts, and how many follow it."""
    with psycopg2.connect(ledger.superuser) as db, db.cursor() as cursor:
        cursor.execute("insert into ledger_accounts (isp_id, kind, code) values (%s, 'clearing', 'clearing:bank')"
                       " returning id", (ledger.isp,))  # fmt: skip
        clearing = (cursor.fetchone() or (0,))[0]
        cursor.execute("insert into ledger_accounts (isp_id, kind, code, customer_id)"
                       " select %s, 'customer', 'customer:' || -n, -n from generate_series(1, 10000) n returning id",
                       (ledger.isp,))  # fmt: skip
        numbers = [number for (number,) in cursor.fetchall()]
    return clearing, min(numbers), len(numbers)


def _shape(ledger: Ledger) -> str:
    """A database of its own on the same server."""
    url = database_named(ledger, "shape")
    with psycopg2.connect(url) as db, db.cursor() as cursor:
        cursor.execute(_SHAPE.read_text(encoding="utf-8"))
    return url


def sales(bench: Bench, ledger: Ledger) -> list[Row]:
    """A sale with its tax line, paid into one account: three transfers here, a posted cash sale there."""
    program, seconds = cluster.binary(ledger.installation.settings, "pgbench"), bench.options.login_seconds
    models = peers.own_sales(ledger.installation.urls.engine, ledger.isp, seconds)
    bench.say(f"    books  project: {models:,.0f} sales a second through the models")
    own = pgbench.rate(program, ledger.installation.urls.engine, _sale(ledger), seconds)
    bench.say(f"    books  project: {own:,.0f} sales a second as the ledger's statement")
    try:
        python = peers.install(Path(ledger.installation.settings.state_dir) / "python-accounting")
        theirs: float | None = peers.sales(python, database_named(ledger, "accounting"), seconds)
        bench.say(f"    books  python-accounting: {theirs:,.0f} sales a second")
    except RuntimeError as error:
        theirs = None
        bench.notes.append(f"books: without python-accounting, which could not be measured: {error}")
    return [
        compared("books", "sales with a tax line, beside python-accounting", (own, theirs), "1/s", at_least=20),
        compared("books", "the same through the models", (models, theirs), "1/s"),
    ]


def _sale(ledger: Ledger) -> list[str]:
    """Net, tax and payment of one customer, in one statement."""
    with psycopg2.connect(ledger.superuser) as db, db.cursor() as cursor:
        cursor.execute("insert into ledger_accounts (isp_id, kind, code) values (%(i)s, 'revenue', 'revenue'),"
                       " (%(i)s, 'tax', 'tax:S:16000') on conflict do nothing", {"i": ledger.isp})  # fmt: skip
        cursor.execute("select code, id from ledger_accounts where isp_id = %s and customer_id is null", (ledger.isp,))
        own = dict(cursor.fetchall())
        cursor.execute(
            "select min(id), max(id) from ledger_accounts where isp_id = %s and customer_id < 0", (ledger.isp,)
        )
        first, last = cursor.fetchone() or (0, 0)
    return _transfers(ledger.isp, (first, last), [
        ("net", ":customer", own["revenue"], 10_000), ("tax", ":customer", own["tax:S:16000"], 1_600),
        ("paid", own["clearing:bank"], ":customer", 11_600),
    ])  # fmt: skip


def _transfers(isp: int, customers: tuple[int, int], rows: list[tuple[str, str, str, int]]) -> list[str]:
    """A script for pgbench: a customer's transfers (word, from, to, amount), as `models.money.ledger` writes them."""
    key = "|| :client_id || ':' || :n, current_date, 'bench'"
    values = ", ".join(
        f"({isp}, {source}, {target}, {amount}, 'payment', 1, '{word}:' {key})" for word, source, target, amount in rows
    )
    return ["\\set customer random({}, {})".format(*customers), "\\set n random(1, 9000000000000000000)",
            _INSERT.format(values)]  # fmt: skip
