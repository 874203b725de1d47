"""Processes of a part that outlived it: a killed postmaster's backends, a killed gunicorn's workers.

They are killed before the part starts again and after it has ended. Only processes of this installation are
touched: PostgreSQL's are known by their data directory, the others by their environment.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from service.database import cluster
from service.host.settings import Settings
from service.part_environment import PART


def end(part: str, settings: Settings) -> list[int]:
    """Kill what is left of the part and return the pids. Safe when nothing is left."""
    killed = [pid for pid in of(part, settings) if _kill(pid)]
    deadline = time.monotonic() + 5
    while any(_runs(pid) for pid in killed) and time.monotonic() < deadline:
        time.sleep(0.01)
    if part == "postgres":
        # PostgreSQL takes any process of its account with this pid for a live postmaster, even a worker of
        # the API. Nothing of this cluster runs any more, so the file is stale.
        (cluster.data_directory(settings) / "postmaster.pid").unlink(missing_ok=True)
    return killed


def of(part: str, settings: Settings) -> list[int]:
    """Pids of the part's processes, without the calling one."""
    belongs = _works_in(cluster.data_directory(settings)) if part == "postgres" else _is_marked(part, settings)
    return [pid for pid in pids() if pid != os.getpid() and belongs(pid)]


def _works_in(directory: Path) -> Callable[[int], bool]:
    """By device and inode: a process in another mount namespace shows another path for the same place."""
    try:
        place = directory.stat()
    except OSError:
        return lambda _: False

    def belongs(pid: int) -> bool:
        try:
            directory_of_process = Path(f"/proc/{pid}/cwd").stat()
            program = Path(f"/proc/{pid}/exe").readlink().name
        except OSError:
            return False
        return os.path.samestat(directory_of_process, place) and program == "postgres"

    return belongs


def _is_marked(part: str, settings: Settings) -> Callable[[int], bool]:
    marks = {f"{PART}={part}".encode(), b"STATE_DIR=" + os.fsencode(settings.state_dir)}

    def belongs(pid: int) -> bool:
        try:
            return marks <= set(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
        except OSError:
            return False

    return belongs


def pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _kill(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def _runs(pid: int) -> bool:
    """A zombie counts as ended: only its parent can remove it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_gone(pids: Iterable[int], seconds: float) -> bool:
    """Whether all of these have ended within the time."""
    deadline = time.monotonic() + seconds
    waiting = list(pids)
    while waiting := [pid for pid in waiting if _runs(pid)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
