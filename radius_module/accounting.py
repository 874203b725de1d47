"""FreeRADIUS section `accounting`: parse, write to the disk, and only then acknowledge."""

from __future__ import annotations

import time

from radius_module import lifecycle
from radius_module.packet import session_report
from radius_module.rlm import FAIL, OK, Answer, Pairs, guarded


@guarded(on_error=FAIL)
def accounting(pairs: Pairs) -> Answer:
    """FAIL is silence: the router sends again (FACTS 1, "Calling convention")."""
    report = session_report(pairs, time.time())
    return OK if lifecycle.accounting_server().store(report) else FAIL
