"""The persona says what a MikroTik says, and the exchange talks to real sockets."""

import socket
import threading

import pytest

from tests.radius_client import packet, persona
from tests.radius_client.attributes import MIKROTIK, AcctStatus, Mikrotik, Name
from tests.radius_client.exchange import exchange
from tests.radius_client.reply import Reply


def read(attributes: list[tuple[int, bytes]]) -> Reply:
    """The attributes with a reply's accessors."""
    return Reply(b"\x04", tuple(attributes))


def test_a_pppoe_login_is_framed_and_a_hotspot_login_carries_the_host_address() -> None:
    pppoe = read(persona.access_attributes(persona.Visit("alice", "1")))
    assert pppoe.integers(Name.SERVICE_TYPE) == [2] and pppoe.integers(Name.FRAMED_PROTOCOL) == [1]
    hotspot = read(persona.access_attributes(persona.Visit("alice", "1", service="hotspot")))
    assert hotspot.integers(Name.NAS_PORT_TYPE) == [19] and not hotspot.values(Name.FRAMED_PROTOCOL)
    assert hotspot.vendor_values(MIKROTIK, Mikrotik.HOST_IP) == [bytes((10, 0, 0, 2))]


@pytest.mark.parametrize("octets", [0, 2**32 - 1, 2**32, 5 * 10**9, 10**13])
def test_counters_travel_as_octets_and_gigawords(octets: int) -> None:
    growth = persona.Growth(seconds=60, octets_in=octets, octets_out=1)
    seen = read(persona.accounting_attributes(persona.Visit("a", "1"), AcctStatus.STOP, growth))
    [low], [high] = seen.integers(Name.ACCT_INPUT_OCTETS), seen.integers(Name.ACCT_INPUT_GIGAWORDS)
    assert low + (high << 32) == octets
    assert seen.integers(Name.ACCT_TERMINATE_CAUSE) == [1]


def test_a_start_has_no_counters_and_class_is_echoed() -> None:
    seen = read(persona.accounting_attributes(persona.Visit("a", "1"), AcctStatus.START, session_class=b"x"))
    assert not seen.values(Name.ACCT_SESSION_TIME) and not seen.values(Name.ACCT_TERMINATE_CAUSE)
    assert seen.values(Name.CLASS) == [b"x"]


def test_exchange_ignores_other_identifiers_and_gives_up_in_time() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            octets, sender = server.recvfrom(4096)
            server.sendto(b"\x02" + bytes((octets[1] ^ 1,)), sender)
            server.sendto(b"\x02" + octets[1:2], sender)

        thread = threading.Thread(target=serve)
        thread.start()
        request = packet.status_request(b"s", identifier=4)
        assert exchange(request, server.getsockname()) == b"\x02\x04"
        thread.join()
        assert exchange(request, server.getsockname(), timeout=0.05, tries=2) is None
        assert [server.recv(4096) for _ in range(2)] == [request.octets] * 2
