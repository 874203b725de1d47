"""FreeRADIUS' dictionaries as we read them: attributes of the wire, with their types and values."""

from pathlib import Path

import pytest

from radius_module.replies.dictionary import definitions


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Mikrotik-Rate-Limit", "string"), ("Mikrotik-Total-Limit", "integer"), ("Session-Timeout", "integer"),
        ("Mikrotik-Total-Limit-Gigawords", "integer"), ("Framed-IP-Address", "ipaddr"), ("Class", "octets"),
        ("Delegated-IPv6-Prefix", "ipv6prefix"), ("WISPr-Bandwidth-Max-Up", "integer"), ("Framed-Route", "string"),
        ("Acct-Interim-Interval", "integer"), ("Mikrotik-Address-List", "string"), ("Framed-Pool", "string"),
    ],
)  # fmt: skip
def test_what_routers_are_sent_is_known_with_its_type(name: str, kind: str) -> None:
    assert definitions()[name.lower()][:2] == (name, kind)


@pytest.mark.parametrize("name", ["mikrotik-data-limit", "auth-type", "cleartext-password", "response-packet-type"])
def test_what_does_not_exist_or_stays_inside_the_server_is_not(name: str) -> None:
    assert name not in definitions()


def test_values_have_their_names() -> None:
    assert definitions()["service-type"].values["framed-user"] == 2


def test_files_are_included_and_only_a_vendors_numbers_go_beyond_255(tmp_path: Path) -> None:
    (tmp_path / "dictionary").write_text("ATTRIBUTE One 1 string # note\n$INCLUDE more\nATTRIBUTE Inner 300 integer\n")
    (tmp_path / "more").write_text(
        "BEGIN-VENDOR Us\nATTRIBUTE\tOur-Many\t300\tinteger\nVALUE Our-Many Few 0x10\nEND-VENDOR Us\n"
        "ATTRIBUTE Key 2 octets[16] encrypt=1\nVALUE Nobody-Knows It 1\nATTRIBUTE Sub 241.1 integer\n"
    )
    known = definitions(tmp_path / "dictionary")
    assert set(known) == {"one", "our-many", "key"}
    assert known["our-many"].values == {"few": 16}
    assert known["key"].kind == "octets"
