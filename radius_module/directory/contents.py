"""All that a login needs to know, in memory: tenants, devices, plans, customers.

Entries are immutable and replaced, never edited. A reader asks one `Contents` and waits for nobody; one thread
(radius_module.directory.watch) replaces entries, plans before the customers on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network

from models.names import login_name, second_name
from radius_module.directory.addresses import Addresses, Network
from radius_module.rules.facts import Customer, Device, Isp, Plan
from radius_module.steady_clock import steady_now

_MOST_FIRST_LOGINS = 100_000


@dataclass
class Contents:
    """The facts. Ids are unique in the installation, names in their tenant only."""

    isps: dict[int, Isp] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)
    devices: dict[int, tuple[Network, Device]] = field(default_factory=dict)
    customers: dict[int, Customer] = field(default_factory=dict)
    #: tenant → login name → customer.
    names: dict[int, dict[str, Customer]] = field(default_factory=dict)
    #: (tenant, login name) → ids of several customers with that name (docs/decisions/0071).
    twins: dict[tuple[int, str], set[int]] = field(default_factory=dict)
    #: The same devices by their addresses.
    addresses: Addresses = field(default_factory=Addresses)

    def put_customer(self, customer: Customer) -> None:
        """Add or replace; a customer who was renamed is no longer found by the old name."""
        customer_id, isp_id, username = customer[:3]
        before = self.customers.get(customer_id)
        self.customers[customer_id] = customer
        names = self.names.get(isp_id)
        if names is None:
            names = self.names[isp_id] = {}
        key = login_name(username)
        if key == username:
            # The same text, not another one like it: 70 MB for a million customers.
            key = username
        holder = names.get(key)
        if holder is not None and holder.id != customer_id:
            self.twins.setdefault((isp_id, key), set()).update((holder.id, customer_id))
        else:
            names[key] = customer
        if self.twins and (isp_id, key) in self.twins:
            self._name_twins(isp_id, key)
        if before is not None and before.username != username:
            self._drop_names(before, {key, username})

    def drop_customer(self, customer_id: int) -> None:
        """Remove, if known."""
        customer = self.customers.pop(customer_id, None)
        if customer is not None:
            self._drop_names(customer, set())

    def _drop_names(self, customer: Customer, kept: set[str]) -> None:
        names, key = self.names[customer.isp_id], login_name(customer.username)
        for name in {key, customer.username} - kept:
            if (holder := names.get(name)) is not None and holder.id == customer.id:
                del names[name]
        if (customer.isp_id, key) in self.twins:
            self._name_twins(customer.isp_id, key)

    def _name_twins(self, isp_id: int, key: str) -> None:
        """Names that were told apart before they had one key: the spelling finds each of them, the key the oldest."""
        present = sorted(
            twin for twin_id in self.twins[isp_id, key]
            if (twin := self.customers.get(twin_id)) is not None and login_name(twin.username) == key
        )  # fmt: skip
        if len(present) < 2:
            del self.twins[isp_id, key]
        names = self.names[isp_id]
        for name, twin in [*((key, twin) for twin in present[:1]), *((twin.username, twin) for twin in present)]:
            names[name] = twin

    def put_device(self, network: str, device: Device) -> None:
        """Add or replace a device."""
        holds = ip_network(network)
        before = self.devices.get(device.id)
        self.devices[device.id] = (holds, device)
        self.addresses.put(holds, device)
        if before is not None and before[0] != holds:
            self.addresses.drop(before[0], device.id)

    def drop_device(self, device_id: int) -> None:
        """Remove, if known."""
        before = self.devices.pop(device_id, None)
        if before is not None:
            self.addresses.drop(before[0], device_id)


class FirstLogins:
    """When the periods of customers began who had not started: for the time until the books have said so.

    That is a second, and as long as the database is away: a day that was bought is over after a day even then.
    """

    def __init__(self) -> None:
        self._moments: dict[int, float] = {}

    def of(self, customer_id: int, now: float) -> float:
        """The moment; `now` where this login would be the first."""
        return self._moments.get(customer_id, now)

    def note(self, customer_id: int, now: float) -> None:
        """An accepted login. About 100 octets each; the oldest go, whom the books have by then."""
        if len(self._moments) >= _MOST_FIRST_LOGINS:
            del self._moments[next(iter(self._moments))]
        self._moments.setdefault(customer_id, now)


class Directory:
    """What the packet path asks. Replaced whole by a reload, entry by entry by news."""

    def __init__(self) -> None:
        self.contents = Contents()
        self.first_logins = FirstLogins()
        #: When the facts were last known to be the database's, by the steady clock; 0: never.
        self.confirmed_at = 0.0
        self.loads = 0

    def isp(self, isp_id: int) -> Isp | None:
        """The tenant."""
        return self.contents.isps.get(isp_id)

    def isps(self) -> Iterator[Isp]:
        """All tenants, the oldest first."""
        return iter(sorted(self.contents.isps.values()))

    def plan(self, plan_id: int | None) -> Plan | None:
        """The plan; None also for a customer without one."""
        return None if plan_id is None else self.contents.plans.get(plan_id)

    def customer(self, isp_id: int, username: bytes) -> Customer | None:
        """The tenant's customer of that name, case and notation of a MAC apart; bytes that are no UTF-8 name nobody."""
        names = self.contents.names.get(isp_id)
        if names is None:
            return None
        try:
            name = username.decode()
        except UnicodeDecodeError:
            return None
        # Most write it as we do. A name of ours has no NUL in it, so one with a NUL is not found in either way.
        customer = names.get(name) or names.get(login_name(name))
        if customer is None and (second := second_name(name)) is not None:
            return names.get(second)
        return customer

    def device(self, address: str) -> Device | None:
        """The device whose address or network a packet came from."""
        return self.contents.addresses.device(address)

    def age(self, now: float | None = None) -> float:
        """Seconds since the facts were last known to be the database's."""
        return (steady_now() if now is None else now) - self.confirmed_at

    def replace(self, contents: Contents) -> None:
        """A reload."""
        self.contents = contents
        self.loads += 1
