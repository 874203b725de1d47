"""`make test` and, with --long, `make fault`: all tests of a kind, those that measure time after all the others.

Most tests wait for processes and packets more than they compute, so that a file more runs at once than there are
processors. What is marked `alone` asks how long something took, or plays faults against deadlines: it runs afterwards,
one test at a time, with the machine to itself. Both runs happen whatever the first gave; the exit code is the worse.
"""

from __future__ import annotations

import os
import subprocess
import sys

# In the order of the names: the order of xdist, files of many tests first, leaves the slow files for the end.
_DISTRIBUTION = ("--dist", "loadfile", "--no-loadscope-reorder")
# One process more than there are processors: at any moment one of them waits.
_TOGETHER = ("-n", str(min((os.cpu_count() or 1) + 1, 4)), *_DISTRIBUTION)


def _run(*options: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *options], check=False).returncode


def main(options: list[str]) -> int:
    kind = "long" if "--long" in options else "not long"
    further = [option for option in options if option != "--long"]
    return max(_run(*_TOGETHER, "-m", f"{kind} and not alone", *further), _run("-m", f"{kind} and alone", *further))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
