"""python-accounting in an environment of its own, thrown away with the bench: the project never imports it."""

import subprocess
import sys
import venv
from pathlib import Path

from tests.bench.pgbench import CLIENTS

#: Released versions whose names the driver uses.
_VERSION = "python-accounting>=1,<3"
_NEEDS = """
from importlib.metadata import requires
print("\\n".join(line.partition(";")[0] for line in requires("python-accounting") or () if "extra ==" not in line))
"""
#: Needs a C compiler and MySQL's headers, and is for MySQL alone.
_LEFT_OUT = "mysqlclient"
_DRIVER = Path(__file__).with_name("peer_python_accounting.py")


def install(into: Path) -> Path:
    """Its Python. Raises RuntimeError where it is not to be had."""
    venv.create(into, with_pip=True)
    python = into / "bin" / "python"
    pip = (str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet")
    _output(*pip, "--no-deps", _VERSION)
    needed = [line.strip() for line in _output(str(python), "-c", _NEEDS).splitlines()]
    _output(*pip, *(line for line in needed if line and not line.startswith(_LEFT_OUT)), "psycopg2-binary")
    return python


def sales(python: Path, url: str, seconds: float) -> float:
    """Sales a second of eight clients."""
    return int(_output(str(python), str(_DRIVER), url, str(seconds), str(CLIENTS)).splitlines()[-1]) / seconds


def own_sales(url: str, isp: int, seconds: float) -> float:
    """The same through the project's models."""
    return int(_output(sys.executable, "-m", "tests.bench.sales", url, str(isp), str(seconds))) / seconds


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:6])} …: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()
