"""A large installation: how long its customers take to load, and how much memory they need."""

import tempfile
import time
from pathlib import Path

from service.testing import Installation

from . import processes
from .bench import Bench
from .project import Project
from .table import Row, bounded

PORTS = (22822, 22823, 22860)


def memory(bench: Bench) -> list[Row]:
    """A server with one customer against one with 200,000: seconds from start to first Accept, MiB of FreeRADIUS."""
    few_seconds, few_mib = _started(1)
    bench.say(f"   memory  project: 1 customer, first Accept after {few_seconds:.2f} s, {few_mib:.0f} MiB")
    many_seconds, many_mib = _started(bench.options.many_customers)
    bench.say(
        f"   memory  project: {bench.options.many_customers:,} customers, {many_seconds:.2f} s, {many_mib:.0f} MiB"
    )
    name = f"{bench.options.many_customers:,} customers"
    return [
        bounded("memory", f"{name}: load", many_seconds - few_seconds, "s", at_most=2),
        bounded("memory", f"{name}: above an empty server", many_mib - few_mib, "MiB", at_most=250),
    ]


def _started(customers: int) -> tuple[float, float]:
    """Seconds from the start of the FreeRADIUS process to the first Accept, and its resident memory then."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        Path(directory).chmod(0o755)
        with Installation(Path(directory) / "state", *PORTS) as installation:
            installation.start_postgres()
            project = Project(installation)
            project.seed(customers, past_sessions=0)
            project.start()
            measured = _restart(project)
    return measured


def _restart(project: Project) -> tuple[float, float]:
    """Let the supervisor start the server again, so that nothing of the first start is in the figure."""
    first = project.auth_pid()
    if first is None:
        raise RuntimeError("FreeRADIUS is not running")
    processes.kill(first)
    while (again := project.auth_pid()) in (None, first):
        time.sleep(0.002)
    project.await_login(60)
    return processes.age_seconds(again), project.resident_mib()
