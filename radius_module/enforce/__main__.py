"""The worker as a process (`python -m radius_module.enforce`): settings, signals, and the loop until SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from ipaddress import ip_address

from models.db import make_engine
from models.network.own_networks import database_networks
from radius_module import settings
from radius_module.enforce.daily_proof import keep_proving
from radius_module.enforce.dispatch import Dispatch
from radius_module.enforce.renewals import keep_renewing
from radius_module.enforce.worker import Worker

#: Logins come first.
NICE = 2


def worker_of(chosen: settings.Settings) -> Worker:
    """The worker of this installation."""
    engine = make_engine(chosen.database_url, "infora worker", pool_size=1, max_overflow=0)
    listens = ip_address("127.0.0.1" if chosen.listen == "localhost" else chosen.listen)
    # Requests leave from where RADIUS listens, unless that is everywhere.
    source = None if listens.is_unspecified else str(listens)
    dispatch = Dispatch(
        chosen.keyring, source, database_networks(chosen.database_url), loopback_allowed=listens.is_loopback
    )
    return Worker(engine, chosen.database_url, dispatch)


def main() -> int:
    """Run until SIGTERM."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(levelname)s %(message)s")
    try:
        chosen = settings.from_environment()
        worker = worker_of(chosen)
    except (ValueError, OSError) as wrong:
        print(f"worker: {wrong}", file=sys.stderr)  # noqa: T201  # before there is a log
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())
    os.nice(NICE)
    duties = [
        threading.Thread(target=duty, args=(chosen.database_url, worker.stopping), daemon=True)
        for duty in (keep_renewing, keep_proving)
    ]
    for duty in duties:
        duty.start()
    worker.run()
    for duty in duties:
        duty.join(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
