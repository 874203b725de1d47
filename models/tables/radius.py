"""FreeRADIUS' own five configuration tables, with the tenant and the customer added.

Rows with `origin = 'provisioned'` follow the business rows (models.radius.provisioning); all others are an operator's
own and are honoured and left alone. A row inserted by hand may leave out `customer_id`: a trigger finds it by name.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.tables.base import Base, Id, TenantKey, Yes

_ORIGIN = "origin in ('provisioned', 'operator')"


class _OfCustomer:
    """What the three per-user tables share."""

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    customer_id: Mapped[int | None]
    username: Mapped[str]
    #: False while the customer is suspended: to stock FreeRADIUS queries over these tables they no longer exist.
    is_active: Mapped[Yes]
    origin: Mapped[str] = mapped_column(server_default="operator")

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[object, ...]:
        return (
            ForeignKeyConstraint(["isp_id", "customer_id"], ["customers.isp_id", "customers.id"], ondelete="CASCADE"),
            CheckConstraint(_ORIGIN, name="origin_known"),
            Index(None, "isp_id", "customer_id"),
            Index(None, "isp_id", "username"),
        )


class _OfGroup:
    """What the two per-group tables share. A plan's group is `plan_<id>`."""

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    groupname: Mapped[str]
    is_active: Mapped[Yes]
    origin: Mapped[str] = mapped_column(server_default="operator")

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[object, ...]:
        return (CheckConstraint(_ORIGIN, name="origin_known"), Index(None, "isp_id", "groupname"))


class Radcheck(_OfCustomer, Base):
    """Credentials: `Cleartext-Password` (encrypted, or clear if an operator put it so), `NT-Password` or
    `Password-With-Header` (`{SSHA512}…`)."""

    __tablename__ = "radcheck"
    attribute: Mapped[str]
    op: Mapped[str] = mapped_column(server_default=":=")
    value: Mapped[str]


class Radreply(_OfCustomer, Base):
    """Reply attributes of one customer."""

    __tablename__ = "radreply"
    attribute: Mapped[str]
    op: Mapped[str] = mapped_column(server_default="=")
    value: Mapped[str]


class Radusergroup(_OfCustomer, Base):
    """Customer to plan group."""

    __tablename__ = "radusergroup"
    groupname: Mapped[str]
    priority: Mapped[int] = mapped_column(server_default=text("1"))


class Radgroupcheck(_OfGroup, Base):
    """Check items of a plan group."""

    __tablename__ = "radgroupcheck"
    attribute: Mapped[str]
    op: Mapped[str] = mapped_column(server_default=":=")
    value: Mapped[str]


class Radgroupreply(_OfGroup, Base):
    """Reply attributes of a plan group."""

    __tablename__ = "radgroupreply"
    attribute: Mapped[str]
    op: Mapped[str] = mapped_column(server_default="=")
    value: Mapped[str]
