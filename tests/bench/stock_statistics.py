"""FreeRADIUS' own count of the logins that it has decided, asked by Status-Server (RFC 5997).

A packet that is sent again and answered from FreeRADIUS' memory is counted as a duplicate, not as a decision.
"""

import hmac
import os

from tests.bench.population import SECRET
from tests.radius_client import Code, Name, Request, exchange, vendor, verify
from tests.radius_client.attributes import encode, integer

_FREERADIUS = 11344
_STATISTICS_TYPE, _AUTHENTICATION = 127, 1
_ACCEPTS, _REJECTS = 129, 130


def decided(server: tuple[str, int]) -> int:
    """Accepts and Rejects since the start of the server whose statistics are told at that address."""
    request = _request()
    answer = exchange(request, server, tries=3)
    if answer is None:
        raise RuntimeError("the stock server tells no statistics")
    reply = verify(answer, request)
    counts = [reply.vendor_integers(_FREERADIUS, number) for number in (_ACCEPTS, _REJECTS)]
    if not all(counts):
        raise RuntimeError("the stock server's statistics hold no Accepts and Rejects")
    return sum(sum(numbers) for numbers in counts)


def _request() -> Request:
    asked = encode([vendor(_FREERADIUS, integer(_STATISTICS_TYPE, _AUTHENTICATION))])
    seal = bytes((Name.MESSAGE_AUTHENTICATOR, 18))
    head = bytes((Code.STATUS_SERVER, 0)) + (38 + len(asked)).to_bytes(2, "big") + os.urandom(16) + seal
    return Request(head + hmac.digest(SECRET, head + bytes(16) + asked, "md5") + asked, SECRET)
