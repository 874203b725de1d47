"""`make test`: every test but the long ones, those that measure time after all the others.

Most tests wait for processes and packets more than they compute, so that as many files run at once as there are
processors. What is marked `alone` asks how long something took, or plays faults against deadlines: it runs afterwards,
one test at a time, with the machine to itself. Both runs happen whatever the first gave; the exit code is the worse.
"""

from __future__ import annotations

import os
import subprocess
import sys

# In the order of the names: the order of xdist, files of many tests first, leaves the slow files for the end.
_DISTRIBUTION = ("--dist", "loadfile", "--no-loadscope-reorder")
_TOGETHER = ("-n", str(min(os.cpu_count() or 1, 4)), *_DISTRIBUTION, "-m", "not long and not alone")
_ALONE = ("-m", "alone and not long")


def _run(*options: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *options], check=False).returncode


def main() -> int:
    return max(_run(*_TOGETHER), _run(*_ALONE))


if __name__ == "__main__":
    sys.exit(main())
