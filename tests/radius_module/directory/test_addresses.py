"""Source address → device: the same answer as a look at every network, whatever changed in between."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radius_module.directory import addresses as addresses_module
from radius_module.directory.addresses import Addresses, Network
from radius_module.directory.contents import Contents
from radius_module.rules.facts import Device

#: Few bits, so that random networks hold one another and random addresses lie in them.
_V4, _V6 = int(IPv4Address("10.0.0.0")), int(IPv6Address("2001:db8::"))
_places = st.integers(0, 15)


def _network4(place: int, length: int) -> Network:
    return IPv4Network((_V4 + place, length), strict=False)


def _network6(place: int, length: int) -> Network:
    return IPv6Network((_V6 + place, length), strict=False)


networks = st.builds(_network4, _places, st.sampled_from([0, 8, 28, 29, 30, 31, 32])) | st.builds(
    _network6, _places, st.sampled_from([0, 32, 124, 125, 126, 127, 128])
)
sources = _places.map(lambda place: str(IPv4Address(_V4 + place))) | _places.map(
    lambda place: str(IPv6Address(_V6 + place))
)
#: (device, its network from now on, or None: the device is gone), or an address that is asked.
steps = st.lists(st.tuples(st.integers(1, 6), networks | st.none(), st.booleans()) | sources, max_size=60)


def device(number: int, *, active: bool = True) -> Device:
    return Device(number, 1, active, f"secret {number}", True, False)


def scanned(contents: Contents, address: str) -> Device | None:
    """The rule, by a look at every device."""
    source = ip_address(address)
    matching = [(network.prefixlen, device) for network, device in contents.devices.values()
                if network.version == source.version and source in network]  # fmt: skip
    return max(matching)[1] if matching else None


@given(steps)
@settings(max_examples=400, deadline=None)
@pytest.mark.parametrize("remembered", [3, 2048])
def test_it_answers_what_a_look_at_every_network_would(
    remembered: int, steps: list[str | tuple[int, Network | None, bool]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(addresses_module, "REMEMBERED", remembered)
        contents = Contents()
        for step in steps:
            if isinstance(step, str):
                assert contents.addresses.device(step) == scanned(contents, step)
            elif step[1] is None:
                contents.drop_device(step[0])
            else:
                contents.put_device(str(step[1]), device(step[0], active=step[2]))
        for place in range(16):
            for address in (str(IPv4Address(_V4 + place)), str(IPv6Address(_V6 + place))):
                assert contents.addresses.device(address) == scanned(contents, address)


def test_of_two_devices_at_one_address_the_newer_answers_until_it_is_gone() -> None:
    contents = Contents()
    for number in (2, 1):
        contents.put_device("10.1.1.1/32", device(number))
    assert contents.addresses.device("10.1.1.1") == device(2)
    contents.drop_device(2)
    assert contents.addresses.device("10.1.1.1") == device(1)


@pytest.mark.parametrize(
    ("written", "number"),
    [("2001:DB8:0:0::5", 1), ("2001:db8::5", 1), ("fe80::1%eth0", 2), ("::ffff:192.0.2.1", 3), ("192.0.2.1", None)],
)
def test_an_address_is_known_however_it_is_written(written: str, number: int | None) -> None:
    contents = Contents()
    for at, network in enumerate(("2001:db8::5/128", "fe80::/64", "::ffff:192.0.2.1/128"), 1):
        contents.put_device(network, device(at))
    answer = contents.addresses.device(written)
    assert (answer and answer.id) == number


def test_text_that_is_no_address_is_an_error() -> None:
    for text in ("", "10.0.0", "router"):
        with pytest.raises(ValueError, match="address"):
            Addresses().device(text)


def test_strangers_take_no_more_memory_than_a_few_thousand_answers() -> None:
    addresses = Addresses()
    for number in range(5 * addresses_module.REMEMBERED):
        assert addresses.device(str(IPv4Address(_V4 + number))) is None
    assert sum(map(len, addresses._remembered)) <= 2 * addresses_module.REMEMBERED


def searches(addresses: Addresses, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those of the addresses that were not remembered."""
    searched = []
    original = Addresses._search

    def counting(self: Addresses, address: str) -> object:
        searched.append(address)
        return original(self, address)

    with monkeypatch.context() as patch:
        patch.setattr(Addresses, "_search", counting)
        for address in asked:
            addresses.device(address)
    return searched


def test_a_change_of_a_device_forgets_the_addresses_in_its_network_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contents = Contents()
    asked = ["10.1.0.1", "10.1.255.255", "10.2.0.1", "2001:db8::1"]
    assert searches(contents.addresses, asked, monkeypatch) == asked
    assert searches(contents.addresses, asked, monkeypatch) == []
    contents.put_device("10.1.0.0/16", device(1))
    assert searches(contents.addresses, asked, monkeypatch) == asked[:2]
    contents.put_device("10.2.0.1/32", device(2))
    assert searches(contents.addresses, asked, monkeypatch) == []
    contents.drop_device(1)
    contents.drop_device(2)
    assert searches(contents.addresses, asked, monkeypatch) == asked[:3]


def test_an_answer_that_a_change_overtook_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = Contents()
    original = Addresses._search

    def overtaken(self: Addresses, address: str) -> object:
        answer = original(self, address)
        contents.put_device("10.1.0.0/16", device(1))
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Addresses, "_search", overtaken)
        assert contents.addresses.device("10.1.0.1") is None
    assert contents.addresses.device("10.1.0.1") == device(1)


@given(st.lists(st.tuples(st.integers(1, 6), networks), max_size=12), sources)
@settings(max_examples=400, deadline=None)
def test_around_an_address_is_all_that_is_its_devices_and_nothing_of_anothers(
    held: list[tuple[int, Network]], source: str
) -> None:
    contents = Contents()
    for number, network in held:
        contents.put_device(str(network), device(number))
    around, own = contents.addresses.around(source), contents.addresses.device(source)
    assert ip_address(source) in around
    others = [other for other, _ in contents.devices.values() if other.version == around.version]
    assert not [other for other in others if other != around and other.subnet_of(around)], "a device lies in it"  # type: ignore[arg-type]
    if own is None:
        assert around.prefixlen == around.max_prefixlen
        return
    holds = contents.devices[own.id][0]
    assert around.subnet_of(holds)  # type: ignore[arg-type]
    assert around.prefixlen > 0, "that is what everybody is in"
    if around != holds and around.prefixlen > 1:
        wider = around.supernet()
        assert [other for other in others if other != wider and other.subnet_of(wider)]  # type: ignore[arg-type]
