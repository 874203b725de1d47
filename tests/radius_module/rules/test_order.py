"""The order of the refusals, who asks them, and that none of them goes untested."""

import ast
from pathlib import Path
from typing import Any

from radius_module.rules import ORDER, decide, explain
from radius_module.rules.facts import Deny, Facts, Grant, Guesses
from tests.support.facts_made import CUSTOMER, DEVICE, ISP, NOW, PLAN, code, facts, place

#: What each refusal is caused by, first refusal first.
WRONG: dict[str, dict[str, Any]] = {
    "unknown_device": {"device": DEVICE._replace(active=False)},
    "isp_suspended": {"isp": ISP._replace(active=False)},
    "unsupported": {"eap": True},
    "unknown_customer": {"customer": {"credential": None}},
    "too_many_guesses": {"guesses": Guesses(60, False, False)},
    "bad_password": {"authentic": False},
    "suspended": {"customer": {"status": "suspended"}},
    "expired": {"customer": {"expires_at": NOW}},
    "mac_mismatch": {"customer": {"mac": "02:00:00:00:00:99"}},
    "quota_exceeded": {"plan": {"data_limit": 0}},
    "time_used_up": {"plan": {"time_limit": 0}},
    "too_many_sessions": {"slots": (place(),)},
}


def with_wrongs(codes: list[str]) -> Facts:
    """Facts in which all of these are wrong at once."""
    customer, plan = CUSTOMER, PLAN
    rest: dict[str, Any] = {}
    for name in codes:
        for key, value in WRONG[name].items():
            if key == "customer":
                customer = customer._replace(**value)
            elif key == "plan":
                plan = plan._replace(**value)
            else:
                rest[key] = value
    return facts(customer=customer, plan=plan, **rest)


def test_the_order_is_the_contracts() -> None:
    assert [rule.code for rule in ORDER] == list(WRONG)


def test_each_wrong_alone_is_told_by_its_own_code() -> None:
    assert {name: code(with_wrongs([name])) for name in WRONG} == {name: name for name in WRONG}


def test_of_everything_wrong_at_once_the_first_is_told() -> None:
    names = list(WRONG)
    for first in range(len(names)):
        # Status holds one word, so a suspended customer who expired is so by the date.
        assert code(with_wrongs(names[first:])) == names[first]


def test_a_refusal_has_a_sentence_for_the_customer() -> None:
    for rule in ORDER:
        verdict = decide(with_wrongs([rule.code]))
        assert isinstance(verdict, Deny)
        assert verdict.message == rule.message
        assert rule.message.endswith(".")
        assert 20 < len(rule.message.encode()) <= 253


def test_explain_gives_the_packet_paths_verdict() -> None:
    for codes in ([], *([name] for name in WRONG), list(WRONG)):
        asked = with_wrongs(list(codes))
        assert explain(asked)[0] == decide(asked)


def test_explain_tells_every_rule_in_its_order_also_behind_the_first_refusal() -> None:
    verdict, findings = explain(with_wrongs(["suspended", "quota_exceeded"]))
    assert isinstance(verdict, Deny)
    assert [finding.code for finding in findings] == list(WRONG)
    assert [finding.code for finding in findings if not finding.passed] == ["suspended", "quota_exceeded"]


def test_explain_of_nobody_from_nowhere_is_no_error() -> None:
    verdict, findings = explain(Facts(NOW, None, None, None, None, False, "", 0, ()))
    assert isinstance(verdict, Deny)
    assert verdict.code == "unknown_device"
    assert len(findings) == len(ORDER)


def test_explain_of_a_good_login_shows_every_rule_passed() -> None:
    verdict, findings = explain(facts())
    assert isinstance(verdict, Grant)
    assert all(finding.passed for finding in findings)


def test_every_rule_has_a_test_file_that_names_its_code_and_sees_it_pass_and_refuse() -> None:
    here = Path(__file__).parent
    untested = []
    for rule in ORDER:
        path = here / f"test_{rule.code}.py"
        compared = _compared_with(path) if path.exists() else set()
        if not {rule.code, "accept"} <= compared:
            untested.append(rule.code)
    assert untested == []


def _compared_with(path: Path) -> set[str]:
    """Texts in the file's assertions and in the tables of its parametrised tests."""
    judged: list[ast.AST] = []
    for node in ast.walk(ast.parse(path.read_text())):
        judged += [node] if isinstance(node, ast.Assert) else []
        judged += node.decorator_list if isinstance(node, ast.FunctionDef) else []
    constants = [node for found in judged for node in ast.walk(found) if isinstance(node, ast.Constant)]
    return {node.value for node in constants if isinstance(node.value, str)}
