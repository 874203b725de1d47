"""pgbench as the client of two ledgers: the same program, connections and patience for both."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

CLIENTS, _THREADS = 8, 2


def rate(program: Path, url: str, statements: Sequence[str], seconds: float) -> float:
    """Transactions a second of eight clients, each statement prepared; every one of them must succeed."""
    command = [str(program), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", f"--jobs={_THREADS}",
               f"--time={max(1, round(seconds))}", "--file=/dev/stdin", url]  # fmt: skip
    done = subprocess.run(command, input="\n".join(statements), capture_output=True, text=True, check=False)
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or found is None or "aborted" in done.stderr:
        raise RuntimeError(f"pgbench: {(done.stderr or done.stdout).strip()[-400:]}")
    return float(found[1])
