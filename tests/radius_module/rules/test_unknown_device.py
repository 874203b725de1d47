"""Rule `unknown_device`."""

from tests.support.facts_made import DEVICE, code, facts, rule

RULE = rule("unknown_device")


def test_a_registered_router_passes() -> None:
    assert code(facts()) == "accept"


def test_no_router_at_the_address_is_refused() -> None:
    assert code(facts(device=None)) == "unknown_device"


def test_a_router_that_is_switched_off_is_refused() -> None:
    assert code(facts(device=DEVICE._replace(active=False))) == "unknown_device"


def test_a_router_whose_tenant_is_gone_is_refused() -> None:
    assert code(facts(isp=None)) == "unknown_device"


def test_support_sees_the_router() -> None:
    assert RULE.shows(facts()) == {"device_id": DEVICE.id, "active": True}
    assert RULE.shows(facts(device=None)) == {"device_id": None, "active": None}
