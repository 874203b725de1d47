"""A wrong clock, of the database and of every part: no row of the books is lost by it, and everybody is served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from service.testing import Installation, free_ports
from tests.radius_client import (
    AcctStatus,
    Growth,
    Visit,
    accounting_attributes,
    accounting_request,
    exchange,
)
from tests.support import wrong_clock
from tests.support.spools import until
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant

_TABLES = ("radacct", "radpostauth")
_PARTS = ("postgres", "auth", "acct", "writer")


@pytest.fixture
def system() -> Iterator[System]:
    """One that everybody may enter, with two years in its books."""
    with TemporaryDirectory() as name, Installation(Path(name) / "s", *free_ports()) as running:
        Path(name).chmod(0o755)
        system = System(running)
        yield system
        system.close()


def fill(system: System, isp_id: int) -> None:
    for statement in (
        "select infora_make_partitions((now() - interval '24 months')::date, 25)",
        "insert into radacct (isp_id, acctsessionid, session_month, acctstarttime, acctstoptime, username)"
        " select :isp, 's', date_trunc('month', day)::date, day, day, 'old'"
        "   from generate_series(now() - interval '23 months', now(), interval '1 day') day",
        "insert into radpostauth (isp_id, authdate, username, reply, code)"
        " select :isp, day, 'old', 'Access-Accept', 'accept'"
        "   from generate_series(now() - interval '23 months', now(), interval '1 day') day",
    ):
        system.sql(statement, isp=isp_id)


def old_rows(system: System) -> dict[str, int]:
    return {
        table: int(system.sql(f"select count(*) from {table} where username = 'old'")[0][0])  # noqa: S608
        for table in _TABLES
    }


def visits(tenant: Tenant, person: Person, number: int, octets: int) -> None:
    """A login, and a session of so many octets from beginning to end, all of it answered."""
    mac = f"02:00:00:00:00:{number:02X}"
    answer = tenant.router.ask_now(tenant.router.request(person.username, person.password, mac=mac), timeout=5.0)
    assert answer is not None and answer.accepted, f"visit {number}: {answer}"
    visit = Visit(person.username, f"8000000{number}", mac=mac, nas_address=tenant.router.address)
    settings = tenant.system.installation.settings
    for status, growth in ((AcctStatus.START, Growth()), (AcctStatus.STOP, Growth(60, octets, octets))):
        request = accounting_request(
            tenant.router.secret, accounting_attributes(visit, status, growth, session_class=answer.klass or b"")
        )
        server, source = (settings.radius_listen, settings.radius_acct_port), (tenant.router.address, 0)
        assert any(exchange(request, server, timeout=2.0, source=source) for _ in range(3)), f"visit {number}: {status}"


def booked(system: System, tenant: Tenant) -> list[int]:
    statement = "select acctinputoctets from radacct where isp_id = :isp and username <> 'old' order by acctsessionid"
    return [int(row[0]) for row in system.sql(statement, isp=tenant.isp_id)]


def test_three_years_ahead_and_back_everybody_is_served_and_no_row_is_lost(system: System, tmp_path: Path) -> None:
    tenant, installation = Tenant(system), system.installation
    person = tenant.customer(expires_in=3650 * 86_400)
    fill(system, tenant.isp_id)
    system.settle()
    visits(tenant, person, 1, 1000)
    until(lambda: booked(system, tenant) == [1000])
    before = old_rows(system)
    installation.stop()
    assert min(before.values()) > 600
    logs = tmp_path / "ahead"
    with wrong_clock.all_running(installation, _PARTS, "+1095d", logs):
        deadline = time.monotonic() + 15
        while "history:" not in (written := (logs / "writer").read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "days past the newest record" in written
        visits(tenant, person, 2, 700)
        # One more login, whose slot waits for its Start: no longer than any other.
        assert tenant.login(person).accepted
        until(lambda: booked(system, tenant) == [1000, 700], 10)
        assert old_rows(system) == before
    installation.start_postgres()
    installation.start_radius()
    visits(tenant, person, 3, 300)
    until(lambda: booked(system, tenant) == [1000, 700, 300], 10)
    assert old_rows(system) == before
    (used,) = system.sql("select sum(bytes_in) from usage where isp_id = :isp", isp=tenant.isp_id)
    assert used == (2000,)
