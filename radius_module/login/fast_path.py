"""A login's short way: what the rules and the encoder said of a customer, kept for as long as it cannot change.

Nearly every login is of somebody who may come in, and gets what he got the last time. Whatever that was made of is
immutable and replaced as a whole (directory.py): while tenant, router, plan and customer are the same objects, and no
date of theirs has passed, only the octets used, the places taken and the seconds left differ, and these are looked at
each time. Whoever is not admitted here is not refused: the long way (login.py) asks every rule.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from models.accounting.session_id import make_class
from radius_module.directory.contents import Contents, Directory
from radius_module.fast_tuple import maker
from radius_module.online.table import OnlineTable
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.wire_line import Origin
from radius_module.replies import access_attributes, access_octets
from radius_module.replies.attribute import Pair, UnencodableAttribute
from radius_module.rules import decide
from radius_module.rules.facts import Customer, Deny, Device, Facts, Isp, Plan

_TIMEOUT = "Session-Timeout"
#: What differs from login to login.
_LIVING = frozenset((_TIMEOUT, *access_attributes.TOTAL, "Class"))
#: About 250 octets each; more customers than one node serves.
_KEPT = 500_000


class CachedGrant:
    """What one customer gets at one router, and what it follows from."""

    __slots__ = ("cap", "customer", "device", "expires_at", "fixed", "fixed_octets", "isp", "limit", "mac", "origin",
                 "period_start", "places", "plan", "since", "until")  # fmt: skip

    def __init__(
        self, origin: Origin, device: Device, isp: Isp, customer: Customer, plan: Plan | None, now: float
    ) -> None:
        self.origin, self.device, self.isp, self.customer, self.plan = origin, device, isp, customer, plan
        self.mac, self.expires_at = customer.mac, customer.expires_at
        self.period_start = customer.period_start(now)
        self.since = self.period_start if self.period_start != customer.period_starts[0] else -inf
        #: Epoch seconds at which it ends by itself: the next period or the expiry.
        self.until = min([customer.expires_at, *(start for start in customer.period_starts if start > now)])
        self.places = 1 if plan is None else plan.simultaneous_use
        #: Octets of the period, or None.
        self.limit: int | None = None
        #: The longest Session-Timeout, whatever is left until the expiry; seconds.
        self.cap = 0
        #: The attributes that are always the same; and as they travel, unless only FreeRADIUS can tell.
        self.fixed: tuple[Pair, ...] = ()
        self.fixed_octets: bytes | None = None


class FastAccept(NamedTuple):
    """Somebody comes in; his place is taken."""

    entitlement: CachedGrant
    session_timeout: int
    #: Octets that are left of the period, or None.
    left: int | None
    klass: bytes

    def pairs(self) -> tuple[Pair, ...]:
        """The attributes of his Access-Accept."""
        known, seconds, left, klass = self
        allowance = () if left is None else access_attributes.total_limit(left)
        return ((_TIMEOUT, ":=", str(seconds)), *allowance, *known.fixed, ("Class", ":=", "0x" + klass.hex()))

    def octets(self) -> bytes | None:
        """The same as they travel, or None."""
        fixed = self.entitlement.fixed_octets
        return None if fixed is None else access_octets.of_this_login(*self[1:]) + fixed


_admitted = maker(FastAccept)


class FastPath:
    """Those of the customers who logged in lately."""

    def __init__(self, directory: Directory, live: OnlineTable) -> None:
        self._directory, self._live = directory, live
        self._known: dict[int, CachedGrant] = {}
        #: A plan's customers share one of each.
        self._shared: dict[tuple[Pair, ...], tuple[tuple[Pair, ...], bytes | None]] = {}

    def admit(self, request: LoginRequest, customer: Customer, now: float) -> FastAccept | None:
        """Let a customer in whose password was right. None: the rules are to be asked."""
        origin, mac = request.origin, request.mac
        address, isp_id, _device_id = origin
        contents = self._directory.contents
        known = self._known.get(customer.id)
        if (
            known is None
            or known.customer is not customer
            or known.origin is not origin
            or not known.since <= now < known.until
            or contents.addresses.get(address) is not known.device
            or contents.isps.get(isp_id) is not known.isp
            or contents.plans.get(customer.plan_id) is not known.plan  # type: ignore[arg-type]  # None has no plan
        ):
            known = self._entitle(contents, origin, customer, now)
            if known is None:
                return None
        if known.mac and known.mac != mac:
            return None
        klass = make_class(now)
        limit = known.limit
        used = self._live.admit(customer.id, known.period_start, limit, known.places, mac, mac or klass.hex(), now)
        if used is None:
            return None
        seconds = known.expires_at - now
        timeout = known.cap if seconds >= known.cap else int(seconds) or 1
        made: FastAccept = _admitted((known, timeout, None if limit is None else limit - used, klass))
        return made

    def _entitle(self, contents: Contents, origin: Origin, customer: Customer, now: float) -> CachedGrant | None:
        """Ask the rules and the encoder about a login at which nothing is used and nobody else is there."""
        address, isp_id, device_id = origin
        device, isp = self._directory.device(address), contents.isps.get(isp_id)
        if device is None or isp is None or (device.id, device.isp_id) != (device_id, isp_id):
            return None
        plan = None if customer.plan_id is None else contents.plans.get(customer.plan_id)
        made = CachedGrant(origin, device, isp, customer, plan, now)
        forever = customer._replace(expires_at=inf)
        verdict = decide(Facts(now, device, isp, forever, plan, True, customer.mac, 0, ()))
        if isinstance(verdict, Deny) or now >= customer.expires_at:
            return None
        try:
            pairs = access_attributes.accept(verdict, b"")
        except UnencodableAttribute:
            return None
        made.limit, made.cap = verdict.allowance, verdict.session_timeout
        usual = access_attributes.accept(verdict._replace(extra=()), b"")
        if [pair for pair in pairs if pair[0] in _LIVING] != [pair for pair in usual if pair[0] in _LIVING]:
            # An operator's row has a say in what differs from login to login.
            return None
        fixed = tuple(pair for pair in pairs if pair[0] not in _LIVING)
        made.fixed, made.fixed_octets = self._shared.setdefault(fixed, (fixed, access_octets.same_for_all(verdict)))
        if len(self._known) >= _KEPT:
            self._known.clear()
            self._shared.clear()
        self._known[customer.id] = made
        return made
