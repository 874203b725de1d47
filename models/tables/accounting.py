"""What the routers reported: sessions (`radacct`) and login results (`radpostauth`), both partitioned by month.

Column names are FreeRADIUS' own, so that existing reports read them. History has no foreign key to customers or
devices: it outlives both. Times are the server's; the router's clock is kept
as evidence, for most boards lose it with the power.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, DateTime, Identity, Index, Numeric, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, HistoryTenantKey, Octets


class Radacct(Base):
    """One session. `acctuniqueid` is a digest of tenant, device, Acct-Session-Id and the nonce in our Class."""

    __tablename__ = "radacct"
    __table_args__ = (
        Index("ix_radacct_open", "isp_id", "customer_id", postgresql_where=text("acctstoptime is null")),
        Index("ix_radacct_isp_id_customer_id_acctstarttime", "isp_id", "customer_id", "acctstarttime"),
        Index("ix_radacct_ended", "isp_id", "acctstoptime", postgresql_where=text("acctstoptime is not null")),
        CheckConstraint("acctinputoctets >= 0 and acctoutputoctets >= 0", name="octets_not_negative"),
        {"postgresql_partition_by": "RANGE (session_month)"},
    )

    isp_id: Mapped[HistoryTenantKey]
    acctuniqueid: Mapped[str] = mapped_column(primary_key=True, server_default=text("md5(gen_random_uuid()::text)"))
    #: First day (UTC) of the month the session's login fell in; the partition.
    session_month: Mapped[date] = mapped_column(
        Date, primary_key=True, server_default=text("(date_trunc('month', now() at time zone 'UTC'))::date")
    )
    radacctid: Mapped[int] = mapped_column(Identity())
    #: Null: the tenant has no such customer (any longer).
    customer_id: Mapped[int | None]
    device_id: Mapped[int | None]
    #: As sent by the router.
    acctsessionid: Mapped[str]
    username: Mapped[str | None]
    groupname: Mapped[str | None]
    realm: Mapped[str | None]
    #: The source address of its last news, to which requests about the session go.
    nasipaddress: Mapped[str | None] = mapped_column(INET)
    #: NAS-IP-Address or NAS-Identifier as sent: which of several routers behind one address, or of a network.
    router: Mapped[str | None]
    nasportid: Mapped[str | None]
    nasporttype: Mapped[str | None]
    acctstarttime: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    acctupdatetime: Mapped[datetime | None]
    acctstoptime: Mapped[datetime | None]
    acctinterval: Mapped[int | None]
    acctsessiontime: Mapped[int | None]
    acctauthentic: Mapped[str | None]
    connectinfo_start: Mapped[str | None]
    connectinfo_stop: Mapped[str | None]
    #: RFC 2866 view: Input = what the customer uploaded.
    acctinputoctets: Mapped[Octets]
    acctoutputoctets: Mapped[Octets]
    calledstationid: Mapped[str | None]
    callingstationid: Mapped[str | None]
    acctterminatecause: Mapped[str | None]
    servicetype: Mapped[str | None]
    framedprotocol: Mapped[str | None]
    framedipaddress: Mapped[str | None] = mapped_column(INET)
    framedipv6address: Mapped[str | None] = mapped_column(INET)
    framedipv6prefix: Mapped[str | None] = mapped_column(INET)
    framedinterfaceid: Mapped[str | None]
    delegatedipv6prefix: Mapped[str | None] = mapped_column(INET)
    class_: Mapped[str | None] = mapped_column("class")
    #: Event-Timestamp of the last packet: the router's clock, as evidence only.
    router_time: Mapped[datetime | None]
    #: Counters that no line can have carried (models.accounting.plausible), as last reported: not billed, shown.
    implausible_input: Mapped[Decimal | None] = mapped_column(Numeric(20, 0))
    implausible_output: Mapped[Decimal | None] = mapped_column(Numeric(20, 0))


class SessionAlias(Base):
    """Another identity of a session whose Class has changed within its life. Of no use once the session is over."""

    __tablename__ = "session_aliases"
    __table_args__ = (Index("ix_session_aliases_created_at", "created_at"),)

    isp_id: Mapped[HistoryTenantKey]
    alias: Mapped[str] = mapped_column(primary_key=True)
    #: The session's row.
    acctuniqueid: Mapped[str]
    session_month: Mapped[date] = mapped_column(Date)
    created_at: Mapped[Created]


#: As models.accounting.records has it.
_WRONG = "code = 'bad_password'"


class Radpostauth(Base):
    """One login result: who, from where, the code that decided; never a password."""

    __tablename__ = "radpostauth"
    __table_args__ = (
        Index("ix_radpostauth_isp_id_customer_id_authdate", "isp_id", "customer_id", "authdate"),
        Index("ix_radpostauth_isp_id_authdate", "isp_id", "authdate"),
        # Guesses are counted, beside a flood of refusals that are none.
        Index("ix_radpostauth_wrong_of_customer", "isp_id", "customer_id", "authdate", postgresql_where=text(_WRONG)),
        Index("ix_radpostauth_wrong", "isp_id", "authdate", postgresql_where=text(_WRONG)),
        {"postgresql_partition_by": "RANGE (authdate)"},
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    authdate: Mapped[datetime] = mapped_column(primary_key=True, server_default=text("now()"))
    #: UTF-8 where it is; otherwise (and for control characters) with `\\xNN` for each such byte.
    username: Mapped[str]
    customer_id: Mapped[int | None]
    device_id: Mapped[int | None]
    nasipaddress: Mapped[str | None] = mapped_column(INET)
    callingstationid: Mapped[str | None]
    #: `Access-Accept` or `Access-Reject`, as FreeRADIUS writes it.
    reply: Mapped[str]
    #: `accept`, or the refusal's code.
    code: Mapped[str]
    class_: Mapped[str | None] = mapped_column("class")
