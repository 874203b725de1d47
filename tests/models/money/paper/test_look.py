"""What a tenant chooses about its pages, and the codes that one pays by."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import pytest
import segno

from models.money.paper import epc
from models.money.paper.logo import LARGEST, Logo, ink_on, read
from models.money.paper.paper import Look, Paper
from models.money.paper.pdf import pdf
from models.money.paper.words import breakable, direction
from tests.support.papers import INVOICE, SELLER

_IBAN = "DE89370400440532013000"
EUROS = replace(INVOICE, currency="EUR", iban=_IBAN)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(width: int, height: int) -> bytes:
    rows = (b"\0" + b"\x20\x60\xa0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def test_a_logo_is_in_the_file() -> None:
    logo = _png(240, 80)
    assert read(logo) == Logo("image/png", 240, 80)
    with_logo = pdf(replace(INVOICE, look=Look(logo)), b"")
    assert b"/Subtype/Image" in with_logo
    assert b"/Subtype/Image" not in pdf(INVOICE, b"")


def test_a_jpeg_is_measured_by_its_frame() -> None:
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    assert read(head + b"\xff\xc2\x00\x11\x08\x00\x50\x00\xf0\x03") == Logo("image/jpeg", 240, 80)


@pytest.mark.parametrize(
    "octets",
    [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", _png(1, 1) + b"\0" * LARGEST, _png(4001, 1)],
)
def test_what_is_no_logo_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="must"):
        read(octets)


@pytest.mark.parametrize(("colour", "ink"), [("#1f4e79", "#ffffff"), ("#ffe08a", "#000000"), ("#000000", "#ffffff")])
def test_what_stands_on_a_colour_can_be_read(colour: str, ink: str) -> None:
    assert ink_on(colour) == ink


@pytest.mark.parametrize("colour", ["", "red", "#12345", "#1234567", "#12345g", "#123456\n"])
def test_what_is_no_colour_is_refused(colour: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        pdf(replace(INVOICE, look=Look(colour=colour)), b"")


def test_a_sepa_transfer_as_a_code() -> None:
    """EPC069-12: the lines of version 002, character set 1 (UTF-8)."""
    text = f"BCD\n002\n1\nSCT\n\nNairobi Wireless Ltd\n{_IBAN}\nEUR3248\n\n\n10010"
    expected = segno.make_qr(text.encode(), error="m", boost_error=False)
    assert epc.payment_code(EUROS) == epc._svg(expected)


@pytest.mark.parametrize(
    "paper",
    [
        INVOICE,
        replace(EUROS, currency="KES"),
        replace(EUROS, iban=""),
        replace(EUROS, iban="DE89370400440532013001"),
        replace(EUROS, iban="KW81CBKU0000000000001234560101"),
        replace(EUROS, due=0),
        replace(EUROS, due=-1),
        replace(EUROS, due=10**11),
    ],
)
def test_there_is_no_code_where_no_transfer_can_be_made(paper: Paper) -> None:
    assert epc.payment_code(paper) == ""


def test_a_long_name_is_cut_to_what_a_transfer_holds() -> None:
    for letter in ("A", "Ä", "王", "\U00020000"):
        paper = replace(EUROS, seller=replace(SELLER, name=letter * 100), payment_reference=letter * 200, bic="short")
        assert epc.payment_code(paper).startswith("<svg")
    assert epc.payment_code(replace(EUROS, kind="proforma", number="", payment_reference="")).startswith("<svg")


def test_directions() -> None:
    assert direction("2026-11-01") == direction("Home") == direction("") == "ltr"
    assert direction("محمد") == direction("12 שלום") == "rtl"


def test_only_long_words_are_broken_and_only_where_letters_stand_apart() -> None:
    assert breakable("a" * 24) == "a" * 24
    assert breakable("a" * 25) == "a" * 12 + "\u200b" + "a" * 12 + "\u200b" + "a"
    joined = "مستشفى" * 6
    assert breakable(joined) == joined
    assert breakable("e\u0301" * 20).count("\u200b\u0301") == 0
