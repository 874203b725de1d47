"""`make install` and `make uninstall`: the parts under systemd, from boot on.

The same system as `make start`, in the same STATE_DIR: one of the two runs it at a time (service.host.lock).
"""

import os
import time
from collections.abc import Callable, Mapping

from service import parts
from service.database import cluster, roles
from service.errors import Refusal
from service.host import freeradius, layout, lock, namespace, ports
from service.host.secret_file import FILE, Secrets, load_or_create
from service.host.settings import Settings, from_environment
from service.parts import Part
from service.progress import Progress, say, say_all
from service.run import next_commands, show_login
from service.s6 import supervisor
from service.start import demo, readiness, schema, waiting
from service.systemd import files, state, units

#: Kept from one install to the next, unless given anew. STATE_DIR tells where to look for them.
_KEPT = (
    "RADIUS_LISTEN", "RADIUS_AUTH_PORT", "RADIUS_ACCT_PORT", "API_HOST", "API_PORT", "API_TRUSTED_PROXIES",
    "DATABASE_URL", "JWT_SECRET_KEY", "CREDENTIAL_KEYS", "RADIUS_SECRET", "ADMIN_USERNAME", "ADMIN_PASSWORD",
    "METRICS_TOKEN", "FISCAL_REFERENCE_URL", "LOG_LEVEL", "DEMO", "UNIT_PREFIX",
)  # fmt: skip


def install(settings: Settings) -> int:
    """0 once the units answer; where systemd does not run, once they are there for the next boot."""
    _need_root("install")
    kept = files.remembered(settings)
    environment = kept | {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"STATE_DIR": str(settings.state_dir), "VENV": str(settings.venv)}
    settings = from_environment(environment)
    _refuse(settings)
    progress = Progress()
    layout.prepare(settings)
    lock.create(settings)
    secrets = load_or_create(settings.state_dir, environment)
    progress.step(f"settings: {_in_words(environment)}")
    if settings.database_url is None:
        _as_database_account(settings)
        progress.step(f"database cluster in {cluster.data_directory(settings)}")
    for path in files.write(settings, secrets):
        progress.step(f"wrote {path}")
    files.remember(settings, environment)
    progress.step(f"each unit's own settings and secrets (mode 0400) in {units.environment_directory(settings)}")
    state.systemctl("enable", units.target(settings))
    progress.step(f"enabled {units.target(settings)}: starts at boot")
    if not state.runs_here():
        say(f"systemd does not run here (a chroot or a container?): {units.target(settings)} starts at the next boot.")
        return 0
    _start(settings, secrets, progress)
    show_login(settings, secrets)
    say_all(["", *_commands(settings), *next_commands(settings)])
    return 0


def uninstall(settings: Settings) -> int:
    """Stops the units and removes them; the data, the users and Debian's packages stay."""
    _need_root("uninstall")
    installed = files.of(settings)
    if not installed:
        say(f"No units of the installation in {settings.state_dir} are installed.")
        return 0
    names = [path.name for path in installed]
    if state.runs_here():
        state.systemctl("stop", *names)
        say("stopped " + ", ".join(names))
    state.systemctl("disable", *(name for name in names if name.endswith(".target")))
    removed, left = files.remove(settings)
    say_all(f"removed {path}" for path in removed)
    say_all(f"kept {path}: it belongs to the secrets that the environment gave" for path in left)
    if state.runs_here():
        state.systemctl("daemon-reload")
        state.systemctl("reset-failed")
    say(f"Uninstalled. The data in {settings.state_dir} is kept, and so are the system users that own it; "
        "`make start` runs it without systemd.")  # fmt: skip
    return 0


def _in_words(environment: Mapping[str, str]) -> str:
    """Names and, where they are no secret, values."""
    shown = ("RADIUS_LISTEN", "RADIUS_AUTH_PORT", "RADIUS_ACCT_PORT", "API_HOST", "API_PORT", "DEMO", "UNIT_PREFIX")
    given = [f"{name}={environment[name]}" if name in shown else name for name in _KEPT if environment.get(name)]
    return ", ".join(given) or "all as documented"


