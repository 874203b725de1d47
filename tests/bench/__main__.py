"""`python -m tests.bench`: options, two servers, the chosen scenarios, the table."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from service.errors import Refusal
from service.testing import Installation
from tests.bench import echo, environment, stock_raddb
from tests.bench.bench import Bench, Options
from tests.bench.population import CUSTOMERS, SECRET, Subscriber
from tests.bench.project import Project
from tests.bench.scenario_accounting import drain, interims, mixed, starts, stops
from tests.bench.scenario_api import api
from tests.bench.scenario_logins import flat, logins
from tests.bench.scenario_memory import memory
from tests.bench.side import Side
from tests.bench.stock import Stock
from tests.bench.table import Row, as_data, as_text
from tests.radius_client import Pap, access_attributes, access_request, decode, exchange

AUTH_PORT, ACCT_PORT, API_PORT = 22812, 22813, 22850
STOCK_AUTH_PORT, STOCK_ACCT_PORT = 22912, 22913

# In this order: logins come first, as a customer who is on line may not log in again.
SCENARIOS: dict[str, Callable[[Bench], list[Row]]] = {
    "logins": logins,
    "start": starts,
    "stop": stops,
    "interim": interims,
    "mixed": mixed,
    "drain": drain,
    "flat": flat,
    "memory": memory,
    "api": api,
}
_QUICK = Options(login_seconds=4, accounting_seconds=6, rounds=1, flat_rows=300_000, many_customers=20_000)


def main(arguments: Sequence[str]) -> int:
    """Run the bench; 0 once it is measured, whatever the numbers: a bench is no test."""
    given = _parser().parse_args(arguments)
    chosen = given.only.split(",") if given.only else list(SCENARIOS)
    if unknown := [name for name in chosen if name not in SCENARIOS]:
        _say(f"There is no scenario {', '.join(unknown)}. There are: {', '.join(SCENARIOS)}.")
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, ExitStack() as stack:
        home = Path(directory)
        home.chmod(0o755)
        sides, place = _started(stack, home, given.side, lean=given.stock == "lean")
        bench = Bench(sides, _options(given), _say, [place, _attributes(sides)])
        rows = [row for name, scenario in SCENARIOS.items() if name in chosen for row in scenario(bench)]
        bench.notes += [_ceiling(), _stock_line(given.stock), *bench.flaws()]
    _say("\n" + as_text(rows, bench.notes))
    if given.json:
        given.json.write_text(json.dumps(as_data(rows, bench.notes, bench.data()), indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", metavar="A,B", help=f"of {', '.join(SCENARIOS)}")
    parser.add_argument("--quick", action="store_true", help="a few seconds each: to see that it runs")
    parser.add_argument("--seconds", type=float, metavar="N", help="of every run")
    parser.add_argument("--rounds", type=int, metavar="N", help="of project and stock in turn; medians are shown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="rows and single measurements")
    parser.add_argument("--stock", choices=("full", "lean"), default="full", help="lean: without session check, "
                        "login record and detail file")  # fmt: skip
    parser.add_argument("--side", choices=("both", "project", "stock"), default="both")
    return parser


def _options(given: argparse.Namespace) -> Options:
    base = _QUICK if given.quick else Options()
    return Options(
        login_seconds=given.seconds or base.login_seconds,
        accounting_seconds=given.seconds or base.accounting_seconds,
        rounds=given.rounds or base.rounds,
        flat_rows=base.flat_rows,
        many_customers=base.many_customers,
    )


def _started(stack: ExitStack, home: Path, which: str, *, lean: bool) -> tuple[list[Side], str]:
    """Both servers with their customers, on one PostgreSQL, and the line about the machine."""
    installation = stack.enter_context(Installation(home / "state", AUTH_PORT, ACCT_PORT, API_PORT))
    installation.start_postgres()
    place = environment.line(installation.urls.owner, home)
    sides: list[Side] = []
    if which != "stock":
        project = Project(installation)
        _say("Seeding and starting the project ...")
        project.seed()
        project.start()
        sides.append(project)
    if which != "project":
        stock = Stock(installation.settings, home / "stock", STOCK_AUTH_PORT, STOCK_ACCT_PORT, lean=lean)
        _say("Seeding and starting stock FreeRADIUS ...")
        stack.callback(stock.stop)
        stock.seed()
        stock.start()
        sides.append(stock)
    return sides, place


def _ceiling() -> str:
    result = echo.ceiling()
    cost = result.generator_cpu / result.answered * 1e6
    return f"The load generator alone, against an echo: {result.rate:,.0f}/s at {cost:.1f} us each."


def _stock_line(duties: str) -> str:
    what = {
        "full": "session check, login results and accounting by sql, the detail file that Debian switches on",
        "lean": "accounting by sql; no session check, no login results, no detail file",
    }
    return (
        f"Stock ({duties}): Debian's configuration, rlm_sql, sqlcounter over radacct, expiration; {what[duties]}; "
        f"no EAP; {stock_raddb.THREADS} threads and connections; one index more than schema.sql (radacct by user); "
        "statistics fresh."
    )


def _attributes(sides: Sequence[Side]) -> str:
    """How many attributes an Accept carries: the work must be the same on both sides."""
    who = Subscriber(CUSTOMERS - 1)
    request = access_request(SECRET, access_attributes(who.visit("80000000")), Pap(who.password.encode()))
    replies = {side.name: exchange(request, side.auth) for side in sides}
    counts = (f"{name} {len(decode(reply).attributes) if reply else 0}" for name, reply in replies.items())
    return f"Attributes in an Accept: {', '.join(counts)}."


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _program() -> int:
    """`main` so that the servers are ended however it ends, and what an operator can mend is one sentence."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return main(sys.argv[1:])
    except (RuntimeError, Refusal) as error:
        _say(f"The bench cannot go on: {error}")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(_program())
