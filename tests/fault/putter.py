"""A process that stores records and says which ones are acknowledged: `python -m tests.fault.putter DIR COUNT`.

Runs under strace, which writes down the order of everything.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from radius_module.spool import segment
from tests.support.reports_made import report
from tests.support.spools import DirectSpool

_ROUTERS = 4


def main(directory: Path, count: int) -> None:
    segment.SEGMENT_BYTES = 1 << 15
    spool = DirectSpool(directory)

    def send(first: int) -> None:
        for number in range(first, count, _ROUTERS):
            sent = report(octets_in=number, session_id=b"power-%06d" % number)
            while not spool.put(sent):
                time.sleep(0.05)  # and then again, as a router does
            os.write(1, b"acked %d\n" % number)

    threads = [threading.Thread(target=send, args=(first,)) for first in range(_ROUTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
