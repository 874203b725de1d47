"""The worker as a process (`python -m radius_module.enforce`): settings, signals, and the loop until SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from functools import partial
from ipaddress import ip_address

from models.db import make_engine
from models.network.own_networks import database_networks
from radius_module import settings
from radius_module.enforce.dispatch import Dispatch
from radius_module.enforce.duties.daily_proof import keep_proving
from radius_module.enforce.duties.fiscal import keep_registering
from radius_module.enforce.duties.invoice_runs import keep_issuing
from radius_module.enforce.duties.mailing import keep_mailing
from radius_module.enforce.duties.renewals import keep_renewing
from radius_module.enforce.router import last_rung
from radius_module.enforce.router.calls import CallListener
from radius_module.enforce.router.reach import Ground
from radius_module.enforce.worker import Worker
from radius_module.ipc import device_call

#: Logins come first, as before the writer (docs/decisions/0010-supervision.md).
NICE = 10


def ground_of(chosen: settings.Settings) -> Ground:
    """Requests leave from where RADIUS listens, unless that is everywhere."""
    listens = ip_address("127.0.0.1" if chosen.listen == "localhost" else chosen.listen)
    source = None if listens.is_unspecified else str(listens)
    ours = database_networks(chosen.database_url)
    return Ground(chosen.keyring, ours, listens.is_loopback, source, chosen.login_port, chosen.accounting_port)


def worker_of(chosen: settings.Settings, ground: Ground) -> Worker:
    """The worker of this installation."""
    engine = make_engine(chosen.database_url, "infora worker", pool_size=1, max_overflow=0)
    dispatch = Dispatch(ground.keyring, ground.source, ground.ours, loopback_allowed=ground.loopback_allowed)
    return Worker(engine, chosen.database_url, dispatch)


def listen_to_api(chosen: settings.Settings, ground: Ground) -> None:
    """Calls to routers, in threads and on connections of their own."""
    engine = make_engine(chosen.database_url, "infora device calls", pool_size=2, max_overflow=0)
    CallListener(engine, ground).start(device_call.socket_path(chosen.socket_dir), chosen.asked_by)


def climb_last_rung(chosen: settings.Settings, ground: Ground, stopping: threading.Event) -> None:
    """What no packet got done, through routers' own API."""
    engine = make_engine(chosen.database_url, "infora last rung", pool_size=1, max_overflow=0)
    threading.Thread(target=last_rung.keep_trying, args=(engine, ground, stopping), daemon=True).start()


def main() -> int:
    """Run until SIGTERM."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(levelname)s %(message)s")
    try:
        chosen = settings.from_environment()
        ground = ground_of(chosen)
        worker = worker_of(chosen, ground)
    except (ValueError, OSError) as wrong:
        print(f"worker: {wrong}", file=sys.stderr)  # noqa: T201  # before there is a log
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())
    os.nice(NICE)
    duties = [
        threading.Thread(target=duty, args=(chosen.database_url, worker.stopping), daemon=True)
        for duty in (
            keep_renewing,
            keep_proving,
            keep_issuing,
            partial(keep_mailing, ground=ground),
            partial(keep_registering, reference=os.environ.get("FISCAL_REFERENCE_URL")),
        )
    ]
    for duty in duties:
        duty.start()
    listen_to_api(chosen, ground)
    climb_last_rung(chosen, ground, worker.stopping)
    worker.run()
    for duty in duties:
        duty.join(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
