"""What a login is judged by: plain values, immutable. The directory holds them, the rules read them.

Times are epoch seconds, sizes octets, names as the field has them.
"""

from __future__ import annotations

from typing import NamedTuple


class Isp(NamedTuple):
    """A tenant."""

    id: int
    active: bool
    timezone: str
    #: How old the facts may be that its logins are served from, seconds.
    max_stale: float


class Device(NamedTuple):
    """A device (NAS). `secret` is as stored: encrypted."""

    id: int
    isp_id: int
    active: bool
    secret: str
    require_message_authenticator: bool
    octets_reversed: bool


class Attribute(NamedTuple):
    """A reply attribute that an operator wrote."""

    name: str
    #: As FreeRADIUS means it: `=` unless there is one, `:=` instead of what there is, `+=` besides.
    op: str
    value: str


class Plan(NamedTuple):
    """A service plan; a limit that is None does not exist. Rates are `Mikrotik-Rate-Limit`."""

    id: int
    isp_id: int
    rate: str | None
    throttled_rate: str | None
    data_limit: int | None
    session_timeout: int | None
    idle_timeout: int | None
    simultaneous_use: int
    replaces_oldest: bool
    throttles: bool
    address_pool: str | None
    #: Windows of local time, as models.timetable takes them: (minutes from, to, days as bits, rate, counts).
    windows: tuple[tuple[int, int, int, str | None, bool], ...]
    #: Seconds online of a period.
    time_limit: int | None
    #: Length of a period, (days, months): of one that begins with the first login the end is not known before.
    validity: tuple[int | None, int | None]
    extra: tuple[Attribute, ...]


class Customer(NamedTuple):
    """A customer with all that a login needs. `credential` is the stored value of the radcheck row."""

    id: int
    isp_id: int
    username: str
    status: str
    expires_at: float
    plan_id: int | None
    static_ip: str | None
    mac: str
    credential_attribute: str | None
    credential: str | None
    #: Sessions that began before are somebody else's who had the name.
    created_at: float
    #: Start of the period that runs since the facts were read, then those that are paid ahead.
    period_starts: tuple[float, ...]
    #: Octets bought on top, by the start of the period they belong to.
    topups: tuple[tuple[float, int], ...]
    #: The first period begins with the first login: until then `expires_at` is beyond all periods.
    not_started: bool
    extra: tuple[Attribute, ...]

    def period_start(self, now: float) -> float:
        """Start of the period that runs now."""
        current = self.period_starts[0]
        if len(self.period_starts) == 1:
            return current
        for start in self.period_starts[1:]:
            if start > now:
                break
            current = start
        return current


class Slot(NamedTuple):
    """A slot of `simultaneous_use` that is taken: by a session, or since Accept by one that has not begun."""

    #: The MAC address, or what else tells it from others (radius_module.online.slot).
    mac: str
    since: float
    #: acctuniqueid; empty before Start.
    session: str


class Guesses(NamedTuple):
    """Wrong passwords for the customer, as far as this login is concerned."""

    #: Within the last hour.
    wrong: int
    #: Whether the customer has logged in from this device (Calling-Station-Id) within 30 days.
    from_known_device: bool
    #: Whether a device that is not known may be judged now.
    is_due: bool


NO_GUESSES = Guesses(0, False, True)


class Hour(NamedTuple):
    """What the window of the plan's hours says that runs now; without one all is as the plan says."""

    #: None: the plan's.
    rate: str | None
    #: Whether octets of now are part of the allowance.
    counts: bool


ANY_HOUR = Hour(None, True)


class Facts(NamedTuple):
    """All that one login is judged by. What is not known is None; `now` is the one clock."""

    now: float
    device: Device | None
    isp: Isp | None
    customer: Customer | None
    plan: Plan | None
    #: Whether the password was right.
    authentic: bool
    #: Calling-Station-Id, normalised.
    mac: str
    #: Octets of the running period that count, both ways.
    used: int
    slots: tuple[Slot, ...]
    #: Whether the device asks by EAP.
    eap: bool = False
    #: What the slot is known by that this login takes over (radius_module.online.slot); empty: it takes over none.
    own_slot: str = ""
    guesses: Guesses = NO_GUESSES
    hour: Hour = ANY_HOUR
    #: Time online in the running period, of all sessions; gathered where the plan limits it.
    seconds: int = 0


class Deny(NamedTuple):
    """A refusal: its code for us, its sentence for the customer."""

    code: str
    message: str


class Grant(NamedTuple):
    """What an accepted login gets; None is no limit."""

    rate: str | None
    #: Octets that are left.
    allowance: int | None
    #: Seconds.
    session_timeout: int
    idle_timeout: int | None
    address: str | None
    pool: str | None
    extra: tuple[Attribute, ...]


Verdict = Deny | Grant


Shown = dict[str, str | int | float | bool | None]
