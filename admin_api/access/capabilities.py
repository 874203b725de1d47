"""What each role may do: one table, so that a role need not be a little more or a little less than another."""

from __future__ import annotations

from models.tables.users import ROLES

#: capability → the roles that have it. The first four carry the name of the role that is the reason for them.
CAPABILITIES: dict[str, frozenset[str]] = {
    # Reads what the tenant has.
    "viewer": frozenset(ROLES),
    # Customers, their sessions and their periods.
    "staff": frozenset({"superadmin", "admin", "staff"}),
    # Plans, devices, operators, billing settings.
    "admin": frozenset({"superadmin", "admin"}),
    # The installation and its tenants.
    "superadmin": frozenset({"superadmin"}),
    # Takes payments, gives receipts, counts the drawer.
    "payments": frozenset({"superadmin", "admin", "staff", "cashier"}),
    # Charges customers and changes what they buy.
    "charges": frozenset({"superadmin", "admin", "staff"}),
    # Takes back charges and payments, gives money back, assigns what nobody knew.
    "refunds": frozenset({"superadmin", "admin"}),
}
#: An API key has these only if its tenant says so.
OF_MONEY = frozenset({"payments", "charges", "refunds"})


def of_role(role: str) -> frozenset[str]:
    """Everything that a role may do."""
    return frozenset(capability for capability, roles in CAPABILITIES.items() if role in roles)
