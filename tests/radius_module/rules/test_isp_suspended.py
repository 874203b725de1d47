"""Rule `isp_suspended`."""

from tests.support.facts_made import ISP, code, facts, rule

RULE = rule("isp_suspended")
SUSPENDED = ISP._replace(active=False)


def test_an_active_tenant_passes() -> None:
    assert code(facts(isp=ISP)) == "accept"


def test_a_suspended_tenant_is_refused() -> None:
    assert code(facts(isp=SUSPENDED)) == "isp_suspended"


def test_nobody_learns_who_is_a_customer_of_a_suspended_tenant() -> None:
    assert code(facts(isp=SUSPENDED, customer=None, authentic=False)) == "isp_suspended"


def test_support_sees_the_tenants_state() -> None:
    assert RULE.shows(facts(isp=SUSPENDED)) == {"active": False}
    assert RULE.shows(facts(isp=None)) == {"active": None}
