"""Everything that a document's page and its XML show: plain values, nothing of the database.

Amounts are whole minor units of `currency`, which has `digits` digits after the point. The BT and BG numbers are those
of EN 16931-1. A credit note's amounts are above zero, as an invoice's are: its kind says which way they go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Kind = Literal["invoice", "credit_note", "receipt", "proforma"]


@dataclass(frozen=True)
class Party:
    """Seller (BG-4) or buyer (BG-7). Empty text: not known."""

    #: BT-27, BT-44.
    name: str
    #: BT-35, BT-50; further lines are BT-36 and BT-162, BT-51 and BT-163.
    street: str = ""
    city: str = ""
    postcode: str = ""
    #: BT-40, BT-55: ISO 3166-1 alpha-2.
    country: str = ""
    #: BT-31, BT-48: with its country's prefix.
    vat_id: str = ""
    #: BT-32 of the seller (a tax registration); of the buyer BT-47.
    tax_id: str = ""
    #: BT-43, BT-58.
    email: str = ""
    #: BT-42, BT-57.
    phone: str = ""
    #: BT-46: the number under which the seller knows the buyer.
    number: str = ""


@dataclass(frozen=True)
class PaperLine:
    """One line (BG-25): `net` = `quantity` x `unit_price` / `price_quantity`, exactly."""

    #: BT-126: 1, 2, ...
    number: int
    #: BT-153; the first line is the name, what follows it BT-154.
    description: str
    #: BT-129. Below zero where the line deducts: a price never is (BR-27).
    quantity: int
    #: BT-146, net.
    unit_price: int
    #: BT-149: `unit_price` buys so many. Above 1 where net and quantity have no common price in minor units.
    price_quantity: int
    #: BT-131.
    net: int
    #: BT-151: UNCL5305.
    category: str
    #: BT-152, percent.
    rate: Decimal
    #: BT-134 and BT-135: the first and the last day, both included.
    period: tuple[date, date] | None = None
    #: BT-130: UN/ECE Recommendation 20.
    unit: str = "C62"


@dataclass(frozen=True)
class TaxGroup:
    """The tax of one category and rate (BG-23); a document has each once."""

    #: BT-118.
    category: str
    #: BT-119, percent.
    rate: Decimal
    #: BT-116: what the lines of this category and rate sum to.
    base: int
    #: BT-117.
    tax: int
    #: BT-120: why there is none (categories E, AE, K, G, O).
    exemption_reason: str = ""


@dataclass(frozen=True)
class Corrected:
    """The document that a credit note corrects (BG-3)."""

    #: BT-25.
    number: str
    #: BT-26.
    issued_on: date


@dataclass(frozen=True)
class FiscalAnswer:
    """What a tax authority has answered about the document; printed as it is."""

    #: Which authority's system.
    authority: str
    control_number: str
    signature: str = ""
    #: The text of the QR code that has to be printed.
    qr: str = ""


@dataclass(frozen=True)
class Look:
    """What a tenant chooses about its pages: never template code."""

    #: PNG or JPEG; empty: none.
    logo: bytes = b""
    #: `#rrggbb`.
    colour: str = "#1f4e79"
    #: Above the lines, and at the foot of the last page.
    text: str = ""
    footer: str = ""


@dataclass(frozen=True)
class Paper:
    """A document. `net` = sum of lines, `total` = `net` + `tax`, `due` = `total` + `rounding` - `prepaid`."""

    #: BT-3: invoice 380, credit note 381. Receipts and proformas have no XML.
    kind: Kind
    #: BT-1; empty: a proforma or a sample, which have none.
    number: str
    #: BT-2, the seller's local day.
    issued_on: date
    seller: Party
    buyer: Party
    #: BT-5, ISO 4217.
    currency: str
    digits: int
    lines: tuple[PaperLine, ...]
    taxes: tuple[TaxGroup, ...]
    #: BT-106 and BT-109.
    net: int
    #: BT-110.
    tax: int
    #: BT-112.
    total: int
    #: BT-114: what the charges, each of which has its own tax, sum to, less `total`; mostly 0.
    rounding: int
    #: BT-113: paid before it was issued.
    prepaid: int
    #: BT-115.
    due: int
    #: Tax was taken out of prices that hold it: of each rate `tax` = (base + tax) x rate / (100 + rate), half up.
    #: Otherwise `tax` = base x rate / 100, half up.
    prices_include_tax: bool = False
    #: BT-9.
    due_on: date | None = None
    #: BT-73 and BT-74: the first and the last day of what was supplied.
    supply: tuple[date, date] | None = None
    #: BT-83: what the customer writes on the payment.
    payment_reference: str = ""
    #: BT-84, without blanks; BT-86.
    iban: str = ""
    bic: str = ""
    #: What the tax is called on the page: VAT, TVA, IVA.
    tax_name: str = ""
    #: Two letters: the language of the page's own words.
    language: str = "en"
    #: BG-3, credit notes only.
    corrects: Corrected | None = None
    #: BT-22: why a credit note was written, or how a receipt's money came.
    note: str = ""
    fiscal: FiscalAnswer | None = None
    look: Look = Look()
    #: A sample is marked as one on every page.
    sample: bool = False


@dataclass(frozen=True)
class StatementEntry:
    """What moved a customer's account on a day; `amount` is added to the credit, `balance` is the credit after it."""

    on: date
    description: str
    amount: int
    balance: int


@dataclass(frozen=True)
class StatementPaper:
    """A statement of account. Above zero is the customer's money, below zero is owed."""

    seller: Party
    buyer: Party
    since: date
    until: date
    currency: str
    digits: int
    opening: int
    closing: int
    entries: tuple[StatementEntry, ...]
    payment_reference: str = ""
    iban: str = ""
    bic: str = ""
    language: str = "en"
    look: Look = Look()
