"""Debian's own FreeRADIUS configuration and PostgreSQL driver, unpacked beside the system instead of into it.

`make bench` needs `freeradius-postgresql`, which the project itself does not; installing it would change the machine.
"""

import subprocess
from pathlib import Path

_DRIVER = "usr/lib/freeradius/rlm_sql_postgresql.so"


def unpack(into: Path) -> Path:
    """Directory with the two packages' files, in the version of the installed server; downloaded once."""
    if (into / _DRIVER).exists():
        return into
    into.mkdir(parents=True, exist_ok=True)
    version = _output("dpkg-query", "-W", "-f", "${Version}", "freeradius")
    names = [f"{name}={version}" for name in ("freeradius-config", "freeradius-postgresql")]
    _output("apt-get", "download", "-q", *names, cwd=into)
    for package in into.glob("*.deb"):
        _output("dpkg-deb", "-x", str(package), str(into))
    return into


def libraries(unpacked: Path, into: Path) -> Path:
    """One directory that shows the installed modules and the unpacked driver side by side."""
    into.mkdir(parents=True, exist_ok=True)
    for module in [*Path("/usr/lib/freeradius").glob("*.so"), unpacked / _DRIVER]:
        link = into / module.name
        if not link.is_symlink():
            link.symlink_to(module)
    return into


def _output(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
