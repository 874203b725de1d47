"""What customers owe for what: charges, and the instants that a period charge is for."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, HistoryTenantKey, Id, No

CHARGE_KINDS = ("period", "topup", "fee", "addon", "late_fee", "adjustment")


class Charge(Base):
    """One line that a customer owes (or, below zero, is owed), in minor units. Never changed: it is reversed.

    A period given away is a charge and its reversal, both `given`; those two move no money and stand in no ledger.
    """

    __tablename__ = "charges"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "reverses"], ["charges.isp_id", "charges.id"]),
        UniqueConstraint("isp_id", "reverses"),
        Index("ix_charges_isp_id_customer_id", "isp_id", "customer_id", "id"),
        Index("ix_charges_isp_id_effective_on", "isp_id", "effective_on"),
        Index("ix_charges_isp_id_subscription_id", "isp_id", "subscription_id"),
        CheckConstraint(f"kind in {CHARGE_KINDS}", name="kind_known"),
        CheckConstraint("(kind = 'period') = (during is not null)", name="during_where_period"),
        CheckConstraint("not isempty(during)", name="during_not_empty"),
        CheckConstraint("sign(net) * sign(tax) >= 0", name="tax_follows_net"),
        CheckConstraint("tax_rate >= 0", name="tax_rate_not_negative"),
        CheckConstraint("quantity <> 0", name="quantity_not_zero"),
        CheckConstraint("not given or reason is not null", name="given_with_reason"),
        CheckConstraint("reverses is null or reason is not null", name="reversed_with_reason"),
        CheckConstraint("reverses <> id", name="reverses_another"),
        CheckConstraint("0 <= days_from and days_from < days_until", name="days_in_order"),
        CheckConstraint("num_nulls(days_from, days_until, days_whole) in (0, 3)", name="days_together"),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    customer_id: Mapped[int]
    kind: Mapped[str]
    during: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE)
    description: Mapped[str]
    quantity: Mapped[int] = mapped_column(server_default=text("1"))
    #: Of the whole period where it is for a part of one; with tax where the tenant's prices hold it.
    unit_price: Mapped[int]
    net: Mapped[int]
    tax: Mapped[int]
    #: UNCL5305, as EN 16931 has it: `S` standard, `Z` zero, `E` exempt, `O` outside.
    tax_category: Mapped[str]
    #: Percent.
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(6, 3))
    #: Whether `unit_price` holds the tax.
    tax_inclusive: Mapped[No]
    #: Of a part of a period: the local days `days_from` to `days_until` (exclusive) of `days_whole`.
    days_from: Mapped[int | None]
    days_until: Mapped[int | None]
    days_whole: Mapped[int | None]
    subscription_id: Mapped[int | None]
    topup_id: Mapped[int | None]
    service_plan_id: Mapped[int | None]
    given: Mapped[No]
    reason: Mapped[str | None]
    reverses: Mapped[int | None]
    #: The tenant's local day on which it counts.
    effective_on: Mapped[date]
    actor: Mapped[str]
    created_at: Mapped[Created]

    @property
    def total(self) -> int:
        """What the customer owes for it."""
        return self.net + self.tax


class ChargedPeriod(Base):
    """A period charge in force: no instant of a customer's service is charged twice. Gone with its reversal."""

    __tablename__ = "charged_periods"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "charge_id"], ["charges.isp_id", "charges.id"]),
        ExcludeConstraint(
            ("isp_id", "="), ("customer_id", "="), ("during", "&&"), name="no_instant_charged_twice", using="gist"
        ),
    )

    isp_id: Mapped[HistoryTenantKey]
    charge_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
