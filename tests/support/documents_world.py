"""A tenant that invoices, for tests of documents: what is issued, corrected and proved."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import BillingSettings, Document, DocumentLine, DocumentTax
from models.money import billing_settings, charges
from models.money.charges import Billing, Line
from models.money.documents import corrections, invoices
from tests.support.money_world import MoneyWorld

SELLER = {
    "name": "Net Ltd", "address": "1 Tower Road", "city": "Nairobi", "postcode": "00100", "country": "KE",
    "tax_id": "P051234567X", "iban": "DE89370400440532013000",
}  # fmt: skip


class DocumentsWorld(MoneyWorld):
    """It issues by hand unless told; 19 % on top, due after 7 days."""

    def __init__(self, session: Session, **settings: Any) -> None:
        usual = {"seller": SELLER, "tax_rate": Decimal(19), "tax_name": "VAT", "invoicing": "monthly", "due_days": 7}
        super().__init__(session, **(usual | {"invoicing_since": date(2020, 1, 1)} | settings))

    @property
    def settings(self) -> BillingSettings:
        return self.session.get_one(BillingSettings, self.isp.id)

    def change_settings(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.settings, name, value)
        self.session.flush()

    def charge_at(
        self, amount: int, percent: str, *, inclusive: bool = False, category: str = "S", **fields: Any
    ) -> int:
        """A charge at another rate than the usual one."""
        tax = billing_settings.Tax(category, Decimal(percent), inclusive=inclusive)
        line = Line("fee", "A fee", amount)
        return charges.charge(self.session, Billing(self.isp, tax, self.now), self.customer.id, line).id

    def issue(self) -> list[Document]:
        """Documents for all that waits of the customer."""
        ids = invoices.issue_waiting(self.session, self.isp, self.settings, [self.customer.id], self.now)
        return [self.session.get_one(Document, (self.isp.id, identity)) for identity in ids]

    def credit_amount(self, document: Document, amount: int) -> Document:
        return corrections.credit_amount(self.session, self.isp, document, amount, "sorry", self.now)

    def credit_lines(self, document: Document, *numbers: int) -> Document:
        return corrections.credit_lines(self.session, self.isp, document, numbers, "sorry", self.now)

    def lines(self, document: Document) -> list[DocumentLine]:
        wanted = select(DocumentLine).where(DocumentLine.isp_id == self.isp.id, DocumentLine.document_id == document.id)
        return list(self.session.scalars(wanted.order_by(DocumentLine.line)))

    def taxes(self, document: Document) -> dict[tuple[str, Decimal], tuple[int, int]]:
        wanted = select(DocumentTax).where(DocumentTax.isp_id == self.isp.id, DocumentTax.document_id == document.id)
        return {(row.tax_category, row.tax_rate): (row.base, row.tax) for row in self.session.scalars(wanted)}
