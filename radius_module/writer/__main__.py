"""The writer's process (`python -m radius_module.writer`): one a node, until SIGTERM."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

from models.db import first_line, make_engine
from radius_module import settings, status
from radius_module.ipc.feed import WriterFeed
from radius_module.spool import files
from radius_module.writer import report
from radius_module.writer.history.erasure import keep_erasing
from radius_module.writer.history.history_clock import Clocks
from radius_module.writer.history.retention import Retention
from radius_module.writer.spool_reader import SpoolReader
from radius_module.writer.writer import LOCK, NICE, Writer

log = logging.getLogger("radius_module.writer")

_HOUR = 3600.0
#: Nobody waits for the removal of old rows, and one piece of it may take its time.
_LONGEST_REMOVAL = 600.0


def _keep_history(retention: Retention, stopping: threading.Event) -> None:
    """The hourly job. A reason to try again is logged once."""
    logged = ""
    while not stopping.is_set():
        wait = _HOUR
        try:
            retention.run()
            logged = ""
        except Exception as error:
            if first_line(error) != logged:
                log.warning("history: trying again every minute: %s", first_line(error))
            logged, wait = first_line(error), 60.0
        stopping.wait(wait)


def writer_of(installation: settings.Place) -> Writer:
    """The writer of this installation."""
    root = installation.spool("acct").parent
    files.make_ready(root)
    node = files.node_of(root)
    engine = make_engine(installation.database_url, "infora writer", pool_size=1, max_overflow=0)
    readers = [SpoolReader(installation.spool(process), node) for process in ("acct", "auth")]
    return Writer(engine, readers, WriterFeed(installation.feed_socket), node)


def main() -> int:
    """Run until SIGTERM; one writer a node."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(levelname)s %(message)s")
    try:
        installation = settings.place()
        writer = writer_of(installation)
        lock = _alone(installation.spool("acct").parent, writer)
    except (ValueError, OSError) as error:
        print(f"writer: {error}", file=sys.stderr)  # noqa: T201  # before there is a log
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: writer.stopping.set())
    os.nice(NICE)
    # A batch makes a million objects and hardly a cycle among them: the collector may look at them rarely.
    gc.set_threshold(500_000, 20, 100)
    history = make_engine(installation.database_url, "infora history", pool_size=1, max_overflow=0,
                          answers_within=_LONGEST_REMOVAL)  # fmt: skip
    retention = Retention(history, Clocks())
    threading.Thread(target=_keep_history, args=(retention, writer.stopping), daemon=True).start()
    erasures = make_engine(installation.database_url, "infora erasures", pool_size=1, max_overflow=0,
                           answers_within=_LONGEST_REMOVAL)  # fmt: skip
    threading.Thread(target=keep_erasing, args=(erasures, writer.stopping), daemon=True).start()
    depths = report.Depths({process: installation.spool(process) for process in status.SPOOLS})
    written = partial(report.facts, writer.progress, depths, lambda: retention.alarm, writer.waiting.longest)
    status.keep_written(installation.state_dir, "writer", written, writer.stopping)
    writer.run()
    os.close(lock)
    return 0


def _alone(directory: Path, writer: Writer) -> int:
    """Wait until no other writer has this node's spools."""
    while not writer.stopping.is_set():
        try:
            return files.claim(directory, LOCK)
        except files.SpoolLocked:
            time.sleep(0.2)
    raise OSError("stopped before another writer ended")


if __name__ == "__main__":
    sys.exit(main())
