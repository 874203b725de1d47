"""Documents as PDF/A-3b with their XML inside: the same octets everywhere, and no character lost."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal

import facturx
import pypdf
import pytest
from lxml import etree

from models.money.paper.paper import FiscalAnswer, Look, Paper, PaperLine, StatementEntry, StatementPaper, TaxGroup
from models.money.paper.pdf import pdf, statement_pdf
from models.money.paper.words import ROOT, Unprintable, every_language
from models.money.paper.xml import xml
from tests.support.papers import BUYER, CREDIT_NOTE, HOME, INVOICE, SELLER

_DIGEST = (
    "import hashlib; from models.money.paper.pdf import pdf; from models.money.paper.xml import xml; "
    "from tests.support.papers import INVOICE as paper; print(hashlib.sha256(pdf(paper, xml(paper))).hexdigest())"
)
_XMP = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfaExtension": "http://www.aiim.org/pdfa/ns/extension/",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
}


def _read(paper: Paper) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf(paper, xml(paper))))


def _text(paper: Paper) -> str:
    return "\n".join(page.extract_text() for page in _read(paper).pages)


def test_the_same_octets_in_every_zone_and_year() -> None:
    commands = [("Pacific/Kiritimati", ("faketime", "2031-03-01 23:59:59")), ("America/Los_Angeles", ())]
    running = [
        subprocess.Popen(
            [*clock, sys.executable, "-c", _DIGEST], env={**os.environ, "TZ": zone}, stdout=subprocess.PIPE, text=True
        )
        for zone, clock in commands
    ]
    digests = {process.communicate(timeout=100)[0].strip() for process in running}
    assert digests == {hashlib.sha256(pdf(INVOICE, xml(INVOICE))).hexdigest()}


def test_two_invoices_have_two_document_ids() -> None:
    first, second = (_read(replace(INVOICE, number=number)) for number in ("INV-2026-00001", "INV-2026-00002"))
    assert first.trailer["/ID"][0] != second.trailer["/ID"][0]
    assert first.trailer["/ID"] == _read(INVOICE).trailer["/ID"]


@pytest.mark.parametrize("paper", [INVOICE, CREDIT_NOTE], ids=lambda paper: paper.kind)
def test_the_xml_comes_out_as_it_went_in(paper: Paper) -> None:
    name, octets = facturx.get_xml_from_pdf(pdf(paper, xml(paper)), check_xsd=True, check_schematron=False)
    assert (name, octets) == ("factur-x.xml", xml(paper))


def test_it_says_that_it_is_pdf_a_3b_and_factur_x() -> None:
    reader = _read(INVOICE)
    root = reader.trailer["/Root"]
    (attached,) = root["/AF"]
    assert attached["/AFRelationship"] == "/Alternative"
    assert attached["/EF"]["/F"]["/Subtype"] == "/text/xml"
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    metadata = etree.fromstring(root["/Metadata"].get_data())
    assert metadata.findtext(".//pdfaid:part", None, _XMP) == "3"
    assert metadata.findtext(".//pdfaid:conformance", None, _XMP) == "B"
    assert metadata.findtext(".//fx:ConformanceLevel", None, _XMP) == "EN 16931"
    assert metadata.findtext(".//fx:DocumentFileName", None, _XMP) == "factur-x.xml"
    schemas = metadata.findall(".//pdfaExtension:schemas", _XMP)
    assert len(schemas) == 1, "a property stands once"
    assert "urn:factur-x" in etree.tostring(schemas[0]).decode()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & descriptor.keys(), "a font is not embedded"


def test_a_document_without_xml_is_pdf_a_all_the_same() -> None:
    reader = _read(replace(INVOICE, kind="receipt"))
    assert "/AF" not in reader.trailer["/Root"]
    assert b"<pdfaid:part>3" in reader.trailer["/Root"]["/Metadata"].get_data()


@pytest.mark.parametrize("name", ["Achieng \U0001f600", "\U0001f9ff"])
def test_a_glyph_that_nobody_has_is_named(name: str) -> None:
    paper = replace(INVOICE, buyer=replace(BUYER, name=name))
    with pytest.raises(Unprintable, match=r"\(U\+1F[0-9A-F]{3}\) cannot be printed") as refused:
        pdf(paper, xml(paper))
    assert refused.value.character == name[-1]


def test_a_control_character_is_named() -> None:
    with pytest.raises(Unprintable, match=r"U\+0007"):
        pdf(replace(INVOICE, kind="receipt", buyer=replace(BUYER, name="Achieng\a")), b"")


def test_no_text_is_read_as_code() -> None:
    name = '#import "@preview/cetz:0.4.0" $x^2$ *bold* `raw` \\ "quoted"'
    assert name in " ".join(_text(replace(INVOICE, buyer=replace(BUYER, name=name))).split())
    template = (ROOT / "page.typ").read_text(encoding="utf-8")
    assert not {"#import", "#include", "@preview", "read(", "eval(", "plugin("} & set(template.split())
    assert "@" not in template


@pytest.mark.parametrize("name", ["王小明科技", "محمد بن عبد الله", "कृष्ण", "ሰላም", "김민준", "Ñandú Çelik", "Δημήτρης"])
def test_names_in_many_scripts_are_set(name: str) -> None:
    paper = replace(INVOICE, buyer=replace(BUYER, name=name), language="ar")
    assert pdf(paper, xml(paper)).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("language", every_language())
def test_every_language_has_every_word(language: str) -> None:
    words = every_language()[language]
    assert words.keys() == every_language()["en"].keys()
    assert words["direction"] == ("rtl" if language == "ar" else "ltr")
    assert all(word.strip() or key == "group" for key, word in words.items())
    assert _read(replace(INVOICE, language=language)).trailer["/Root"]["/Lang"] == language


def test_another_language_is_english() -> None:
    assert "Amount due" in _text(replace(INVOICE, language="fi"))


def test_forty_lines_and_long_names_are_all_there() -> None:
    lines = tuple(replace(HOME, number=number, description=f"Line {number} {'x' * 200}") for number in range(1, 41))
    paper = replace(INVOICE, lines=lines, seller=replace(SELLER, name="Wireless " * 20), look=Look(text="Welcome"))
    pages = _read(paper).pages
    texts = [page.extract_text() for page in pages]
    assert len(pages) > 3
    assert all("Description" in text for text in texts[:-1]), "the head of the table is on each page"
    assert [number for number in range(1, 41) if not any(f"Line {number} " in text for text in texts)] == []
    assert "".join(texts).replace("\n", "").replace("\u200b", "").count("x" * 200) == 40


@pytest.mark.parametrize(
    ("currency", "digits", "shown"), [("UGX", 0, "324,800 UGX"), ("KWD", 3, "324.800 KWD"), ("KES", 2, "3,248.00 KES")]
)
def test_amounts_have_all_digits_of_the_currency(currency: str, digits: int, shown: str) -> None:
    assert shown in _text(replace(INVOICE, currency=currency, digits=digits))


def test_each_kind_says_what_it_is() -> None:
    credit = _text(CREDIT_NOTE)
    assert "Credit note" in credit
    assert "INV-2026-00001, 2026-11-28" in credit
    assert "Cancelled on request" in credit
    assert "Amount due" not in credit
    assert "This is not an invoice." in _text(replace(INVOICE, kind="proforma", number=""))
    receipt = _text(replace(INVOICE, kind="receipt", note="M-Pesa QWE123"))
    assert "Amount received" in receipt
    assert "M-Pesa QWE123" in receipt
    assert "SAMPLE" in _text(replace(INVOICE, sample=True, number=""))


def test_why_there_is_no_tax_is_said() -> None:
    line = PaperLine(1, "Home", 1, 1000, 1, 1000, "AE", Decimal(0))
    paper = replace(
        INVOICE, lines=(line,), taxes=(TaxGroup("AE", Decimal(0), 1000, 0),), net=1000, tax=0, total=1000, due=1000
    )
    assert "AE: Reverse charge" in _text(paper)
    own = replace(paper, taxes=(TaxGroup("AE", Decimal(0), 1000, 0, "Article 196"),))
    assert "AE: Article 196" in _text(own)


def test_a_tax_authoritys_answer_is_printed() -> None:
    answer = FiscalAnswer("KRA eTIMS", "KRAMW00123", "A1B2C3", "https://etims.example/12345")
    text = _text(replace(INVOICE, fiscal=answer))
    assert all(each in text for each in ("KRA eTIMS", "KRAMW00123", "A1B2C3"))


def test_a_statement_of_account() -> None:
    entries = (StatementEntry(date(2026, 11, 2), "Payment M-Pesa", 25000, -75000),
               StatementEntry(date(2026, 11, 3), "Home 10 Mbit/s", -12500, -87500))  # fmt: skip
    paper = StatementPaper(
        SELLER, BUYER, date(2026, 11, 1), date(2026, 11, 30), "KES", 2, -100000, -87500, entries, "10010"
    )
    octets = statement_pdf(paper)
    assert octets == statement_pdf(paper)
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(octets)).pages)
    assert all(each in text for each in ("-1,000.00", "250.00", "-875.00 KES", "10010", "2026-11-03"))
