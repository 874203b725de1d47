"""Every invoice passes the official schema and rules of EN 16931, and adds up to the last digit; no wrong one does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from models.money.paper.paper import Paper, TaxGroup
from models.money.paper.words import Unprintable
from models.money.paper.xml import has_xml, xml
from tests.support.en16931 import NAMES, inexact, unofficial
from tests.support.papers import BUYER, CREDIT_NOTE, HOME, INVOICE, SELLER, USED, papers


def _passes(paper: Paper) -> None:
    written = xml(paper)
    assert unofficial(written) == [], written.decode()
    assert inexact(written) == [], written.decode()


@given(papers())
@settings(max_examples=15, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_invoice_passes_the_official_rules_and_adds_up(paper: Paper) -> None:
    _passes(paper)


@pytest.mark.long
@given(papers())
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_very_many_invoices_pass(paper: Paper) -> None:
    _passes(paper)


@pytest.mark.parametrize("paper", [INVOICE, CREDIT_NOTE], ids=lambda paper: paper.kind)
def test_the_samples_of_the_other_tests_pass(paper: Paper) -> None:
    _passes(paper)


def _set(path: str, value: str) -> Callable[[etree._Element], None]:
    def plant(tree: etree._Element) -> None:
        node = tree.find(path, NAMES)
        assert node is not None
        node.text = value

    return plant


def _drop(path: str) -> Callable[[etree._Element], None]:
    def plant(tree: etree._Element) -> None:
        for node in tree.findall(path, NAMES):
            parent = node.getparent()
            assert parent is not None
            parent.remove(node)

    return plant


_SUMS = ".//ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_GROUP = ".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax"
#: What is planted, and whether the official rules see it too.
PLANTED: dict[str, tuple[Callable[[etree._Element], None], bool]] = {
    "a total off by a cent": (_set(f"{_SUMS}/ram:GrandTotalAmount", "3248.01"), True),
    "a tax off by a cent": (_set(f"{_GROUP}/ram:CalculatedAmount", "448.01"), True),
    "a wrong rate": (_set(f"{_GROUP}/ram:RateApplicablePercent", "8"), True),
    "a line's wrong rate": (_set(".//ram:SpecifiedLineTradeSettlement//ram:RateApplicablePercent", "8"), True),
    "a wrong sign of the tax": (_set(f"{_GROUP}/ram:CalculatedAmount", "-448.00"), True),
    "a missing VAT id": (_drop(".//ram:SellerTradeParty/ram:SpecifiedTaxRegistration"), True),
    "a line that is not quantity x price": (
        _set(".//ram:NetPriceProductTradePrice/ram:ChargeAmount", "2499.99"),
        False,
    ),
    "a due amount off by a cent": (_set(f"{_SUMS}/ram:DuePayableAmount", "3247.99"), True),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_seen(name: str) -> None:
    plant, is_seen_officially = PLANTED[name]
    tree = etree.fromstring(xml(INVOICE))
    plant(tree)
    planted = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
    assert inexact(planted) != []
    assert (unofficial(planted) != []) == is_seen_officially


def test_a_wrong_sign_that_the_official_rules_let_pass_is_seen() -> None:
    """A tax of -0.08 in place of 0.08, consistently to the end."""
    line = replace(HOME, unit_price=50, net=50)
    small = replace(
        INVOICE, lines=(line,), taxes=(TaxGroup("S", Decimal(16), 50, -8),), net=50, tax=-8, total=42, due=42
    )
    assert unofficial(xml(small)) == []
    assert inexact(xml(small)) == ["S 16 of 0.50 is not -0.08"]


def test_a_missing_elements_absence_is_no_pass() -> None:
    tree = etree.fromstring(xml(INVOICE))
    broken = copy.deepcopy(tree)
    _drop(".//ram:ApplicableHeaderTradeSettlement")(broken)
    assert unofficial(etree.tostring(broken)) != []


def test_a_price_for_many_is_exact() -> None:
    """Eight days of thirty: no price a day in whole cents."""
    assert inexact(xml(replace(INVOICE, lines=(replace(USED, quantity=-30, net=-250000),)))) != []
    paper = replace(
        INVOICE, lines=(HOME, replace(USED, number=2, quantity=-3, unit_price=2000, price_quantity=30, net=-200)),
        taxes=(TaxGroup("S", Decimal(16), 249800, 39968),), net=249800, tax=39968, total=289768, due=289768,
    )  # fmt: skip
    _passes(paper)
    assert b'<ram:BasisQuantity unitCode="C62">30</ram:BasisQuantity>' in xml(paper)


def test_amounts_have_the_currencys_digits_and_no_third_decimal() -> None:
    shillings = replace(INVOICE, currency="UGX", digits=0)
    assert b"<ram:GrandTotalAmount>324800</ram:GrandTotalAmount>" in xml(shillings)
    dinars = replace(INVOICE, currency="KWD", digits=3)
    assert b"<ram:GrandTotalAmount>324.80</ram:GrandTotalAmount>" in xml(dinars)
    assert not has_xml(replace(dinars, rounding=1, due=324801)), "EN 16931 has no third decimal"


def test_what_has_no_xml() -> None:
    assert xml(replace(INVOICE, kind="receipt")) == xml(replace(INVOICE, kind="proforma")) == b""
    assert xml(replace(INVOICE, number="", sample=True)) == b""
    assert xml(replace(INVOICE, currency="HRK")) == b"", "EN 16931 knows no currency that has ended"


def test_a_control_character_is_named() -> None:
    with pytest.raises(Unprintable, match=r"U\+0007"):
        xml(replace(INVOICE, buyer=replace(BUYER, name="Achieng\a")))


def test_nobody_outside_tax_shows_a_vat_number() -> None:
    """BR-O-02: category O goes with none."""
    line = replace(HOME, category="O", rate=Decimal(0))
    group = TaxGroup("O", Decimal(0), 250000, 0)
    paper = replace(
        INVOICE, lines=(line,), taxes=(group,), net=250000, tax=0, total=250000, due=250000,
        buyer=replace(BUYER, vat_id="DE123456789"), seller=replace(SELLER, tax_id=""),
    )  # fmt: skip
    _passes(paper)
    assert b'schemeID="VA"' not in xml(paper)
