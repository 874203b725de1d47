"""What packets from unknown addresses cost the login process, and the logins beside them; by the number of routers.

Anybody who reaches the port can send them, and each must be looked up before it can be ignored.
"""

import ipaddress
import time
from dataclasses import dataclass
from itertools import count as counting

from tests.bench import checked_logins, measure, own_installation, processes, project_seed
from tests.bench.bench import Bench
from tests.bench.population import CUSTOMERS
from tests.bench.project import Project
from tests.bench.side import Side
from tests.bench.strangers import Strangers
from tests.bench.table import Row, bounded, compared

PORTS = (22882, 22883, 22890)
_FEW = 10
_STRANGERS_BESIDE = 1_000
_LOGINS = 1_000
_FIRST_ROUTER = int(ipaddress.IPv4Address("10.0.0.1"))
_TRIAL, _MOST = 200, 20_000
# So much of the login process' time is spent on strangers when their cost is measured, and at most half of each second.
_SPENT_SECONDS = 4.0
_IDLE_SECONDS = 3.0
_BETWEEN = _MOST + _TRIAL
_places = counting(0, _BETWEEN)


@dataclass(frozen=True)
class _Seen:
    """Microseconds of the login process a packet; logins' p99 in milliseconds."""

    cost: float
    stock: float | None
    quiet: float
    beside: float


def strangers(bench: Bench) -> list[Row]:
    """Few routers and many; what FreeRADIUS alone spends on an unknown address is measured on the stock server.

    In the same minute as ours: what a packet costs depends on who else uses the processors.
    """
    if not any(side.name == "project" for side in bench.sides):
        return []
    many = bench.options.many_devices
    seen = {devices: _with_devices(bench, devices) for devices in (_FEW, many)}
    rows = []
    for devices, figures in seen.items():
        words = f"{devices:,} routers"
        ours = None if figures.stock is None else figures.cost - figures.stock
        rows += [
            compared("strangers", f"{words}: FreeRADIUS process, a packet", (figures.cost, figures.stock), "us"),
            bounded("strangers", f"{words}: above FreeRADIUS without Python", ours, "us", at_most=20),
            bounded("strangers", f"{words}: p99 of {_LOGINS:,} logins/s, quiet", figures.quiet, "ms"),
            bounded("strangers", f"{words}: p99 beside {_STRANGERS_BESIDE:,} strangers/s", figures.beside, "ms",
                    at_most=10),
        ]  # fmt: skip
    return [*rows, bounded("strangers", f"a packet with {many:,} / with {_FEW} routers",
                           seen[many].cost / seen[_FEW].cost, "", at_most=1.2)]  # fmt: skip


def _with_devices(bench: Bench, devices: int) -> _Seen:
    def add(project: Project) -> None:
        addresses = [f"{ipaddress.IPv4Address(_FIRST_ROUTER + at)}/32" for at in range(devices - 1)]
        project_seed.add_devices(project.url, project.keyring, project.tenant.isp, addresses)

    seconds = bench.options.login_seconds
    with own_installation.running(PORTS, CUSTOMERS, add) as project:
        microseconds = cost(bench, project)
        stock = next((cost(bench, side) for side in bench.sides if side.name == "stock"), None)
        quiet = _logins_p99(bench, project, f"quiet {devices}", seconds)
        crowd = Strangers(project.auth, _STRANGERS_BESIDE, int(_STRANGERS_BESIDE * seconds), next(_places))
        beside = _logins_p99(bench, project, f"beside {devices}", seconds, crowd)
        sent = crowd.finish()
        bench.say(f"strangers: {sent.packets / sent.seconds:,.0f}/s, generator {sent.cpu / sent.seconds:.0%}")
    return _Seen(microseconds, stock, quiet, beside)


def _logins_p99(bench: Bench, project: Project, name: str, seconds: float, crowd: Strangers | None = None) -> float:
    stream = checked_logins.on_schedule(project, range(CUSTOMERS), _LOGINS, seconds)
    beside = crowd.start if crowd else lambda: None
    [sample] = checked_logins.measured(bench, project, f"strangers, {name}", [stream], seconds, beside=beside)
    bench.keep(f"strangers, {name}", project, sample)
    return sample.p99_ms


def cost(bench: Bench, side: Side) -> float:
    """Microseconds of the FreeRADIUS process for a packet from an unknown address, when nothing else is asked."""
    trial = max(_spent(side, _TRIAL, 1_000.0), 1e-6)
    count = max(_TRIAL, min(_MOST, int(_SPENT_SECONDS / trial)))
    seconds = _spent(side, count, min(5_000.0, 0.5 / trial))
    bench.say(f"strangers {side.name:>8}: {seconds * 1e6:9.1f} us a packet, {count:,} packets")
    return seconds * 1e6


def _spent(side: Side, count: int, per_second: float) -> float:
    """Seconds a packet, without those that the kernel dropped and without what the process does anyway."""
    server = side.login_server()
    begun, busy = time.perf_counter(), processes.busy_seconds(server)
    time.sleep(_IDLE_SECONDS)
    idle = (processes.busy_seconds(server) - busy) / (time.perf_counter() - begun)
    dropped = processes.dropped_datagrams(side.auth[1])
    crowd = Strangers(side.auth, per_second, count, next(_places))
    begun, busy = time.perf_counter(), processes.busy_seconds(server)
    crowd.start()
    crowd.finish()
    measure.await_quiet([server])
    spent = processes.busy_seconds(server) - busy - idle * (time.perf_counter() - begun)
    return spent / max(1, count - (processes.dropped_datagrams(side.auth[1]) - dropped))
