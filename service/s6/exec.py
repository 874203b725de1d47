"""`python -m service exec NAME`: what a service's run script becomes.

Runs as root (or as the invoking user), reads the secrets, ends leftover processes of the part's last run,
changes to the part's account and becomes the part. Imports little: a killed part must be back at once.
"""

import os
from contextlib import suppress
from typing import NoReturn

from service import part_environment, parts
from service.database import cluster
from service.host.secret_file import load_or_create
from service.host.settings import Settings
from service.progress import say
from service.s6 import leftovers, priority_right, tree


def become(name: str, settings: Settings) -> NoReturn:
    """Replace this process by the part. Raises Refusal when it cannot start; s6 tries again in a second."""
    part = parts.by_name(name)
    secrets = load_or_create(settings.state_dir, os.environ)
    environment = part_environment.of_part(name, settings, secrets)
    if ended := leftovers.end(name, settings):
        say(f"{name}: ended {len(ended)} process(es) of its last run")
    os.chdir(settings.home)
    os.umask(0o077)
    if part.niceness:
        with suppress(OSError):  # not root, or a container that forbids it
            os.setpriority(os.PRIO_PROCESS, 0, part.niceness)
    account = settings.accounts.of(part.runs_as)
    if part.sets_priorities:
        priority_right.drop_but_it(account)
    else:
        account.drop()
    if name == "postgres":
        cluster.create(settings)
        cluster.configure(settings)
    command = list(part.command(settings))
    notify_started()
    os.closerange(3, 256)
    os.execve(command[0], command, environment)  # noqa: S606 - no shell is the point


def notify_started() -> None:
    """Tell s6-supervise, so that the next start need not wait (service.s6.tree). Without s6, nobody listens."""
    with suppress(OSError):
        os.write(tree.NOTIFY_ON, b"\n")
