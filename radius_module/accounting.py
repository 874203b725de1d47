"""FreeRADIUS section `accounting`: parse and hand over, to be stored and then answered."""

from __future__ import annotations

import time

from radius_module import lifecycle
from radius_module.packets.accounting_request import accounting_request
from radius_module.rlm import FAIL, HANDLED, Answer, Pairs, guarded


@guarded(on_error=FAIL)
def accounting(pairs: Pairs) -> Answer:
    """Neither code is an answer: who stores it sends that. After FAIL nobody does, and the router sends again."""
    report, reply_to = accounting_request(pairs, time.time())
    return HANDLED if lifecycle.accounting_server().take(report, reply_to) else FAIL
