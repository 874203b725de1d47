"""`make fresh`, or python -m tests.fresh [RELEASE…]: bookworm and trixie. As root; a quarter of an hour each.

Writes to FRESH_DIR (/var/tmp/infora-fresh) alone, which is removed again unless KEEP=1. Everything is mounted and runs
in namespaces that end with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.fresh.compose import Containers, StockPostgres
from tests.fresh.folder import CLONE, HOME, Folder
from tests.fresh.proof import ROUTER, SERVER, api_answers, logs_in, prove, until
from tests.fresh.units import Unit, wanted
from tests.fresh.walls import run

_STARTED = time.monotonic()


def say(text: str) -> None:
    sys.stdout.write(f"[{time.monotonic() - _STARTED:6.1f} s] {text}\n")
    sys.stdout.flush()


def main() -> int:
    if os.geteuid() != 0:
        raise SystemExit("Only root mounts and changes users: sudo make fresh.")
    if sys.argv[1:2] in (["install"], ["containers"], ["units"]):
        step, release = sys.argv[1:]
        {"install": install, "containers": containers, "units": units}[step](Folder(_place(release), release))
        return 0
    for release in sys.argv[1:] or ["bookworm", "trixie"]:
        say(f"Debian {release} in {_place(release)}")
        for step, own in (("install", []), ("containers", ["--net"]), ("units", ["--net"])):
            _in_namespaces(own, step, release)
        if os.environ.get("KEEP") != "1":
            shutil.rmtree(_place(release))
            shutil.rmtree(_place(release).with_name(f"{release}-volumes"), ignore_errors=True)
    return 0


def _place(release: str) -> Path:
    return Path(os.environ.get("FRESH_DIR") or "/var/tmp/infora-fresh") / release  # noqa: S108 - root's, made below


def _in_namespaces(own: list[str], step: str, release: str) -> None:
    """Whatever a step starts or mounts ends with it."""
    _place(release).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    subprocess.run(["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc",
                    *own, sys.executable, "-m", "tests.fresh", step, release], cwd=HOME, check=True)  # fmt: skip


def install(folder: Folder) -> None:
    """The image's script first, on nothing; then what a plain server gets."""
    folder.create()
    folder.mount()
    say("an empty Debian, with git and make")
    say(folder.run("docker/install").strip().replace("\n", " | "))
    say("docker/install has ended")
    folder.run("sh", "-c", "apt-get -q update && apt-get -q -y install --no-install-recommends systemd")
    output = folder.run("make", "install", DEMO="0", RADIUS_LISTEN="0.0.0.0")  # noqa: S104 - in a namespace of its own
    for line in output.splitlines():
        say(f"make install: {line}")
    folder.run("systemctl", "is-enabled", "infora.target")


def _network() -> None:
    """Two addresses beside loopback's, so that a router may be registered that is not on loopback."""
    for command in ("link set lo up", f"addr add {SERVER}/32 dev lo", f"addr add {ROUTER}/32 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)


def _logs(release: str, kind: str) -> Path:
    logs = _place(release).with_name(f"{release}-{kind}-logs")
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    return logs


def containers(folder: Folder) -> None:
    """In the order of `depends_on`; then the commands as the pages print them."""
    folder.mount()
    _network()
    every = Containers(folder, _logs(folder.release, "container"))
    say("secrets: " + every.command("secrets").strip())
    StockPostgres(every).prepare()
    every.start("postgres")
    say("migrate: " + every.command("migrate").strip().splitlines()[-1])
    for name in ("freeradius", "writer", "worker", "flask_app"):
        every.start(name)
    until("an answer of the API", api_answers)
    shown = every.command("flask_app", "flask", "initdb")
    say("docker-compose exec flask_app flask initdb: " + _masked(shown))
    password = shown.split("with the password ")[1].split()[0]
    again = every.command("flask_app", "flask", "initdb").strip()
    assert again == "The schema is up to date.", again
    prove("admin", password, say)
    for name in ("freeradius", "writer", "worker", "flask_app"):
        until(f"{name} is well", lambda name=name: every.is_well(name), 60)
    say("every health check is good")


def _masked(text: str) -> str:
    """Logs of this run hold no password."""
    head, _, tail = text.strip().partition("with the password ")
    return f"{head}with the password … {tail.partition(' ')[2]}".replace("\n", " ")


def units(folder: Folder) -> None:
    """All at once, as at boot; killed as a power failure would; and all at once again."""
    folder.mount()
    _network()
    logs = _logs(folder.release, "unit")
    running = {unit.name: unit.start(logs / f"{unit.name}.log") for unit in wanted(folder.root)}
    until("the schema", lambda: running["infora-schema"].poll() == 0)
    until("an answer of the API", api_answers)
    secrets = (folder.root / CLONE / "var/secrets.env").read_text().splitlines()
    password = next(line.partition("=")[2] for line in secrets if line.startswith("ADMIN_PASSWORD="))
    client = prove("admin", password, say)
    unit = Unit(folder.root, folder.root / "etc/systemd/system/infora-doctor.service")
    code, text = run(unit.walls(), unit.value("ExecStart").split(), logs / "doctor.log")
    say(
        f"infora-doctor ended with {code}: "
        + " | ".join(line for line in text.splitlines() if not line.startswith("ok"))
    )
    for process in running.values():
        process.kill()
        process.wait()
    for unit in wanted(folder.root):
        unit.start(logs / f"{unit.name}.log")
    until("a login after everything was killed", lambda: logs_in(client), 120)
    say("everything killed and started again: the customer logs in")


if __name__ == "__main__":
    sys.exit(main())
