"""A HotSpot's page as the router serves it: `$(…)` filled in, branches taken."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PART = re.compile(r"\$\(([^()]*)\)")
_CONDITION = re.compile(r"if ([a-z-]+)(?: (==|!=) ['\"]?([^'\"]*)['\"]?)?")


def filled(text: str, values: Mapping[str, str]) -> str:
    """`$(if x)`, `$(if x == 'y')`, `$(else)`, `$(endif)` and variables; one that is not set is empty."""
    said: list[str] = []
    #: Of each open branch: is it taken, as far as it goes?
    taken: list[bool] = []
    at = 0
    for match in _PART.finditer(text):
        if all(taken):
            said.append(text[at : match.start()])
        at = match.end()
        word = match[1]
        if (condition := _CONDITION.fullmatch(word)) is not None:
            taken.append(_holds(condition, values))
        elif word == "else":
            taken[-1] = not taken[-1]
        elif word == "endif":
            taken.pop()
        elif all(taken):
            said.append(values.get(word, ""))
    assert not taken, "a branch is not closed"
    return "".join((*said, text[at:]))


def _holds(condition: re.Match[str], values: Mapping[str, str]) -> bool:
    name, sign, other = condition.groups()
    value = values.get(name, "")
    if sign is None:
        return value not in ("", "0", "no")
    return (value == other) is (sign == "==")
