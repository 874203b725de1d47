"""An installation for one scenario alone: what the scenario needs in it would be in the way of the others."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.testing import Installation
from tests.bench import measure
from tests.bench.load import Stream, drive
from tests.bench.population import CUSTOMERS, SECRET
from tests.bench.project import Project
from tests.bench.requests import logins
from tests.bench.result import Window
from tests.radius_client import Code

_WARMING = 32


@contextmanager
def running(
    ports: tuple[int, int, int], customers: int, prepare: Callable[[Project], object] = lambda _: None
) -> Iterator[Project]:
    """A project that serves these many customers, after `prepare` has put more into its database.

    The first of them have logged in once: what a first login costs is in no figure.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        Path(directory).chmod(0o755)
        with Installation(Path(directory) / "state", *ports) as installation:
            installation.start_postgres()
            project = Project(installation)
            project.seed(customers, past_sessions=0, with_rows=range(0))
            prepare(project)
            project.start()
            packets = logins(range(customers), min(customers, CUSTOMERS))
            drive([Stream(packets, SECRET, project.auth, Window(_WARMING), Code.ACCESS_ACCEPT)], 120)
            measure.await_quiet(project.roots())
            yield project
