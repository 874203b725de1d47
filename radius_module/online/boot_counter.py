"""RouterOS' boot counter in Acct-Session-Id: a router that restarted has ended what it had open."""

from __future__ import annotations

#: Restarts of a router between two of its sessions that we believe in; a counter further on is another router's.
_MOST_RESTARTS = 4
_BOOTS = 16
Boot = tuple[bytes, int]


def boot_of(session_id: bytes) -> Boot | None:
    """(service, boot counter) of a RouterOS session id of 8 hex digits: `80f000ea` is service 80, boot f."""
    if len(session_id) != 8:
        return None
    try:
        bytes.fromhex(session_id.decode())
        return session_id[:2], int(session_id[2:3], 16)
    except ValueError:
        return None


def is_newer_boot(before: int, now: int) -> bool:
    """Did a router restart a few times between the two? A counter far ahead is that of another router behind a NAT."""
    return 0 < (now - before) % _BOOTS <= _MOST_RESTARTS
