"""One tenant's login latency beside another tenant's router that restarts again and again.

The other tenant has many sessions open on one router; a second router of theirs is the one that restarts. The open
sessions are not its own, so that they stay open however often it does.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from tests.bench import checked_logins, measure, own_installation, project_seed
from tests.bench.bench import IN_FLIGHT, Bench
from tests.bench.checked_logins import SCHEDULE_PORTS
from tests.bench.load import IDENTIFIERS, Stream, drive
from tests.bench.population import CUSTOMERS, SECRET, Subscriber
from tests.bench.project import Project
from tests.bench.result import Rate, Window
from tests.bench.table import Row, bounded
from tests.radius_client import (
    AcctStatus,
    Code,
    Name,
    accounting_attributes,
    accounting_request,
    reboot_attributes,
    text,
)

PORTS = (22892, 22893, 22900)
# 127.0.0.2 is the installation's own probe.
_BUSY_ROUTER, _FAILING_ROUTER = "127.0.0.3", "127.0.0.4"
_FIRST_NUMBER = 200_000
# Customers of the failing router, above those who are on line.
_RETURNING = 1_000
_REBOOTS = 150
_LOGINS = 1_000
_BOOTS = 16

Packets = Callable[[int], list[bytes]]


def neighbour(bench: Bench) -> list[Row]:
    """Quiet, beside Accounting-Ons, beside Starts whose identifier has a new boot digit."""
    sessions = bench.options.open_sessions
    numbers = range(_FIRST_NUMBER, _FIRST_NUMBER + sessions + _RETURNING)
    with own_installation.running(PORTS, CUSTOMERS, lambda project: _add_neighbour(project, numbers)) as project:
        _open(bench, project, numbers[:sessions])
        quiet = _measured(bench, project, "quiet", None)
        ons = _measured(bench, project, "ons", _accounting_ons)
        boots = _measured(bench, project, "boots", lambda count: _first_starts(numbers[sessions:], count))
    words = f"p99 of another tenant's {_LOGINS:,} logins/s"
    rows = [bounded("neighbour", f"{words}, {sessions:,} sessions open, quiet", quiet, "ms")]
    for name, p99 in (("Accounting-Ons", ons), ("Starts after a restart", boots)):
        rows += [bounded("neighbour", f"beside {_REBOOTS} {name}/s", p99, "ms"),
                 bounded("neighbour", f"beside {_REBOOTS} {name}/s / quiet", p99 / quiet, "", at_most=2)]  # fmt: skip
    return rows


def _add_neighbour(project: Project, numbers: range) -> None:
    tenant = project_seed.add_tenant(project.url, project.keyring, "Neighbour", f"{_BUSY_ROUTER}/32", numbers)
    project_seed.add_devices(
        project.url, project.keyring, tenant.isp, [f"{_FAILING_ROUTER}/32"], lambda _: SECRET.decode()
    )


def _open(bench: Bench, project: Project, numbers: range) -> None:
    """Starts of all these customers, by their router."""
    packets = [_start(number, f"80{at:06x}", at) for at, number in enumerate(numbers)]
    stream = Stream(packets, SECRET, project.acct, Window(IN_FLIGHT), Code.ACCOUNTING_RESPONSE, source=_BUSY_ROUTER)
    [result] = drive([stream], 120)
    measure.await_quiet(project.roots())
    if (answered := result.arrived - result.wrong) != len(numbers):
        bench.fail("neighbour", project, [f"of {len(numbers)} Starts only {answered} were answered."])


def _measured(bench: Bench, project: Project, name: str, reboots: Packets | None) -> float:
    seconds = bench.options.login_seconds
    streams = [checked_logins.on_schedule(project, range(CUSTOMERS), _LOGINS, seconds)]
    if reboots is not None:
        streams.append(Stream(reboots(int(_REBOOTS * seconds)), SECRET, project.acct, Rate(_REBOOTS),
                              Code.ACCOUNTING_RESPONSE, ports=SCHEDULE_PORTS, source=_FAILING_ROUTER))  # fmt: skip
    logins, *beside = checked_logins.measured(bench, project, f"neighbour, {name}", streams, seconds)
    bench.keep(f"neighbour, {name}", project, logins)
    for sample in beside:
        bench.keep(f"neighbour, the {name}", project, sample)
    return logins.p99_ms


def _accounting_ons(count: int) -> list[bytes]:
    """Each with an identifier of its own, so that none is a repetition."""
    return [
        accounting_request(
            SECRET,
            [*reboot_attributes(AcctStatus.ACCOUNTING_ON, nas_address=_FAILING_ROUTER),
             text(Name.ACCT_SESSION_ID, f"on{at:08x}")],
            identifier=at % IDENTIFIERS,
        ).octets
        for at in range(count)
    ]  # fmt: skip


def _first_starts(numbers: range, count: int) -> list[bytes]:
    """Starts in turn whose third hexadecimal digit, RouterOS' count of its boots, is one more each time."""
    return [
        _start(numbers[at % len(numbers)], f"81{at % _BOOTS:x}{at % 2**20:05x}", at, _FAILING_ROUTER)
        for at in range(count)
    ]


def _start(number: int, session_id: str, at: int, router: str = _BUSY_ROUTER) -> bytes:
    visit = replace(Subscriber(number).visit(session_id), nas_address=router)
    attributes = accounting_attributes(visit, AcctStatus.START, timestamp=int(time.time()))
    return accounting_request(SECRET, attributes, identifier=at % IDENTIFIERS).octets
