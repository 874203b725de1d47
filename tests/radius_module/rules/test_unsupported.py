"""Rule `unsupported`."""

from tests.support.facts_made import ISP, code, facts, rule

RULE = rule("unsupported")


def test_a_login_by_a_password_passes() -> None:
    assert code(facts(eap=False)) == "accept"


def test_a_login_by_eap_is_refused() -> None:
    assert code(facts(eap=True)) == "unsupported"


def test_it_is_refused_before_anything_about_the_customer_is_asked() -> None:
    assert code(facts(eap=True, customer=None, authentic=False)) == "unsupported"
    assert code(facts(eap=True, isp=ISP._replace(active=False))) == "isp_suspended"


def test_support_sees_the_protocol() -> None:
    assert RULE.shows(facts(eap=True)) == {"eap": True}
