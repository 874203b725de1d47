"""MAC addresses as routers send them: who a station is, and which notations a password may have."""

from __future__ import annotations

from models.names import login_name, mac_of

__all__ = ["login_name", "mac_of", "notations", "station"]


def station(text: str) -> str:
    """Calling-Station-Id: a MAC address normalised, anything else as it is."""
    return mac_of(text) or text


def notations(mac: str) -> tuple[str, ...]:
    """A normalised MAC address in the notations that routers send as a password."""
    digits = mac.replace(":", "")
    dotted = f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"
    forms = (mac, mac.replace(":", "-"), digits, dotted, f"{digits[:6]}-{digits[6:]}")
    return forms + tuple(form.lower() for form in forms)
