"""Source address → device, at the same cost however many devices there are.

Whole addresses are looked up by their text, networks in a dictionary for each prefix length in use, the longest first.
One thread changes them; any number of threads ask, and wait for nobody.
"""

from __future__ import annotations

from bisect import bisect_left
from ipaddress import IPv4Network, IPv6Network, ip_address
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple

from radius_module.rules.facts import Device

Network = IPv4Network | IPv6Network
#: An address has one device, but the news of its next device may come before that of the last one's end.
_Holders = tuple[Device, ...]
#: The text of an address, or the bits of a network's prefix → its devices.
_Holding = dict[str | int, _Holders]

#: So many addresses that are not whole devices are remembered, and as many again that were asked before these.
REMEMBERED = 2048
_NETWORKS: dict[int, type[IPv4Network] | type[IPv6Network]] = {4: IPv4Network, 6: IPv6Network}


class _Answer(NamedTuple):
    """What is remembered of an address."""

    device: Device | None
    version: int
    value: int


_Answers = dict[str, _Answer]


class Addresses:
    """The devices' addresses and networks."""

    def __init__(self) -> None:
        self._exact: _Holding = {}
        #: (IP version, host bits) → networks of that length.
        self._networks: dict[tuple[int, int], _Holding] = {}
        #: IP version → (host bits, networks of that length) of those in use, the longest prefix first.
        self._by_length: dict[int, tuple[tuple[int, _Holding], ...]] = {4: (), 6: ()}
        #: Unknown addresses and those inside networks: the recent ones, and the ones before.
        self._remembered: tuple[_Answers, _Answers] = ({}, {})
        self._changes = 0
        #: IP version → (first address, host bits) of all networks, whole addresses included; and the same in order.
        self._starts: dict[int, set[tuple[int, int]]] = {4: set(), 6: set()}
        self._sorted: dict[int, list[tuple[int, int]] | None] = {4: None, 6: None}

    def put(self, network: Network, device: Device) -> None:
        """Add a device, or replace the one with its id at this network."""
        self._change(network, device.id, (device,))

    def drop(self, network: Network, device_id: int) -> None:
        """Remove a device from its network."""
        self._change(network, device_id, ())

    def device(self, address: str) -> Device | None:
        """The device whose address it is, or that has the smallest network around it."""
        holders = self._exact.get(address)
        if holders is not None:
            return holders[-1]
        recent, before = self._remembered
        answer = recent.get(address)
        if answer is not None:
            return answer.device
        changes = self._changes
        answer, text = before.get(address), address
        if answer is None:
            text, answer = self._search(address)
        if text == address:
            self._remember(recent, address, answer)
            if changes != self._changes:
                # A device has changed meanwhile: what was forgotten for its sake may have been remembered since.
                recent.pop(address, None)
        return answer.device

    def around(self, address: str) -> Network:
        """The largest network around the address whose every address has its device: none of another's is in it."""
        version, packed = _packed(address)
        value, host_bits = int.from_bytes(packed, "big"), 0
        if _text(packed) not in self._exact:
            for bits, networks in self._by_length[version]:
                if value >> bits in networks:
                    # Not all addresses there are: that is FreeRADIUS' word for who is unknown.
                    host_bits = min(bits, 8 * len(packed) - 1)
                    break
        # Put in order only for who needs it: the receiving thread asks, and each change of a device undoes the order.
        starts = self._sorted_starts(version) if host_bits else []
        while host_bits and _holds_another(starts, value >> host_bits << host_bits, host_bits):
            host_bits -= 1
        return _NETWORKS[version]((value >> host_bits << host_bits, 8 * len(packed) - host_bits))

    def _sorted_starts(self, version: int) -> list[tuple[int, int]]:
        if self._sorted[version] is None:
            self._sorted[version] = sorted(self._starts[version])
        return self._sorted[version] or []

    def _remember(self, recent: _Answers, address: str, answer: _Answer) -> None:
        recent[address] = answer
        if len(recent) > REMEMBERED:
            self._remembered = ({}, recent)

    def _search(self, address: str) -> tuple[str, _Answer]:
        """Also the address as it is usually written."""
        version, packed = _packed(address)
        value, text = int.from_bytes(packed, "big"), _text(packed)
        holders = self._exact.get(text)
        for host_bits, networks in self._by_length[version] if holders is None else ():
            if (holders := networks.get(value >> host_bits)) is not None:
                break
        return text, _Answer(None if holders is None else holders[-1], version, value)

    def _change(self, network: Network, device_id: int, then: _Holders) -> None:
        """Instead of the device with that id the network has these."""
        host_bits = network.max_prefixlen - network.prefixlen
        value = int(network.network_address) >> host_bits
        key: str | int = value if host_bits else _text(network.network_address.packed)
        holding = self._networks.setdefault((network.version, host_bits), {}) if host_bits else self._exact
        was_in_use = bool(holding)
        holders = tuple(sorted([*(other for other in holding.get(key, ()) if other.id != device_id), *then]))
        if holders:
            holding[key] = holders
        else:
            holding.pop(key, None)
        if host_bits and bool(holding) != was_in_use:
            self._by_length[network.version] = self._in_use(network.version)
        start = int(network.network_address), host_bits
        (self._starts[network.version].add if holders else self._starts[network.version].discard)(start)
        self._sorted[network.version] = None
        self._changes += 1
        self._forget(network, host_bits, value)

    def _in_use(self, version: int) -> tuple[tuple[int, _Holding], ...]:
        lengths = [(bits, networks) for (of, bits), networks in self._networks.items() if of == version and networks]
        return tuple(sorted(lengths, key=lambda length: length[0]))

    def _forget(self, network: Network, host_bits: int, value: int) -> None:
        """What is remembered of the addresses in it."""
        for answers in self._remembered:
            if not host_bits:
                answers.pop(_text(network.network_address.packed), None)
                continue
            for address, answer in list(answers.items()):
                if answer.version == network.version and answer.value >> host_bits == value:
                    answers.pop(address, None)


def _holds_another(starts: list[tuple[int, int]], first: int, host_bits: int) -> bool:
    """Does a smaller network than this one lie in it? Of networks that overlap one lies in the other."""
    at = bisect_left(starts, (first, 0))
    if at < len(starts) and starts[at][0] == first and starts[at][1] < host_bits:
        return True
    behind = bisect_left(starts, (first + 1, 0), at)
    return behind < len(starts) and starts[behind][0] < first + (1 << host_bits)


def _packed(address: str) -> tuple[int, bytes]:
    """(IP version, octets). Raises ValueError for text that is no address."""
    try:
        return (6, inet_pton(AF_INET6, address)) if ":" in address else (4, inet_pton(AF_INET, address))
    except OSError:
        # With the name of an interface behind it, which says nothing of the device.
        parsed = ip_address(address)
        return parsed.version, parsed.packed


def _text(packed: bytes) -> str:
    return inet_ntop(AF_INET if len(packed) == 4 else AF_INET6, packed)
