"""The ledger: accounts, and one row for each transfer between two of them.

Nothing here refers to `isps` or `customers` by a foreign key: books outlive those whom they are about.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, HistoryTenantKey, Id

#: Kinds whose balance is kept in the row: what a customer or agent may do depends on it.
KEPT = ("customer", "deposit", "agent")
#: A tenant's own kinds: summed when asked for, so that no payment waits for another.
SUMMED = (
    "clearing", "drawer", "revenue", "tax", "voucher_liability", "suspense", "write_off", "rounding", "commission",
)  # fmt: skip


class LedgerAccount(Base):
    """One account. `credit` is what the tenant owes its holder; below zero, what the holder owes.

    `credit` and `seq` (the number of the account's transfers) are moved by a trigger of `transfers` alone.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("isp_id", "code"),
        Index("ix_ledger_accounts_isp_id_customer_id", "isp_id", "customer_id"),
        CheckConstraint(f"kind in {KEPT + SUMMED}", name="kind_known"),
        CheckConstraint(
            f"(kind in {KEPT}) = (credit is not null) and (credit is null) = (seq is null)", name="credit_where_kept"
        ),
        CheckConstraint("credit >= floor", name="credit_not_below_floor"),
        CheckConstraint("floor is null or credit is not null", name="floor_where_kept"),
        CheckConstraint("(kind = 'customer') = (customer_id is not null)", name="customer_where_customers"),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    kind: Mapped[str]
    #: `customer:12`, `clearing:bank`, `drawer:3`, `revenue`, `tax:S:16000`.
    code: Mapped[str]
    customer_id: Mapped[int | None]
    credit: Mapped[int | None]
    seq: Mapped[int | None]
    floor: Mapped[int | None]
    created_at: Mapped[Created]


class Transfer(Base):
    """`amount` minor units go from one account to another. Never changed, never removed: a mistake is reversed."""

    __tablename__ = "transfers"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "from_account"], ["ledger_accounts.isp_id", "ledger_accounts.id"]),
        ForeignKeyConstraint(["isp_id", "to_account"], ["ledger_accounts.isp_id", "ledger_accounts.id"]),
        ForeignKeyConstraint(["isp_id", "reverses"], ["transfers.isp_id", "transfers.id"]),
        UniqueConstraint("isp_id", "key"),
        UniqueConstraint("isp_id", "reverses"),
        Index("ix_transfers_isp_id_from_account", "isp_id", "from_account", "id"),
        Index("ix_transfers_isp_id_to_account", "isp_id", "to_account", "id"),
        Index("ix_transfers_isp_id_cause_cause_id", "isp_id", "cause", "cause_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("from_account <> to_account", name="two_accounts"),
        CheckConstraint("length(key) between 1 and 200", name="key_length"),
        CheckConstraint("reverses <> id", name="reverses_another"),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    from_account: Mapped[int]
    to_account: Mapped[int]
    amount: Mapped[int]
    #: What it is about: `charge`, `payment`, `refund`, `drawer`, `assignment`; `cause_id` is that row's id.
    cause: Mapped[str]
    cause_id: Mapped[int]
    #: The same key is the same transfer, for ever.
    key: Mapped[str]
    #: The tenant's local day on which it counts.
    effective_on: Mapped[date]
    reverses: Mapped[int | None]
    actor: Mapped[str]
    created_at: Mapped[Created]


class LedgerCheckpoint(Base):
    """The balance of a summed account up to and including transfer `through_id`, so that sums stay short."""

    __tablename__ = "ledger_checkpoints"
    __table_args__ = (ForeignKeyConstraint(["isp_id", "account_id"], ["ledger_accounts.isp_id", "ledger_accounts.id"]),)

    isp_id: Mapped[HistoryTenantKey]
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    through_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    balance: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class BookVerification(Base):
    """One proof of all books by the worker. `findings`: of each rule that is broken, the first row that breaks it.

    No tenant's: it looks at the books of all of them.
    """

    __tablename__ = "book_verifications"

    id: Mapped[Id]
    verified_at: Mapped[Created]
    took_ms: Mapped[int]
    #: How many rules there were.
    rules: Mapped[int]
    findings: Mapped[list[Any]] = mapped_column(JSONB)
