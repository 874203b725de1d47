"""What the numbers were measured on: processors, kernel, versions, and how long the disk takes for an fsync."""

import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

from service.host.freeradius import PROGRAM

_WRITES = 200


def line(url: str, directory: Path) -> str:
    """One sentence; `directory` lies on the disk that is measured."""
    version = subprocess.run([PROGRAM, "-v"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"FreeRADIUS Version (\S+?),", version)
    with psycopg2.connect(url) as db, db.cursor() as cursor:
        cursor.execute("SHOW server_version")
        row = cursor.fetchone()
    postgres = row[0].split()[0] if row else "?"
    return (
        f"{os.cpu_count()} processors, Linux {platform.release()}, Python {platform.python_version()}, "
        f"PostgreSQL {postgres}, FreeRADIUS {match.group(1) if match else '?'}, "
        f"fdatasync {fsync_ms(directory):.2f} ms (median), load {os.getloadavg()[0]:.1f} before."
    )


def fsync_ms(directory: Path) -> float:
    """Median milliseconds of a 4 KiB write with fdatasync."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(_WRITES):
            begun = time.perf_counter()
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e3
