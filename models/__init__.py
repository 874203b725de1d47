"""What the provider's business consists of, as tables: every other part reads and writes these models.

Importing this package registers all tables on `Base.metadata`. It imports nothing else of the project.
"""

from models.access import IdempotencyKey, LoginFailure, RevokedToken
from models.accounting import Radacct, Radpostauth
from models.audit import AuditLog
from models.base import Base
from models.customers import Customer, Subscription, Topup
from models.devices import DeviceContact, MikrotikDevice
from models.outbox import Outbox
from models.plans import ServicePlan
from models.radius import Radcheck, Radgroupcheck, Radgroupreply, Radreply, Radusergroup
from models.spooling import Quarantined, SpoolProgress
from models.tenants import Isp
from models.usage import Usage, UsageDaily
from models.users import User

__all__ = [
    "AuditLog",
    "Base",
    "Customer",
    "DeviceContact",
    "IdempotencyKey",
    "Isp",
    "LoginFailure",
    "MikrotikDevice",
    "Outbox",
    "Quarantined",
    "Radacct",
    "Radcheck",
    "Radgroupcheck",
    "Radgroupreply",
    "Radpostauth",
    "Radreply",
    "Radusergroup",
    "RevokedToken",
    "ServicePlan",
    "SpoolProgress",
    "Subscription",
    "Topup",
    "Usage",
    "UsageDaily",
    "User",
]
