"""RouterOS' boot counter in Acct-Session-Id: a router that restarted has ended what it had open."""

from __future__ import annotations

#: Restarts of a router between two of its sessions that we believe in; a counter further on is another router's.
_MOST_RESTARTS = 4
_BOOTS = 16
Boot = tuple[bytes, int]
#: A router as its packets name it: source address, and NAS-IP-Address or NAS-Identifier.
Router = tuple[str, str]


def boot_of(session_id: bytes) -> Boot | None:
    """(service, boot counter) of a RouterOS session id of 8 hex digits: `80f000ea` is service 80, boot f."""
    return (session_id[:2], int(session_id[2:3], 16)) if session_id[:1] == b"8" and _is_hex(session_id) else None


def is_newer_boot(before: int, now: int) -> bool:
    """Did a router restart a few times between the two? A counter far ahead is that of another router behind a NAT."""
    return 0 < (now - before) % _BOOTS <= _MOST_RESTARTS


class BootCounters:
    """The newest boot counter of each router and service.

    Others number their sessions in eight digits too (a process id, a random number): a router of which one id does not
    begin like RouterOS' has no boot counter.
    """

    def __init__(self) -> None:
        self._newest: dict[tuple[int, Router, bytes], int] = {}
        self._others: set[tuple[int, Router]] = set()

    def restarted(self, device_id: int, router: Router, session_id: bytes) -> Boot | None:
        """The boot of a session's id, if it is newer than what the router had before."""
        boot = boot_of(session_id)
        if boot is None:
            if _is_hex(session_id):
                self._others.add((device_id, router))
            return None
        service, counter = boot
        key = (device_id, router, service)
        if (device_id, router) in self._others or not is_newer_boot(self._newest.setdefault(key, counter), counter):
            return None
        self._newest[key] = counter
        return boot


def _is_hex(session_id: bytes) -> bool:
    if len(session_id) != 8:
        return False
    try:
        bytes.fromhex(session_id.decode())
    except ValueError:
        return False
    return True
