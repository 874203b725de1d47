"""What hooks are called with: words (mods-config/policy/words), and pairs (freeradius/accounting/dictionary)."""

from __future__ import annotations

from base64 import b64encode

from radius_module.packets.wire_line import client_name

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
    asked = (client, "9", "40000", authenticator, "10.1.1.254")
    login = ("Wire-Login", " ".join([*asked, *map(word, (username, password, calling)), "."]))
    proof = ("Wire-Chap", f"{word(chap)} {word(challenge)} .")
    return (login, proof, *more) if chap else (login, *more)


def in_hex(octets: bytes) -> str:
    """An attribute of octets, as FreeRADIUS writes it for Python."""
    return "0x" + octets.hex()


def accounting_pairs(
    *, client: str = ROUTER, status: str = "Interim-Update", session_id: bytes = b"80f00001", username: bytes = b"john",
    authenticator: bytes = b"\xab" * 16, more: Pairs = (),
) -> Pairs:  # fmt: skip
    """The argument of the accounting hook: an Interim-Update without numbers, from port 40000, identifier 9."""
    return (
        ("Acct-Status-Type", status),
        ("Acct-Session-Id", in_hex(session_id)),
        ("User-Name", in_hex(username)),
        *more,
        ("Wire-Answer", f"{client} 9 40000 {in_hex(authenticator)} 10.1.1.254 ."),
    )
