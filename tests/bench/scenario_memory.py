"""A large installation: how long its customers take to load, and how much memory they need."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from service.testing import Installation
from tests.bench import measure, processes
from tests.bench.bench import Bench
from tests.bench.project import Project
from tests.bench.table import Row, bounded

PORTS = (22822, 22823, 22860)


@dataclass(frozen=True)
class _Started:
    """`load` by the directory's own report, `answering` from the process' start to the first Accept; seconds."""

    load: float | None
    answering: float
    mib: float


def memory(bench: Bench) -> list[Row]:
    """A server with one customer against one with 200,000: seconds to load, MiB of all processes but PostgreSQL's."""
    few, many = (_measured(bench, customers) for customers in (1, bench.options.many_customers))
    name = f"{bench.options.many_customers:,} customers"
    return [
        bounded("memory", f"{name}: load", many.load, "s", at_most=2),
        bounded("memory", f"{name}: first Accept later by", many.answering - few.answering, "s"),
        bounded("memory", f"{name}: above an empty server", many.mib - few.mib, "MiB", at_most=250),
    ]


def _measured(bench: Bench, customers: int) -> _Started:
    """A fresh installation, whose login server is killed once, so that nothing of its first start is in the figure."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        Path(directory).chmod(0o755)
        with Installation(Path(directory) / "state", *PORTS) as installation:
            installation.start_postgres()
            project = Project(installation)
            project.seed(customers, past_sessions=0, with_rows=range(0))
            project.start()
            started = _restarted(project)
    bench.say(f"   memory  project: {customers:,} customers, loaded in {started.load} s, "
              f"first Accept after {started.answering:.2f} s, {started.mib:.0f} MiB")  # fmt: skip
    return started


def _restarted(project: Project) -> _Started:
    first = project.auth_pid()
    if first is None:
        raise RuntimeError("FreeRADIUS is not running")
    processes.kill(first)
    while (again := project.auth_pid()) in (None, first):
        time.sleep(0.002)
    project.await_login(60)
    answering = processes.age_seconds(again)
    measure.await_quiet(project.roots())
    return _Started(project.load_seconds(), answering, project.resident_mib())
