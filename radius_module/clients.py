"""FreeRADIUS' virtual server `clients`: a new source address → the device it belongs to, from memory.

FreeRADIUS keeps what it is told until a packet comes after its time, so it is told whole networks: whoever sends from
many addresses of one takes no more of its memory (docs/decisions/0086-clients-are-networks.md).

Runs in the thread that receives packets. Unknown devices get no answer. The login hook drops unsigned requests and
counts them: FreeRADIUS would not.
"""

from __future__ import annotations

from radius_module import lifecycle
from radius_module.packets.wire_line import client_attribute, client_name, source_address
from radius_module.replies.attribute import text
from radius_module.rlm import NOTFOUND, OK, Answer, Pairs, guarded


@guarded(on_error=NOTFOUND)
def authorize(pairs: Pairs) -> Answer:
    """The device's network and secret, and tenant and device in the short name."""
    client = lifecycle.any_server().client(source_address(pairs))
    if client is None:
        return NOTFOUND
    return OK, {
        "config": (
            (client_attribute(client.network), ":=", client.network),
            ("FreeRADIUS-Client-Shortname", ":=", client_name(client.isp_id, client.device_id)),
            ("FreeRADIUS-Client-Secret", ":=", text(client.secret)),
            ("FreeRADIUS-Client-Require-MA", ":=", "no"),
        )
    }
