"""One tenant's login latency while another tenant is suspended and the worker ends its sessions, device by device."""

from tests.bench import checked_logins, own_installation, project_seed
from tests.bench.bench import Bench
from tests.bench.changer import Changed, Changer
from tests.bench.obedient import Town, suspend_tenant
from tests.bench.population import CUSTOMERS, SECRET
from tests.bench.project import Project
from tests.bench.table import Row, bounded

PORTS = (22872, 22873, 22880)
_FIRST_NUMBER = 200_000
_DEVICES = 50
_LOGINS = 1_000
_LIMIT_SECONDS = 90.0
# What the worker paces itself to, and what two sockets' jitter adds within a second.
_PACE = 20 + 2


def network(bench: Bench) -> list[Row]:
    """Quiet, with the other tenant's sessions open; and until the last request about them is done."""
    count = bench.options.cut_at_once
    numbers = range(_FIRST_NUMBER, _FIRST_NUMBER + count)
    towns: list[Town] = []
    with own_installation.running(PORTS, CUSTOMERS, lambda project: towns.append(_add(project, numbers))) as project:
        project.start_worker()
        changer = Changer(suspend_tenant, towns[0], _LIMIT_SECONDS)
        changer.wait()
        quiet = _logins_p99(bench, project, "quiet")
        beside = _logins_p99(bench, project, "cut", changer)
        cut = changer.finish()
    _check(bench, project, cut)
    words, others = f"p99 of {_LOGINS:,} logins/s", f"{count:,} sessions of another tenant"
    return [
        bounded("network", f"{words}, {others} open, quiet", quiet, "ms"),
        bounded("network", f"{words} while they are disconnected", beside, "ms"),
        bounded("network", "the same / quiet", beside / quiet, "", at_most=1.2),
        bounded("network", f"{others} on {_DEVICES} devices: all gone after", cut.in_force, "s", at_most=30),
        bounded("network", "most requests to one device within a second", cut.per_second, "", at_most=_PACE),
    ]


def _add(project: Project, numbers: range) -> Town:
    """The other tenant."""
    addresses = [f"127.1.0.{1 + at}" for at in range(_DEVICES)]
    tenant = project_seed.add_tenant(project.url, project.keyring, "Suspended", f"{addresses[0]}/32", numbers)
    project_seed.add_devices(project.url, project.keyring, tenant.isp, [f"{address}/32" for address in addresses[1:]],
                             lambda _: SECRET.decode())  # fmt: skip
    return Town(project.url, tenant.isp, addresses, numbers, project.auth, project.acct)


def _logins_p99(bench: Bench, project: Project, name: str, changer: Changer | None = None) -> float:
    """For as long as a run lasts; beside the disconnections until they are done."""
    seconds = bench.options.login_seconds if changer is None else _LIMIT_SECONDS
    stream = checked_logins.on_schedule(project, range(CUSTOMERS), _LOGINS, seconds)
    until = None if changer is None else changer.done
    beside = (lambda: None) if changer is None else changer.start
    [sample] = checked_logins.measured(bench, project, f"network, {name}", [stream], seconds, until, beside)
    bench.keep(f"network, {name}", project, sample)
    return sample.p99_ms


def _check(bench: Bench, project: Project, cut: Changed) -> None:
    if cut.in_force is None:
        bench.fail("network", project, [f"after {_LIMIT_SECONDS:.0f} s some of {cut.count} sessions are not over."])
