"""kill -9 of the API, the worker and PostgreSQL at every statement of a payment, a renewal and a renewal by itself.

The real parts, with a relay before PostgreSQL that reads their statements. Nothing is ever half; what the client
repeats, and what the worker comes back to, is done once.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import Isp
from models.customers.lifecycle import create_customer
from models.db import make_engine
from models.money import billing_settings
from models.money.payments import Received, receive
from models.secrets.generated import api_key_digest
from models.secrets.keyring import Keyring
from models.subscriptions.plans import create_plan
from service.database import urls
from service.host import layout
from service.s6 import leftovers
from service.start import schema
from service.testing import Installation, free_ports
from tests.fault.test_half_open import execute
from tests.support.money_figures import Figures, figures
from tests.support.money_world import broken as broken_rules
from tests.support.statement_relay import StatementRelay, Trap

pytestmark = pytest.mark.long
_PATIENCE = 60.0
_KEY = "a key for the tests of money, long enough"
_NOTHING = Figures(*[0] * 9)
_MONTH = 30 * 86_400
#: What each act adds to its customer, once.
ADDS = {
    "pay": Figures(0, 0, 0, 1, 1, 700, 0, 0, 0),
    "renew": Figures(1, 1, 1, 0, 2, -1160, 1, 1, _MONTH),
    "renew by itself": Figures(1, 1, 1, 0, 2, -1160, 1, 1, _MONTH),
}
_STATEMENTS = 200
#: Only each so-manieth statement, for a first look.
_EVERY = int(os.environ.get("MONEY_KILLS_EVERY", "1"))
#: At each so many statements the whole API is killed.
_ALL_OF_IT = 10


def sends_from(pid: int, port: int) -> bool:
    """Whether a socket of the process is bound to that port of 127.0.0.1."""
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    inodes = {f"socket:[{fields[9]}]" for fields in lines if fields[1] == f"0100007F:{port:04X}"}
    with suppress(OSError):
        return any(str(file.readlink()) in inodes for file in Path(f"/proc/{pid}/fd").iterdir())
    return False


class Office(NamedTuple):
    """PostgreSQL by itself, and the parts that reach it through the relay."""

    cluster: Installation
    parts: Installation
    relay: StatementRelay
    owner: Engine
    isp_id: int
    plan_id: int

    @property
    def keyring(self) -> Keyring:
        return Keyring.parse(self.parts.secrets.credential_keys)

    def kill(self, victim: str, port: int | None) -> None:
        """kill -9 of all processes of the part, or of the one that sends from that port."""
        if victim == "postgres":
            os.kill(int((self.cluster.settings.state_dir / "pg/data/postmaster.pid").read_text().split()[0]),
                    signal.SIGKILL)  # fmt: skip
        for pid in leftovers.of(victim, (self.cluster if victim == "postgres" else self.parts).settings):
            if port is None or sends_from(pid, port):
                os.kill(pid, signal.SIGKILL)

    def figures(self, customer_id: int) -> Figures:
        """Once PostgreSQL answers."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                with self.owner.connect() as connection:
                    assert broken_rules(connection) == []
                    return figures(connection, self.isp_id, customer_id)
            except OperationalError:
                assert time.monotonic() < deadline, "PostgreSQL does not come back"
                time.sleep(0.05)

    def customer(self, name: str, ends: datetime, *, auto_renew: bool) -> int:
        """With 100.00 to their credit."""
        with Session(self.owner) as session, session.begin():
            isp, now = session.get_one(Isp, self.isp_id), datetime.now(UTC)
            customer = create_customer(session, self.keyring, isp, now, username=name, password="password-1",
                                       service_plan_id=self.plan_id, expires_at=ends)  # fmt: skip
            receive(session, isp, Received(10_000, "bank", now, customer.id), now)
            customer.auto_renew = auto_renew
            return customer.id

    def post(self, path: str, body: dict[str, Any], key: str) -> int:
        """The status; 0 where nobody answers."""
        settings = self.parts.settings
        link = http.client.HTTPConnection(settings.api_host, settings.api_port, timeout=20)
        headers = {"X-API-Key": _KEY, "Idempotency-Key": key, "Content-Type": "application/json"}
        try:
            link.request("POST", path, json.dumps(body), headers)
            return link.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            link.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with Installation(tmp_path_factory.mktemp("cluster") / "s", *free_ports()) as cluster:
        cluster.start_postgres()
        relay = StatementRelay(layout.socket_directory(cluster.settings) / ".s.PGSQL.5432")
        yield from _running(cluster, relay, tmp_path_factory)
        relay.close()


