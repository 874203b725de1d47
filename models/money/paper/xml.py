"""A document as EN 16931 says it: Cross Industry Invoice (UN/CEFACT D22B), the XML that Factur-X carries.

factur-x writes it out of what the standard calls business terms (BT) and groups (BG). Its own check by Schematron
sends the invoice to a web server and passes where nobody answers, so it stays off; the tests hold the XML against the
official rules.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from facturx.generate_xml import generate_cii_xml

from models.money.currencies import WITHDRAWN
from models.money.paper.page import exact, exemption
from models.money.paper.paper import Paper, PaperLine, Party, TaxGroup
from models.money.paper.words import Words, plain_number, refuse_controls, words_of

#: UNTDID 1001.
_TYPES = {"invoice": "380", "credit_note": "381"}
#: Reason codes of the list VATEX for categories that have one.
_REASON_CODES = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
#: Amounts of a document have so many decimals at most (BR-DEC); a price may have more.
_DECIMALS = 2
#: UNTDID 4461.
_SEPA_TRANSFER, _TRANSFER = "58", "30"
#: factur-x changes its own tables while it reads them.
_one_at_a_time = threading.Lock()


def has_xml(paper: Paper) -> bool:
    """Receipts, proformas and samples have none; nor have amounts that EN 16931 cannot say.

    Those are amounts with a third decimal, and in a currency that has ended.
    """
    if paper.kind not in _TYPES or not paper.number or paper.sample:
        return False
    return paper.currency not in WITHDRAWN and not _has_third_decimal(paper)


def xml(paper: Paper) -> bytes:
    """UTF-8; empty where the document has none (`has_xml`). Raises Unprintable for characters that XML cannot hold."""
    if not has_xml(paper):
        return b""
    terms = _terms(paper)
    refuse_controls("".join(_texts(terms)))
    with _one_at_a_time:
        written: bytes = generate_cii_xml(terms, level="en16931", check_xsd=False, check_schematron=False)
    return written


def _texts(terms: object) -> Iterator[str]:
    if isinstance(terms, dict | list):
        for value in terms.values() if isinstance(terms, dict) else terms:
            yield from _texts(value)
    elif isinstance(terms, str):
        yield terms


def _has_third_decimal(paper: Paper) -> bool:
    if paper.digits <= _DECIMALS:
        return False
    step = 10 ** (paper.digits - _DECIMALS)
    amounts = [paper.net, paper.tax, paper.total, paper.rounding, paper.prepaid, paper.due]
    amounts += [line.net for line in paper.lines]
    amounts += [value for group in paper.taxes for value in (group.base, group.tax)]
    return any(value % step for value in amounts)


def _amount(minor: int, digits: int) -> str:
    """At most two decimals: `has_xml` has seen that a third one is 0."""
    spare = max(0, digits - _DECIMALS)
    return exact(minor // 10**spare, digits - spare)


def _terms(paper: Paper) -> dict[str, Any]:
    _, words = words_of(paper.language)
    return {
        "BT-1": paper.number,
        "BT-2": paper.issued_on,
        "BT-3": _TYPES[paper.kind],
        "BT-5": paper.currency,
        **_notes(paper),
        "BG-4": _seller(paper),
        "BG-7": _buyer(paper),
        **_delivery(paper),
        **_payment(paper, words),
        "BG-23": [_tax(group, paper, words) for group in paper.taxes],
        "BG-25": [_line(line, paper.digits) for line in paper.lines],
        **_totals(paper),
        **({"BG-3": [{"BT-25": paper.corrects.number, "BT-26": paper.corrects.issued_on}]} if paper.corrects else {}),
    }


def _notes(paper: Paper) -> dict[str, Any]:
    answer = paper.fiscal
    texts = [paper.note, f"{answer.authority} {answer.control_number}".strip() if answer else ""]
    return {"BG-1": [{"BT-22": text} for text in texts if text]}


def _is_outside_tax(paper: Paper) -> bool:
    """Category O forbids VAT identifiers (BR-O-02)."""
    return any(group.category == "O" for group in paper.taxes)


def _seller(paper: Paper) -> dict[str, Any]:
    seller = paper.seller
    vat_id = "" if _is_outside_tax(paper) else seller.vat_id
    # Somebody is identified by one of several numbers (BR-CO-26), of which a tax registration (BT-32) is none.
    number = "" if vat_id else seller.tax_id or seller.vat_id or seller.name
    return _party(seller, number) | {"vat_identifier": vat_id, "tax_identifier": seller.tax_id}


def _buyer(paper: Paper) -> dict[str, Any]:
    buyer = paper.buyer
    vat_id = "" if _is_outside_tax(paper) else buyer.vat_id
    return _party(buyer, buyer.number) | _buyers_country(paper) | {
        "vat_identifier": vat_id, "legal_identifier": buyer.tax_id,
    }  # fmt: skip


def _buyers_country(paper: Paper) -> dict[str, str]:
    """A customer whose country is not known lives where the seller is."""
    return {"country_code": paper.buyer.country or paper.seller.country}


def _party(party: Party, number: str) -> dict[str, Any]:
    street = [line.strip() for line in party.street.splitlines() if line.strip()]
    lines = [*street[:2], ", ".join(street[2:])]
    contact = {"phone": party.phone, "email": party.email}
    return {
        "name": party.name, "identifiers": {None: number} if number else {},
        **dict(zip(("addr_l1", "addr_l2", "addr_l3"), lines, strict=False)),
        "city": party.city, "postcode": party.postcode, "country_code": party.country,
        "contacts": [contact] if any(contact.values()) else [],
    }  # fmt: skip


def _delivery(paper: Paper) -> dict[str, Any]:
    """The supply is complete with its last day. Without one factur-x writes an element that its own schema refuses."""
    terms: dict[str, Any] = {"BT-72": paper.supply[1] if paper.supply else paper.issued_on}
    if paper.supply:
        terms |= {"BT-73": paper.supply[0], "BT-74": paper.supply[1]}
    if any(group.category == "K" for group in paper.taxes):
        terms["BG-13"] = {"name": paper.buyer.name} | _buyers_country(paper)
    return terms


def _payment(paper: Paper, words: Words) -> dict[str, Any]:
    terms: dict[str, Any] = {"BT-83": paper.payment_reference}
    if paper.due_on:
        terms["BT-9"] = paper.due_on
    elif paper.due > 0:
        terms["BT-20"] = words["to_account" if paper.kind == "credit_note" else "payable"]
    if paper.iban:
        terms |= {"BT-81": _SEPA_TRANSFER if paper.currency == "EUR" else _TRANSFER,
                  "BT-84": paper.iban.replace(" ", ""), "BT-86": paper.bic}  # fmt: skip
    return terms


def _tax(group: TaxGroup, paper: Paper, words: Words) -> dict[str, Any]:
    terms = {"BT-116": _amount(group.base, paper.digits), "BT-117": _amount(group.tax, paper.digits),
             "BT-118": group.category}  # fmt: skip
    if group.category != "O":
        terms["BT-119"] = plain_number(group.rate)
    if reason := exemption(group, words):
        terms["BT-120"] = reason
    if code := _REASON_CODES.get(group.category):
        terms["BT-121"] = code
    return terms


def _line(line: PaperLine, digits: int) -> dict[str, Any]:
    name, _, rest = line.description.strip().partition("\n")
    terms: dict[str, Any] = {
        "BT-126": str(line.number), "BT-153": name, "BT-154": " ".join(rest.split()),
        "BT-129": str(line.quantity), "BT-130": line.unit, "BT-146": exact(line.unit_price, digits),
        "BT-151": line.category, "BT-131": _amount(line.net, digits),
    }  # fmt: skip
    if line.price_quantity != 1:
        terms["BT-149"] = str(line.price_quantity)
    if line.category != "O":
        terms["BT-152"] = plain_number(line.rate)
    if line.period:
        terms |= {"BT-134": line.period[0], "BT-135": line.period[1]}
    return terms


def _totals(paper: Paper) -> dict[str, str]:
    def text(minor: int) -> str:
        return _amount(minor, paper.digits)

    terms = {"BT-106": text(paper.net), "BT-109": text(paper.net), "BT-110": text(paper.tax),
             "BT-112": text(paper.total), "BT-115": text(paper.due)}  # fmt: skip
    terms |= {"BT-113": text(paper.prepaid)} if paper.prepaid else {}
    return terms | ({"BT-114": text(paper.rounding)} if paper.rounding else {})
