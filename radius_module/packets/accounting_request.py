"""An Accounting-Request as FreeRADIUS hands it over → a typed record, and where the device waits for its answer.

What a device or a customer chose is octets, in hex; numbers and addresses are text that FreeRADIUS made of typed
values (freeradius/accounting/dictionary). A request that is not whole raises MalformedRequest: silence.
"""

from __future__ import annotations

from models.accounting.records import AccountingRecord
from radius_module.fast_tuple import maker
from radius_module.packets.reply_to import ReplyTo, make_reply_to
from radius_module.packets.wire_line import (
    GIGAWORD,
    PROXY_STATE,
    Origin,
    calling_station,
    line_of,
    octets_of,
    origin,
    proxy_states,
)
from radius_module.rlm import Pairs

_accounting_record = maker(AccountingRecord)
_NO_OCTETS = "0x"


def accounting_request(pairs: Pairs, received: float) -> tuple[AccountingRecord, ReplyTo]:
    """The request in a hook's argument.

    Of an attribute that stands in it twice the first counts.
    """
    words = dict(pairs)
    if len(words) < len(pairs):
        words = dict(pairs[::-1])
    client, identifier, port, authenticator, local = line_of(words, "Wire-Answer", 5)
    source = origin(client)
    states = proxy_states(pairs) if PROXY_STATE in words else b""
    reply_to: ReplyTo = make_reply_to(
        (source.address, int(port), local, int(identifier), octets_of(authenticator), states, source.device_id)
    )
    return _record(words, source, received), reply_to


def _record(words: dict[str, str], source: Origin, received: float) -> AccountingRecord:
    """Octets in RFC 2866's view, unless the device has them reversed."""
    get, octets = words.get, octets_of
    seconds, clock, calling = get("Acct-Session-Time"), get("Event-Timestamp"), get("Calling-Station-Id")
    record: AccountingRecord = _accounting_record(
        (
            get("Acct-Status-Type", ""),
            source.isp_id,
            source.device_id,
            octets(get("Acct-Session-Id", _NO_OCTETS)),
            octets(get("Class", _NO_OCTETS)),
            octets(get("User-Name", _NO_OCTETS)),
            received,
            int(get("Acct-Delay-Time", 0)),
            None if seconds is None else int(seconds),
            int(get("Acct-Input-Octets", 0)) + GIGAWORD * int(get("Acct-Input-Gigawords", 0)),
            int(get("Acct-Output-Octets", 0)) + GIGAWORD * int(get("Acct-Output-Gigawords", 0)),
            "" if calling is None else calling_station(calling, octets),
            octets(get("Called-Station-Id", _NO_OCTETS)),
            source.address,
            octets(get("NAS-Port-Id", _NO_OCTETS)),
            get("NAS-Port-Type", ""),
            get("Framed-IP-Address", ""),
            get("Framed-IPv6-Prefix", ""),
            get("Delegated-IPv6-Prefix", ""),
            get("Acct-Terminate-Cause", ""),
            None if clock is None else int(clock),
            get("NAS-IP-Address") or get("NAS-Identifier", ""),
            get("Framed-IPv6-Address", ""),
            get("Framed-Interface-Id", ""),
        )
    )
    return record
