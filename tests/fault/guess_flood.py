"""Guesses at one customer's password, as fast as told: `python -m tests.fault.guess_flood wire|http`, told by JSON.

Processes of their own, so that those whom the test watches do not share an interpreter with them.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from threading import Thread
from typing import Any

from tests.radius_client import Pap, Visit, access_attributes, access_request

Orders = dict[str, Any]
#: Linux: the address that a datagram leaves from.
_IP_PKTINFO = 8


def start(kind: str, orders: Orders) -> subprocess.Popen[str]:
    """Begins at once; what it prints is for `result`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fault.guess_flood", kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(orders))
    process.stdin.close()
    return process


def result(process: subprocess.Popen[str]) -> int:
    """How many guesses it made."""
    assert process.stdout is not None
    with process:
        return int(process.stdout.read())


def _paced(count: int, rate: float) -> Iterator[int]:
    begun = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        yield number


def _on_the_wire(orders: Orders) -> int:
    """From the addresses of one network in turn, each time another device; answers are left to the kernel."""
    secret, first = bytes.fromhex(orders["secret"]), int.from_bytes(socket.inet_aton(orders["first_address"]), "big")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", 0))
        for number in _paced(orders["count"], orders["rate"]):
            source = (first + number % orders["addresses"]).to_bytes(4, "big")
            station = (
                f"02:98:{number >> 24 & 255:02X}:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"
            )
            visit = Visit(orders["name"], "80000001", mac=station, nas_address=socket.inet_ntoa(source))
            request = access_request(secret, access_attributes(visit), Pap(f"wrong {number}".encode()))
            leaving = (socket.IPPROTO_IP, _IP_PKTINFO, struct.pack("i4s4s", 0, source, bytes(4)))
            sock.sendmsg([request.octets], [leaving], 0, tuple(orders["server"]))
    return int(orders["count"])


def _over_http(orders: Orders) -> int:
    """Eight callers at once, each request from another address; those whose answer is late hold up no other."""
    answered: list[int] = []
    numbers = iter(range(orders["count"]))

    def guess() -> None:
        for number in numbers:
            source = f"127.97.{number % orders['addresses'] // 250}.{number % 250 + 1}"
            body = {"username": orders["name"], "password": f"wrong {number}", "nas_ip": orders["nas_ip"],
                    "calling_station_id": f"02:97:00:00:{number >> 8 & 255:02X}:{number & 255:02X}"}  # fmt: skip
            with closing(HTTPConnection(*orders["api"], timeout=30, source_address=(source, 0))) as connection:
                try:
                    connection.request("POST", "/api/radius-api/auth", json.dumps(body), orders["headers"])
                    answered.append(connection.getresponse().status)
                except (OSError, HTTPException):
                    continue

    threads = [Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answered) <= {403}, set(answered)
    return len(answered)


if __name__ == "__main__":
    sys.stdout.write(str({"wire": _on_the_wire, "http": _over_http}[sys.argv[1]](json.load(sys.stdin))))
