"""QR codes as SVG: a SEPA transfer's (EPC069-12), where one can pay by it, and any other text's."""

from __future__ import annotations

import io
from decimal import Decimal

import segno
from segno import helpers
from stdnum import iban

from models.money.paper.paper import Paper

#: Countries and territories of the scheme, by what their IBANs begin with (EPC409-09).
_SEPA = (
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR", "HU",
    "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE",
    "SI", "SK", "SM", "VA",
)  # fmt: skip
#: The guideline's limits: minor units of an amount; characters of a name and of a text, and octets, so that all of them
#: together stay below 331.
_LARGEST, _NAME, _TEXT = 99_999_999_999, (70, 150), (140, 80)


def payment_code(paper: Paper) -> str:
    """What a bank's app reads to pay what is due; empty where no SEPA transfer can be made of it."""
    account = paper.iban.replace(" ", "").upper()
    if paper.currency != "EUR" or not 0 < paper.due <= _LARGEST:
        return ""
    if account[:2] not in _SEPA or not iban.is_valid(account) or not paper.seller.name.strip():
        return ""
    name = _cut(paper.seller.name, *_NAME)
    text = _cut(paper.payment_reference or paper.number, *_TEXT) or name
    bic = paper.bic if len(paper.bic) in (8, 11) else None
    amount = Decimal(paper.due).scaleb(-paper.digits)
    return _svg(helpers.make_epc_qr(name, account, amount, text=text, bic=bic, encoding="utf-8"))


def code(text: str) -> str:
    """Any text as a QR code."""
    return _svg(segno.make_qr(text, error="m"))


def _cut(text: str, characters: int, octets: int) -> str:
    return " ".join(text.split())[:characters].encode()[:octets].decode(errors="ignore").strip()


def _svg(qr: segno.QRCode) -> str:
    written = io.BytesIO()
    qr.save(written, kind="svg", xmldecl=False, svgns=True, border=4)
    return written.getvalue().decode()
