"""A login's short way: what the rules and the encoder granted a customer, cached for as long as it cannot change.

Nearly every login is accepted, and gets what the customer got the last time. Whatever that follows from is immutable
and replaced as a whole (directory/contents.py): while tenant, device, plan and customer are the same objects, and no
date of theirs has passed, only the octets used, the slots taken and the seconds left differ, and these are looked at
each time. A login that is not accepted here is not refused either: the long way (login.py) asks every rule.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from models.accounting.session_id import make_class
from radius_module.directory.contents import Contents, Directory
from radius_module.fast_tuple import maker
from radius_module.online.hours import hour_of
from radius_module.online.slot import new_slot, own_slot
from radius_module.online.table import OnlineTable
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.wire_line import Origin
from radius_module.replies import access_attributes, access_octets
from radius_module.replies.attribute import Pair, UnencodableAttribute
from radius_module.rules import decide
from radius_module.rules.facts import Customer, Deny, Device, Facts, Isp, Plan

_TIMEOUT = "Session-Timeout"
#: What differs from login to login.
_OF_THIS_LOGIN = frozenset((_TIMEOUT, *access_attributes.TOTAL, "Class"))
#: About 250 octets each; more customers than one node serves.
_MOST = 500_000


class CachedGrant:
    """What one customer gets at one device, and what it follows from."""

    __slots__ = ("cap", "customer", "device", "expires_at", "fixed", "fixed_octets", "hour", "interval", "isp", "limit",
                 "mac", "origin", "period_start", "plan", "since", "slots", "station", "until")  # fmt: skip

    def __init__(
        self, origin: Origin, device: Device, isp: Isp, customer: Customer, plan: Plan | None, now: float
    ) -> None:
        self.origin, self.device, self.isp, self.customer, self.plan = origin, device, isp, customer, plan
        self.mac, self.expires_at = customer.mac, customer.expires_at
        self.period_start = customer.period_start(now)
        self.hour, since, until = hour_of(plan, isp, now)
        self.since = max(since, self.period_start if self.period_start != customer.period_starts[0] else -inf)
        #: Epoch seconds at which it ends by itself: the next period, the expiry, or the next of the plan's hours.
        self.until = min([customer.expires_at, until, *(start for start in customer.period_starts if start > now)])
        self.slots = 1 if plan is None else plan.simultaneous_use
        #: Whence the last login came that is remembered (radius_module.guesses).
        self.station = ""
        #: Octets of the period, or None.
        self.limit: int | None = None
        #: Acct-Interim-Interval, seconds.
        self.interval = 0
        #: The longest Session-Timeout, whatever is left until the expiry; seconds.
        self.cap = 0
        #: The attributes that are always the same; and as they travel, unless only FreeRADIUS can tell.
        self.fixed: tuple[Pair, ...] = ()
        self.fixed_octets: bytes | None = None


class FastAccept(NamedTuple):
    """An accepted login; its slot is taken."""

    grant: CachedGrant
    session_timeout: int
    #: Octets that are left of the period, or None.
    left: int | None
    klass: bytes

    def pairs(self) -> tuple[Pair, ...]:
        """The attributes of the Access-Accept."""
        grant, seconds, left, klass = self
        allowance = () if left is None else access_attributes.total_limit(left)
        return ((_TIMEOUT, ":=", str(seconds)), *allowance, *grant.fixed, ("Class", ":=", "0x" + klass.hex()))

    def octets(self) -> bytes | None:
        """The same as they travel, or None."""
        grant, seconds, left, klass = self
        fixed = grant.fixed_octets
        return None if fixed is None else access_octets.of_this_login(seconds, left, klass) + fixed


_fast_accept = maker(FastAccept)


class FastPath:
    """The grants of the customers who logged in lately."""

    def __init__(self, directory: Directory, online: OnlineTable) -> None:
        self._directory, self._online = directory, online
        self._grants: dict[int, CachedGrant] = {}
        #: A plan's customers share one of each.
        self._shared: dict[tuple[Pair, ...], tuple[tuple[Pair, ...], bytes | None]] = {}

    def accept(self, request: LoginRequest, customer: Customer, now: float) -> FastAccept | None:
        """Accept a customer whose password was right. None: the rules are to be asked."""
        origin, mac = request.origin, request.mac
        address, isp_id, device_id = origin
        contents = self._directory.contents
        grant = self._grants.get(customer.id)
        if (
            grant is None
            or grant.customer is not customer
            or grant.origin is not origin
            or not grant.since <= now < grant.until
            or contents.addresses.device(address) is not grant.device
            or contents.isps.get(isp_id) is not grant.isp
            or contents.plans.get(customer.plan_id) is not grant.plan  # type: ignore[arg-type]  # None has no plan
        ):
            grant = self._ask_rules(contents, origin, customer, now)
            if grant is None:
                return None
        if grant.mac and grant.mac != mac:
            return None
        klass = make_class(now, customer.id, grant.interval)
        limit = grant.limit
        own = own_slot(mac, device_id)
        key = own or new_slot(mac, device_id, klass)
        used = self._online.admit(customer.id, grant.period_start, limit, grant.slots, own, key, now)
        if used is None:
            return None
        seconds = grant.expires_at - now
        timeout = grant.cap if seconds >= grant.cap else int(seconds) or 1
        accept: FastAccept = _fast_accept((grant, timeout, None if limit is None else limit - used, klass))
        return accept

    def _ask_rules(self, contents: Contents, origin: Origin, customer: Customer, now: float) -> CachedGrant | None:
        """What the rules and the encoder grant where nothing is used and no slot is taken.

        A login that begins the first period ends what it was granted by: the next one is judged by another customer.
        """
        address, isp_id, device_id = origin
        device, isp = self._directory.device(address), contents.isps.get(isp_id)
        if device is None or isp is None or (device.id, device.isp_id) != (device_id, isp_id):
            return None
        plan = None if customer.plan_id is None else contents.plans.get(customer.plan_id)
        # What is left of a time budget is another one at each login.
        if customer.not_started or (plan is not None and plan.time_limit is not None):
            return None
        grant = CachedGrant(origin, device, isp, customer, plan, now)
        forever = customer._replace(expires_at=inf)
        verdict = decide(Facts(now, device, isp, forever, plan, True, customer.mac, 0, (), hour=grant.hour))
        if isinstance(verdict, Deny) or now >= customer.expires_at:
            return None
        try:
            pairs = access_attributes.accept(verdict, b"")
        except UnencodableAttribute:
            return None
        grant.limit, grant.cap = verdict.allowance, verdict.session_timeout
        grant.interval = access_attributes.interval_of(verdict)
        usual = access_attributes.accept(verdict._replace(extra=()), b"")
        if _of_this_login(pairs) != _of_this_login(usual):
            # An operator's row has a say in what differs from login to login.
            return None
        fixed = tuple(pair for pair in pairs if pair[0] not in _OF_THIS_LOGIN)
        shared = self._shared.get(fixed)
        if shared is None:
            octets = access_octets.of_pairs(fixed) if verdict.extra else access_octets.same_for_all(verdict)
            shared = self._shared[fixed] = fixed, octets
        grant.fixed, grant.fixed_octets = shared
        if len(self._grants) >= _MOST:
            self._grants.clear()
            self._shared.clear()
        self._grants[customer.id] = grant
        return grant


def _of_this_login(pairs: tuple[Pair, ...]) -> list[Pair]:
    return [pair for pair in pairs if pair[0] in _OF_THIS_LOGIN]
