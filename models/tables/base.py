"""The declarative base, the one naming convention for constraints, and the column types that recur.

`isp_id` stands first in every primary, unique and foreign key of a tenant's table.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, MetaData, Numeric, Text, text
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Root of all models."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {str: Text, datetime: DateTime(timezone=True), int: BigInteger}


#: Unique in the installation (one sequence a table), never numbered per tenant.
Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
#: The tenant, part of the primary key.
TenantKey = Annotated[int, mapped_column(BigInteger, ForeignKey("isps.id"), primary_key=True)]
#: The tenant in tables of history, which take thousands of rows a second: part of the key, without the
#: foreign key whose check would lock the tenant's row for each of them.
HistoryTenantKey = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]
Created = Annotated[datetime, mapped_column(server_default=text("now()"))]
Updated = Annotated[datetime, mapped_column(server_default=text("now()"))]
#: Octets; 64 bits, never negative (a CHECK beside each says so).
Octets = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]
#: Mbit/s, 10^6 bit/s, to one kbit/s.
Mbps = Annotated[Decimal, mapped_column(Numeric(10, 3))]
Yes = Annotated[bool, mapped_column(server_default=text("true"))]
No = Annotated[bool, mapped_column(server_default=text("false"))]
