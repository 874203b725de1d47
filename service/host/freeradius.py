"""FreeRADIUS' version: only releases that keep this system's promises are started."""

import re
import subprocess

from service.errors import Refusal

PROGRAM = "/usr/sbin/freeradius"
OLDEST = (3, 2, 7)
BROKEN = ((3, 2, 9), (3, 2, 10))
#: Upstream recommends this one or a later one of the series.
PREFERRED = (3, 2, 11)
#: Packages of an older release to which the distribution has carried upstream's later corrections over.
PATCHED: tuple[str, ...] = ()
_SETUP = "run scripts/setup, which installs the newest release that Debian offers"
_REPLACE = ("install 3.2.11 or later, or run `scripts/setup --replace-freeradius`, which puts the newest release that "
            "Debian offers in its place")  # fmt: skip


def check_version(program: str = PROGRAM) -> tuple[int, ...]:
    """The version of the installed server. Raises Refusal for one that must not be used."""
    try:
        done = subprocess.run([program, "-v"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except FileNotFoundError:
        raise Refusal(f"FreeRADIUS is not installed: {_SETUP}.") from None
    return judge(done.stdout + done.stderr)


def package_version() -> str:
    """Of Debian's package; empty where FreeRADIUS came in another way."""
    command = ["dpkg-query", "-W", "-f", "${Version}", "freeradius"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def warning(version: tuple[int, ...], package: str) -> str | None:
    """One line about a release that works and is not the best one."""
    if version >= PREFERRED or package in PATCHED:
        return None
    name = ".".join(map(str, version))
    offered = f"FreeRADIUS {name} is what Debian offers"
    return f"{offered}; upstream recommends 3.2.11 or later: use it when it is available to you."


def judge(text: str) -> tuple[int, ...]:
    """Decide on the output of `freeradius -v`."""
    match = re.search(r"FreeRADIUS Version (\d+)\.(\d+)\.(\d+)", text)
    if match is None:
        raise Refusal(f"freeradius -v names no version: {_SETUP}.")
    version = tuple(int(number) for number in match.groups())
    name = ".".join(match.groups())
    if version < OLDEST:
        raise Refusal(f"FreeRADIUS {name} is too old, because it neither protects replies against BlastRADIUS nor runs "
                      f"several Python instances: {_REPLACE}.")  # fmt: skip
    if version in BROKEN:
        raise Refusal(f"FreeRADIUS {name} is broken, because it drops every value that Python returns, limits and "
                      f"refusals with them: {_REPLACE}.")  # fmt: skip
    if version[:2] != OLDEST[:2]:
        raise Refusal(f"FreeRADIUS {name} is of another series than 3.2, with another Python interface: {_REPLACE}.")
    return version