def _need_root(command: str) -> None:
    if os.geteuid() != 0:
        raise Refusal(f"`make {command}` changes /etc/systemd/system: run it as root, such as `sudo make {command}`.")


def _refuse(settings: Settings) -> None:
    """Whatever is in the way, before anything is changed."""
    if supervisor.pid(settings) is not None:
        raise Refusal(f"`make start` or `make run` has started the installation in {settings.state_dir}: "
                      "run `make stop` first, then `make install` again.")  # fmt: skip
    supervisor.refuse_if_running(settings)
    if not files.DIRECTORY.is_dir():
        raise Refusal(f"{files.DIRECTORY} is not there: this machine has no systemd. Use `make start`.")
    parts.present(settings)
    freeradius.check_version()
    files.refuse_place(settings)
    for path in (settings.home, settings.venv, settings.state_dir):
        if (closed := namespace.closed_above(path, settings.accounts)) is not None:
            raise Refusal(f"The parts' users may not enter {closed}: move the clone and STATE_DIR to a place open to "
                          "all, such as /opt.")  # fmt: skip
    if not layout.socket_directory(settings).is_relative_to(settings.state_dir):
        raise Refusal(f"{settings.state_dir} is too long for the names of sockets in it: choose a shorter STATE_DIR.")
    files.refuse_foreign(settings)
    if not state.is_running(settings):
        ports.refuse_if_taken(settings)


def _as_database_account(settings: Settings) -> None:
    """initdb refuses to be root, and what it writes is the account's own. Raises Refusal."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.chdir("/")
            os.umask(0o077)
            settings.accounts.database.drop()
            cluster.create(settings)
            cluster.configure(settings)
            status = 0
        except Refusal as refusal:
            say(str(refusal))
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1] != 0:
        raise Refusal(f"The database cluster in {cluster.data_directory(settings)} could not be made; see above.")


def _start(settings: Settings, secrets: Secrets, progress: Progress) -> None:
    """Tables before anything but PostgreSQL, as in service.start.bring_up; then everything, until it answers."""
    state.systemctl("daemon-reload")
    present = parts.present(settings)
    names = [units.of_part(settings, part.name) for part in present]
    if settings.database_url is None:
        state.systemctl("restart", units.of_part(settings, "postgres"))
        names.remove(units.of_part(settings, "postgres"))
        _wait(settings, secrets, parts.by_name("postgres"), progress)
    roles.ensure(settings, secrets)
    schema.upgrade(settings, secrets)
    progress.step(f"database: roles, schema, first administrator {settings.admin_username} (its password, if one was "
                  f"made: {settings.state_dir / FILE})")  # fmt: skip
    if settings.demo:
        demo.ensure(settings, secrets)
        progress.step(f"demo tenant, described in {settings.state_dir / demo.FILE}")
    state.systemctl("restart", *names)
    state.systemctl("start", units.target(settings))
    for part in present:
        if part.name != "postgres":
            _wait(settings, secrets, part, progress)


def _wait(settings: Settings, secrets: Secrets, part: Part, progress: Progress) -> None:
    def answers() -> bool | None:
        return readiness.answers(part, settings, secrets, state.state)

    until_it_answers(part, units.of_part(settings, part.name), answers, waiting.patience(part))
    progress.step(f"{part.name} answers")


def until_it_answers(part: Part, unit: str, answers: Callable[[], bool | None], seconds: float) -> None:
    """Raises Refusal that says where to read why not."""
    deadline = time.monotonic() + seconds
    while not answers():
        if time.monotonic() > deadline:
            raise Refusal(f"{part.name} did not answer within {seconds:.0f} seconds: `journalctl -u {unit}` says why.")
        time.sleep(0.1)


def _commands(settings: Settings) -> list[str]:
    prefix = settings.unit_prefix
    return [
        f"Runs under systemd: `systemctl status '{prefix}*'`, `journalctl -f -u '{prefix}-*'`, `make status`; "
        "`make uninstall` takes it away."
    ]
