"""A RADIUS client for tests and load: builds any packet a router may send, and reads replies strictly.

Own code beside pyrad because load needs packets in microseconds and the wire tests need packets that are wrong
on purpose. Layers: `attributes` (names and octets) < `credentials`, `packet`, `reply` < `persona` (what a
MikroTik sends) and `exchange` (one request, one answer over UDP).
"""

from tests.radius_client.attributes import (
    MICROSOFT,
    MIKROTIK,
    AcctStatus,
    Attribute,
    Code,
    Microsoft,
    Mikrotik,
    Name,
    address,
    integer,
    text,
    vendor,
)
from tests.radius_client.credentials import Chap, Credential, MsChap1, MsChap2, Pap
from tests.radius_client.exchange import exchange
from tests.radius_client.packet import Integrity, Request, access_request, accounting_request, status_request
from tests.radius_client.persona import Growth, Visit, access_attributes, accounting_attributes, reboot_attributes
from tests.radius_client.reply import BadReply, Reply, check_mschap2_success, decode, verify

__all__ = [
    "MICROSOFT",
    "MIKROTIK",
    "AcctStatus",
    "Attribute",
    "BadReply",
    "Chap",
    "Code",
    "Credential",
    "Growth",
    "Integrity",
    "Microsoft",
    "Mikrotik",
    "MsChap1",
    "MsChap2",
    "Name",
    "Pap",
    "Reply",
    "Request",
    "Visit",
    "access_attributes",
    "access_request",
    "accounting_attributes",
    "accounting_request",
    "address",
    "check_mschap2_success",
    "decode",
    "exchange",
    "integer",
    "reboot_attributes",
    "status_request",
    "text",
    "vendor",
    "verify",
]
