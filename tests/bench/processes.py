"""Processor time and memory of the servers under test, from /proc; the generator itself is never counted."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    ticks: int
    children_ticks: int


def cpu_seconds(roots: list[int]) -> float:
    """User and system seconds used so far by these processes and all their descendants, dead ones included."""
    table = _table()
    return sum(table[pid].ticks + table[pid].children_ticks for pid in _family(table, roots)) / _TICK


def busy_seconds(pid: int) -> float:
    """Of one process' living threads, to a nanosecond instead of a hundredth of a second; 0 once it is gone."""
    spent = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            spent += int(path.read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return spent / 1e9


def dropped_datagrams(port: int) -> int:
    """How many datagrams the kernel has thrown away because the socket bound to the port was full."""
    lines = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return sum(int(fields[12]) for fields in lines if int(fields[1].rpartition(":")[2], 16) == port)


def resident_mib(pid: int) -> float:
    """VmRSS of one process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(f"process {pid} is gone")


def descendants(root: int) -> list[int]:
    """The process and all below it."""
    return _family(_table(), [root])


def command(pid: int) -> str:
    """The name of the program that the process runs; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def arguments(pid: int) -> list[str]:
    """Its command line; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def age_seconds(pid: int) -> float:
    """How long ago the process was started."""
    started = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]) / _TICK
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def kill(pid: int) -> None:
    """End it at once."""
    os.kill(pid, signal.SIGKILL)


def _family(table: dict[int, _Process], roots: list[int]) -> list[int]:
    family = [pid for pid in roots if pid in table]
    for pid in family:
        family += [child.pid for child in table.values() if child.parent == pid and child.pid not in family]
    return family


def _table() -> dict[int, _Process]:
    table = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid = int(path.parent.name)
        table[pid] = _Process(pid, int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14]))
    return table
