"""The ports that the system is about to bind, tested before anything starts, so that the operator sees the reason."""

import errno
import os
import socket

from service.errors import Refusal
from service.host.settings import Settings


def refuse_if_taken(settings: Settings) -> None:
    """Raises Refusal for the first port that cannot be bound."""
    radius, api = settings.radius_listen, settings.api_host
    _test_bind(radius, settings.radius_auth_port, "RADIUS_AUTH_PORT", "RADIUS_LISTEN", socket.SOCK_DGRAM)
    _test_bind(radius, settings.radius_acct_port, "RADIUS_ACCT_PORT", "RADIUS_LISTEN", socket.SOCK_DGRAM)
    _test_bind(api, settings.api_port, "API_PORT", "API_HOST", socket.SOCK_STREAM)


def _test_bind(address: str, port: int, name: str, address_name: str, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:  # as the server does: closing connections do not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            if kind == socket.SOCK_STREAM:
                probe.listen(1)
        except OSError as error:
            raise _refusal(error, address, port, name, address_name, kind) from None


def _refusal(error: OSError, address: str, port: int, name: str, address_name: str, kind: socket.SocketKind) -> Refusal:
    protocol, option = ("TCP", "t") if kind == socket.SOCK_STREAM else ("UDP", "u")
    if error.errno == errno.EADDRINUSE:
        return Refusal(f"{protocol} port {port} on {address} is taken: set {name} to another one, or stop what uses it "
                       f"(`ss -l{option}np 'sport = :{port}'` shows it).")  # fmt: skip
    if error.errno == errno.EADDRNOTAVAIL:
        return Refusal(f"{address_name} is {address}, which is not an address of this machine.")
    reason = os.strerror(error.errno or 0)
    return Refusal(f"{protocol} port {port} on {address} cannot be used ({reason}): set {name} to another one.")
