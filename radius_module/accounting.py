"""FreeRADIUS section `accounting`: parse and hand over, to be stored and then answered."""

from __future__ import annotations

import time

from radius_module import lifecycle
from radius_module.packets.accounting_request import accounting_request
from radius_module.packets.wire_line import client_of
from radius_module.rlm import FAIL, HANDLED, Answer, Pairs, Unverified, guarded

_unverified = Unverified()


@guarded(on_error=FAIL)
def accounting(pairs: Pairs) -> Answer:
    """Neither code is an answer: the process that stores the record sends it. After FAIL the device sends again."""
    if len(pairs) == 1:
        return _unverified.dropped(client_of(pairs), time.time())
    record, reply_to = accounting_request(pairs, time.time())
    return HANDLED if lifecycle.acct_server().store(record, reply_to) else FAIL
