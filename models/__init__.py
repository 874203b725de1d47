"""What the provider's business consists of, as tables: every other part reads and writes these models.

Importing this package registers all tables on `Base.metadata`. It imports nothing else of the project.
"""

from models.tables.accounting import Radacct, Radpostauth, SessionAlias
from models.tables.api_access import IdempotencyKey, LoginAddress, LoginFailure, RevokedToken
from models.tables.audit_log import AuditLog
from models.tables.base import Base
from models.tables.charges import Charge, ChargedPeriod
from models.tables.customers import BulkResult, BulkRun, Customer, Erasure
from models.tables.devices import DeviceAbility, DeviceContact, MikrotikDevice
from models.tables.documents import (
    Document,
    DocumentChain,
    DocumentFile,
    DocumentLine,
    DocumentTax,
    InvoiceRun,
    NumberSeries,
)
from models.tables.history import DetachedPartition, HistoryClock
from models.tables.isps import BillingSettings, Isp
from models.tables.ledger import BookVerification, LedgerAccount, LedgerCheckpoint, Transfer
from models.tables.mail import Mail, SmtpSettings
from models.tables.outbox import Outbox
from models.tables.payments import Drawer, Payment, Refund
from models.tables.plans import ServicePlan
from models.tables.radius import Radcheck, Radgroupcheck, Radgroupreply, Radreply, Radusergroup
from models.tables.spooling import Quarantined, SetAside, SpoolProgress
from models.tables.subscriptions import Subscription, Topup
from models.tables.usage import Usage, UsageDaily
from models.tables.usage_corrections import UsageCorrection
from models.tables.users import OperatorTotp, User

__all__ = [
    "AuditLog",
    "Base",
    "BillingSettings",
    "BookVerification",
    "BulkResult",
    "BulkRun",
    "Charge",
    "ChargedPeriod",
    "Customer",
    "DetachedPartition",
    "DeviceAbility",
    "DeviceContact",
    "Document",
    "DocumentChain",
    "DocumentFile",
    "DocumentLine",
    "DocumentTax",
    "Drawer",
    "Erasure",
    "HistoryClock",
    "IdempotencyKey",
    "InvoiceRun",
    "Isp",
    "LedgerAccount",
    "LedgerCheckpoint",
    "LoginAddress",
    "LoginFailure",
    "Mail",
    "MikrotikDevice",
    "NumberSeries",
    "OperatorTotp",
    "Outbox",
    "Payment",
    "Quarantined",
    "Radacct",
    "Radcheck",
    "Radgroupcheck",
    "Radgroupreply",
    "Radpostauth",
    "Radreply",
    "Radusergroup",
    "Refund",
    "RevokedToken",
    "ServicePlan",
    "SessionAlias",
    "SetAside",
    "SmtpSettings",
    "SpoolProgress",
    "Subscription",
    "Topup",
    "Transfer",
    "Usage",
    "UsageCorrection",
    "UsageDaily",
    "User",
]
