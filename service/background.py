"""`make start`, `make stop`, `make status`: the same system in the background."""

from service import parts
from service.host import freeradius
from service.host.secret_file import Secrets, load_or_create
from service.host.settings import Settings, from_environment
from service.parts import Part
from service.progress import Progress, say, say_all
from service.run import next_commands, show_login
from service.s6 import services, supervisor
from service.start import readiness, reports
from service.start.bring_up import BringUp
from service.systemd import files
from service.systemd import state as units

NOT_RUNNING = 3  # as init scripts say it (LSB)


def start(settings: Settings) -> int:
    """0 once everything answers. If the start fails, everything that was started is stopped again."""
    bring_up = BringUp(settings, Progress(), with_parent=False)
    try:
        secrets = bring_up.run()
        show_login(settings, secrets)
    except BaseException:
        if bring_up.tree is not None:
            supervisor.stop(settings)
            bring_up.tree.wait()
        raise
    if bring_up.tree is not None:
        bring_up.tree.returncode = 0  # it outlives this process: subprocess must not warn about it
    say_all(["", "Running in the background: `make status`, `make stop`.", *next_commands(settings)])
    return 0


def stop(settings: Settings) -> int:
    units.refuse_if_running(settings)
    running = supervisor.pid(settings) is not None or bool(services.of_tree(settings))
    supervisor.stop(settings)
    say("Stopped. The data is kept." if running else f"Nothing runs in {settings.state_dir}.")
    return 0


def status(settings: Settings) -> int:
    """0: everything is up and answers; 1: something does not; 3: not running."""
    root = supervisor.pid(settings)
    if root is None and units.is_running(settings):
        return _status_of_units(settings)
    if root is None:
        say(f"Not running ({settings.state_dir}).")
        return NOT_RUNNING
    environment = supervisor.environment_of(root)
    running = from_environment(environment)
    secrets = load_or_create(running.state_dir, environment)
    say(f"Running in {running.state_dir} (supervisor: process {root}).")
    results = [_report(part, running, secrets, services.state) for part in parts.present(running)]
    _note(running)
    return 0 if all(results) else 1


def _status_of_units(asked: Settings) -> int:
    environment = files.remembered(asked)
    settings = from_environment(environment)
    say(f"Running in {settings.state_dir} under systemd.")
    secrets = load_or_create(settings.state_dir, environment)
    results = [_report(part, settings, secrets, units.state) for part in parts.present(settings)]
    _note(settings)
    return 0 if all(results) else 1


def _note(running: Settings) -> None:
    if text := freeradius.warning(freeradius.check_version(), freeradius.package_version()):
        say(f"  warning: {text}")
    if notice := running.accounts.notice:
        say(f"  notice: {notice}")


def _report(part: Part, settings: Settings, secrets: Secrets, state_of: readiness.StateOf) -> bool:
    state = state_of(settings, part)
    up = state is not None and state.up
    answers = up and bool(readiness.answers(part, settings, secrets, state_of))
    word = "answers" if answers else "up, does not answer" if up else "down"
    process = f"process {state.pid}, for {state.seconds} s" if state is not None and up else ""
    say(f"  {part.name:<9} {word:<20} {process:<28} {parts.place(part, settings)}".rstrip())
    described = reports.read(settings, part.name)
    say_all(f"            {text}" for text in described.troubles)
    say_all(f"            warning: {text}" for text in described.warnings)
    return answers and not described.troubles
