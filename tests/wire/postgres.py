"""What can happen to the database's processes: stopped, killed, away for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import text

from models.db import make_engine
from service.database import cluster, urls
from service.parts import by_name
from service.s6 import tree
from service.start import waiting
from service.start.readiness import answers
from service.testing import Installation


def processes(installation: Installation) -> list[int]:
    """The postmaster and all its children."""
    parent = int((cluster.data_directory(installation.settings) / "postmaster.pid").read_text().split()[0])
    return [parent, *_children(parent)]


@contextmanager
def hung(installation: Installation) -> Iterator[None]:
    """No process of the database gets any time: connections stay, and nothing answers."""
    stopped = processes(installation)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def dead(installation: Installation) -> Iterator[None]:
    """All of them are killed at once, and the supervisor is told to leave it so; started again afterwards."""
    service = str(tree.directory(installation.settings) / "postgres")
    subprocess.run(["s6-svc", "-O", service], check=True)
    for pid in processes(installation):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    try:
        yield
    finally:
        subprocess.run(["s6-svc", "-u", service], check=True)
        part, settings = by_name("postgres"), installation.settings
        waiting.until(settings, part, lambda: answers(part, settings, installation.secrets), 60)
        time.sleep(0.1)


def as_superuser(installation: Installation, statement: str) -> list[tuple[Any, ...]]:
    """One question, or act, that only the cluster's owner may ask: what other roles' connections are doing."""
    engine = make_engine(urls.superuser(installation.settings), "tests superuser")
    try:
        with engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]
    finally:
        engine.dispose()


def kill_listeners(installation: Installation) -> int:
    """End all connections of the directories, the listening ones included; how many there were."""
    ((count,),) = as_superuser(
        installation,
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'infora directory%'",
    )
    return int(count)


def _children(parent: int) -> list[int]:
    processes = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = status.read_text().partition(" (")
            if int(rest.rpartition(")")[2].split()[1]) == parent:
                processes.append(int(pid))
    return processes
