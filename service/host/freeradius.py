"""FreeRADIUS' version: only releases that keep this system's promises are started."""

import re
import subprocess

from service.errors import Refusal

PROGRAM = "/usr/sbin/freeradius"
OLDEST = (3, 2, 7)
BROKEN = ((3, 2, 9), (3, 2, 10))
_SETUP = "run scripts/setup, which installs Debian's 3.2.7"
_REPLACE = "run `scripts/setup --replace-freeradius`, which puts Debian's 3.2.7 in its place"


def check_version(program: str = PROGRAM) -> tuple[int, ...]:
    """The version of the installed server. Raises Refusal for one that must not be used."""
    try:
        done = subprocess.run([program, "-v"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except FileNotFoundError:
        raise Refusal(f"FreeRADIUS is not installed: {_SETUP}.") from None
    return judge(done.stdout + done.stderr)


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
