"""Words as `freeradius/mods-config/policy/words` makes them of a packet."""

from __future__ import annotations

from base64 import b64encode

from radius_module.packet import client_name

Pairs = tuple[tuple[str, str], ...]

ROUTER = client_name(7, 70, "10.1.1.1")


def word(octets: bytes) -> str:
    """`%{base64:…}`: a missing attribute is an empty word."""
    return b64encode(octets).decode()


def login_words(
    *, client: str = ROUTER, username: bytes = b"john", password: bytes = b"", chap: bytes = b"",
    challenge: bytes = b"", authenticator: str = "0x" + "ab" * 16, calling: bytes = b"02-00-00-00-00-01",
    more: Pairs = (),
) -> Pairs:  # fmt: skip
    """The argument of a login hook."""
    login = ("Wire-Login", " ".join([client, *map(word, (username, password, calling)), "."]))
    proof = ("Wire-Chap", f"{authenticator} {word(chap)} {word(challenge)} .")
    return (login, proof, *more) if chap else (login, *more)


def accounting_words(
    *, client: str = ROUTER, status: str = "Interim-Update", session_id: bytes = b"80f00001",
    klass: bytes = b"", username: bytes = b"john", port_id: bytes = b"ether1", port_type: str = "Ethernet",
    calling: bytes = b"02-00-00-00-00-01", called: bytes = b"hotspot1", framed: str = "10.0.0.2", prefix: str = "",
    delegated: str = "", growth: str = "60 1 2 3 4 5 1773144000 ",
) -> Pairs:  # fmt: skip
    """The argument of the accounting hook. `growth`: seconds, octets and gigawords in and out, delay, clock, cause."""
    return (
        ("Wire-Session", f"{client} {status} {word(session_id)} {word(klass)} ."),
        ("Wire-Port", f"{word(username)} {word(port_id)} {port_type} ."),
        ("Wire-Place", f"{word(calling)} {word(called)} {framed} {prefix} {delegated} ."),
        ("Wire-Growth", f"{growth} ."),
    )
