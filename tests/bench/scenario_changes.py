"""What changes of customers cost the logins beside them, and how soon many changes at once are in force."""

import psycopg2

from tests.bench import checked_logins, own_installation, project_seed
from tests.bench.bench import IN_FLIGHT, Bench
from tests.bench.changer import Changer, Customers, renew_steadily, suspend_at_once
from tests.bench.load import Stream, drive
from tests.bench.population import CUSTOMERS, SECRET
from tests.bench.project import Project
from tests.bench.requests import logins
from tests.bench.result import Window
from tests.bench.table import Row, bounded
from tests.radius_client import Code

PORTS = (22902, 22903, 22910)
# Those who log in are others than those who are changed; the rest is there to be read by who reads everything anew.
_CUSTOMERS = 100_000
_CHANGES = 100
_LOGINS = 1_000
_LIMIT_SECONDS = 60.0
# So many of those who are changed at once tell whether it is in force, through a router of their own.
_ASKED = 25
_ROUTER = "127.0.0.5"


def changes(bench: Bench) -> list[Row]:
    """Quiet, beside a steady stream of renewals, and while a great many are suspended by one statement."""
    count = bench.options.changed_at_once
    with own_installation.running(PORTS, max(_CUSTOMERS, CUSTOMERS + count), _add_router) as project:
        others = _customers(project)[CUSTOMERS:]
        quiet = _logins_p99(bench, project, "quiet", bench.options.login_seconds)
        steady, rate = _steadily(bench, project, others)
        at_once, in_force = _at_once(bench, project, others[-count:])
    words, together = f"p99 of {_LOGINS:,} logins/s", f"{count:,} customers suspended by one statement"
    return [
        bounded("changes", f"{words}, quiet", quiet, "ms"),
        bounded("changes", f"{words} beside {rate:,.0f} changes/s", steady, "ms"),
        # Without a target where the database could not keep up: fewer changes are another question.
        bounded(
            "changes",
            f"the same / quiet ({_CHANGES} changes/s were to be made)",
            steady / quiet,
            "",
            at_most=2 if rate > 0.9 * _CHANGES else None,
        ),
        bounded("changes", f"{together}: in force after its commit by", in_force, "s", at_most=2),
        bounded("changes", f"{words} meanwhile", at_once, "ms"),
        bounded("changes", "the same / quiet", at_once / quiet, "", at_most=2),
    ]


def _add_router(project: Project) -> None:
    project_seed.add_devices(
        project.url, project.keyring, project.tenant.isp, [f"{_ROUTER}/32"], lambda _: SECRET.decode()
    )


def _customers(project: Project) -> Customers:
    """Everybody, in the order of their names, which is that of their numbers."""
    with psycopg2.connect(project.url) as db, db.cursor() as cursor:
        cursor.execute("SELECT id FROM customers WHERE isp_id = %s ORDER BY username", (project.tenant.isp,))
        return [(number, key) for number, (key,) in enumerate(cursor.fetchall())]


def _logins_p99(bench: Bench, project: Project, name: str, seconds: float, changer: Changer | None = None,
                *, until_done: bool = False) -> float:  # fmt: skip
    stream = checked_logins.on_schedule(project, range(CUSTOMERS), _LOGINS, seconds)
    until = changer.done if changer is not None and until_done else None
    beside = changer.start if changer else lambda: None
    [sample] = checked_logins.measured(bench, project, f"changes, {name}", [stream], seconds, until, beside)
    bench.keep(f"changes, {name}", project, sample)
    return sample.p99_ms


def _steadily(bench: Bench, project: Project, others: Customers) -> tuple[float, float]:
    seconds = bench.options.login_seconds
    changer = Changer(renew_steadily, project.url, [key for _, key in others], _CHANGES, seconds)
    p99 = _logins_p99(bench, project, "steady", seconds, changer)
    return p99, changer.finish().per_second


def _at_once(bench: Bench, project: Project, changed: Customers) -> tuple[float, float | None]:
    """p99 from the commit until it is in force, and how long that was; all of them must be refused then."""
    asked = [*changed[:: max(1, len(changed) // _ASKED)], changed[-1]]
    changer = Changer(suspend_at_once, project.url, changed, asked, project.auth, _ROUTER, _LIMIT_SECONDS)
    p99 = _logins_p99(bench, project, "at once", _LIMIT_SECONDS, changer, until_done=True)
    done = changer.finish()
    bench.say(f"  at once  project: the statement {done.statement:.2f} s, in force {done.in_force} s later")
    packets = logins([number for number, _ in changed], len(changed))
    [result] = drive([Stream(packets, SECRET, project.auth, Window(IN_FLIGHT), Code.ACCESS_REJECT)], 120)
    if served := result.wrong + result.lost:
        bench.fail("changes", project, [f"of {len(changed)} suspended customers {served} were not refused."])
    return p99, done.in_force
