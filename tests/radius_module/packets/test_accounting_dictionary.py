"""The dictionary of the accounting process: nothing that a packet can carry reaches Python as text of its sender."""

from pathlib import Path

from service.host.settings import HOME

DICTIONARY = HOME / "freeradius/accounting/dictionary"
#: Attributes above it are FreeRADIUS' own: no packet can carry them.
WIRE = 255
#: What rlm_python3 writes as hex, digits or addresses whatever the octets are.
HARMLESS = {"octets", "ifid", "integer", "ipaddr", "ipv6addr", "ipv6prefix"}


def lines(path: Path) -> list[list[str]]:
    """The words of all lines, those of included files too."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        found += lines(path.parent / words[1]) if words[:1] == ["$INCLUDE"] else [words] if words else []
    return found


def test_no_attribute_of_a_packet_is_text() -> None:
    attributes = [words for words in lines(DICTIONARY) if words[0] == "ATTRIBUTE"]
    on_the_wire = {words[1]: words[3] for words in attributes if int(words[2].partition(".")[0], 0) <= WIRE}
    assert "User-Name" in on_the_wire
    assert set(on_the_wire.values()) <= HARMLESS


def test_no_vendor_is_known() -> None:
    """A vendor's attributes would be typed; unknown, they are octets."""
    assert [words for words in lines(DICTIONARY) if words[0] in ("VENDOR", "BEGIN-VENDOR")] == []
