"""Does the device hear requests at all? A CoA about nobody, which changes nothing: any signed answer will do."""

from __future__ import annotations

import select
import time
from ipaddress import ip_network

from models.network.addresses import check_network
from models.network.router_access import RouterDevice
from radius_module.enforce.coa import COA, Identity
from radius_module.enforce.router.reach import Ground, secret_of
from radius_module.enforce.wire.line import PATIENCE, Device, Line

#: Nobody's session: RouterOS counts them up from a digit of its own.
NOBODY = Identity(username=b"infora-probe", session_id=b"00000000", framed_address="192.0.2.1")
_TRIES = 3


def answers(ground: Ground, device: RouterDevice, address: str | None) -> str:
    """`ok`, `no_answer`, `bad_reply` (another secret or another address), `refused_address`, `not_configured`."""
    if address is None:
        return "not_configured"
    network = ip_network(address)
    try:
        check_network(network, ground.ours, loopback_allowed=ground.loopback_allowed)
    except ValueError:
        return "refused_address"
    secret = secret_of(ground, device).encode()
    line = Line(Device(device.isp_id, device.id, ip_network(device.network), device.coa_port, secret), ground.source)
    try:
        return _ask(line, address)
    except OSError:
        return "no_answer"
    finally:
        line.close()


def _ask(line: Line, address: str) -> str:
    was_false = False
    for number in range(_TRIES):
        line.send(number, address, COA, NOBODY, {}, time.time(), time.monotonic())
        until = time.monotonic() + PATIENCE
        poll = select.poll()
        poll.register(line.socket, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            if poll.poll(left * 1000):
                for outcome in line.answers():
                    if outcome.answer is not None:
                        return "ok"
        was_false = any([outcome.was_false for outcome in line.overdue(time.monotonic() + PATIENCE)]) or was_false
    return "bad_reply" if was_false else "no_answer"