def _running(
    cluster: Installation, relay: StatementRelay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    credentials = cluster.urls.owner.partition("://")[2].partition("@")[0]
    url = f"postgresql://{credentials}@{relay.address}:{relay.port}/{urls.PRIVATE_DATABASE}"
    as_superuser = urls.superuser(cluster.settings)
    execute(as_superuser, "alter role infora superuser")
    with Installation(tmp_path_factory.mktemp("parts") / "s", *free_ports(), DATABASE_URL=url) as parts:
        parts.start_postgres()
        schema.upgrade(parts.settings, parts.secrets)
        owner = make_engine(parts.urls.owner, "tests")
        parts.start("api")
        parts.start("worker")
        with Session(owner) as session, session.begin():
            isp = Isp(name="Paid", api_key_hash=api_key_digest(_KEY))
            session.add(isp)
            session.flush()
            billing_settings.save(session, isp.id, {"tax_rate": Decimal(16), "api_key_money": True})
            plan = create_plan(session, isp.id, name="plan", bandwidth_limit=10, price_minor=1000, validity_days=30)
            ids = isp.id, plan.id
        yield Office(cluster, parts, relay, owner, *ids)
        owner.dispose()


class Case(NamedTuple):
    """One act on one customer, and how it is done once more until it is done."""

    application: str
    since: bytes
    begin: Callable[[], object]
    again: Callable[[], bool]


def case_of(office: Office, act: str, customer_id: int, number: int) -> Case:
    if act == "renew by itself":
        # The trap is set; now it is due.
        def let_it_renew() -> None:
            with office.owner.begin() as connection:
                connection.execute(text("update customers set auto_renew = true where id = :id"), {"id": customer_id})

        return Case("infora renewals", b"FOR UPDATE", let_it_renew,
                    lambda: office.figures(customer_id).requests > 0)  # fmt: skip
    path, body = {
        "pay": ("/api/billing/payments", {"customer_id": customer_id, "amount": "7.00", "method": "bank",
                                          "reference": f"R{number}"}),
        "renew": (f"/api/billing/customers/{customer_id}/renew", {"periods": 1}),
    }[act]  # fmt: skip

    def post() -> bool:
        return office.post(path, body, f"{act} {number}") in (200, 201)

    return Case("infora api", b"", post, post)


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


_numbers = itertools.count(1)


def killed_at(office: Office, act: str, victim: str, number: int, *, after: bool = False) -> Trap:
    """Kill the victim at that statement; nothing is half then, and all is done once in the end."""
    unique = next(_numbers)
    by_itself = act == "renew by itself"
    ends = datetime.now(UTC).replace(microsecond=0) + (timedelta(minutes=-1) if by_itself else timedelta(days=9))
    customer_id = office.customer(f"c{unique}", ends, auto_renew=False)
    case = case_of(office, act, customer_id, unique)
    before = office.figures(customer_id)
    # Of the API, mostly the one process that is at it: the others serve on, and nobody waits for a start.
    is_alone = victim == "api" and number % _ALL_OF_IT

    def attempt() -> Trap | None:
        """None: it came to nothing before that statement, as where the death before this one is not over yet."""
        trap = Trap(
            case.application, number, lambda port: office.kill(victim, port if is_alone else None), case.since, after
        )
        office.relay.trap = trap
        done = case.begin()
        if by_itself:
            until(lambda: trap.sprung.is_set() or case.again(), "the worker does not renew")
        office.relay.trap = None
        return trap if by_itself or done or trap.sprung.is_set() else None

    deadline = time.monotonic() + _PATIENCE
    while (trap := attempt()) is None:
        assert time.monotonic() < deadline, "nobody takes it on"
    if trap.sprung.is_set() and not by_itself:  # the worker may have done it again already
        done = ADDS[act] if after and _is_commit(trap.seen[-1]) else _NOTHING
        assert office.figures(customer_id).less(before) == done, trap.seen[-1]
    until(case.again, "it is never done")
    case.again()
    assert office.figures(customer_id).less(before) == ADDS[act], trap.seen[-1]
    return trap


@pytest.mark.parametrize("act", ["pay", "renew", "renew by itself"])
@pytest.mark.parametrize("who", ["client", "postgres"])
def test_killed_at_every_statement(office: Office, act: str, who: str) -> None:
    victim = who if who == "postgres" else "worker" if act == "renew by itself" else "api"
    for number in range(1, _STATEMENTS, _EVERY):
        trap = killed_at(office, act, victim, number)
        if not trap.sprung.is_set():
            break
    statements = len(trap.seen)
    assert killed_after_commit(office, act, victim, trap), "never killed between the commit and its answer"
    assert 7 < statements < _STATEMENTS
    print(f"{act}, {victim}: killed at {-(-statements // _EVERY)} of {statements} statements")  # noqa: T201  # shown with -s


def killed_after_commit(office: Office, act: str, victim: str, whole: Trap) -> bool:
    """Also where a connection that is new needs another number of statements than the last one did."""
    for _ in range(5):
        commits = [at for at, seen in enumerate(whole.seen, 1) if _is_commit(seen)]
        # The worker goes on to its next look, and ends that too.
        trap = killed_at(office, act, victim, commits[0] if act == "renew by itself" else commits[-1], after=True)
        if trap.sprung.is_set() and _is_commit(trap.seen[-1]):
            return True
        whole = killed_at(office, act, victim, _STATEMENTS) if trap.sprung.is_set() else trap
    return False


def _is_commit(statement: bytes) -> bool:
    return statement.upper().startswith(b"COMMIT")
