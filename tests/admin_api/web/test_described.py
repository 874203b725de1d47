"""Every field and parameter of the OpenAPI document says what it means, numbers with their unit, and its default."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from apiflask import APIFlask

from admin_api.application import BLUEPRINTS
from admin_api.web import openapi
from admin_api.web.glossary import WORDS

#: What a number can be of.
_UNIT = re.compile(
    r"Mbit/s|GB|[Bb]ytes?|[Ss]econds?|[Mm]inutes?|[Hh]ours?|[Dd]ays?|[Mm]onths?|percent|[Hh]ow (many|often)"
    r"|[Nn]umbers?\b|[Pp]ort|currency|decimal text|upload|download"
)


@cache
def document() -> dict[str, Any]:
    app = APIFlask(__name__, title="described", version="1", docs_path=None)
    openapi.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    with app.app_context():
        made: dict[str, Any] = json.loads(json.dumps(app.spec))
    return made


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    """`Schema.field`, and what is said of it."""
    for name, schema in document()["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            yield f"{name}.{field}", described


def parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                yield f"{method} {path} {parameter['in']} {parameter['name']}", parameter


def kinds(schema: dict[str, Any]) -> set[str]:
    """JSON types that a value may have."""
    own = schema.get("type", [])
    return (
        {own} if isinstance(own, str) else set(own) | {kind for part in schema.get("anyOf", ()) for kind in kinds(part)}
    )


def without(described: Iterator[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, value in described if len(value.get("description") or "") < 4]


def unitless(described: Iterator[tuple[str, dict[str, Any]]]) -> list[str]:
    """Numbers of which nobody says what they count."""
    numbers = ((name, value) for name, value in described if {"number", "integer"} & kinds(value.get("schema", value)))
    return [name for name, value in numbers if not _UNIT.search(value.get("description", ""))]


def test_there_are_fields_and_parameters() -> None:
    assert len(list(fields())) > 900 and len(list(parameters())) > 200


def test_every_field_is_described() -> None:
    assert without(fields()) == []


def test_every_parameter_is_described() -> None:
    assert without(parameters()) == []


def test_numbers_say_what_they_count() -> None:
    assert unitless(fields()) == []
    assert unitless(parameters()) == []


def test_optional_parameters_say_what_holds_without_them() -> None:
    """By their default; those that narrow a list or have none say so in words."""
    in_words = re.compile(r"Only |[Bb]y default|From then on|Until then|Text in|1:|As if|null: |By what|ISP in which")
    silent = [name for name, parameter in parameters() if parameter["in"] == "query"
              and "default" not in parameter["schema"] and not in_words.search(parameter["description"])]  # fmt: skip
    assert silent == []


def test_no_word_is_left_of_a_field_that_is_gone() -> None:
    named = {name.rpartition(".")[2] for name, _ in fields()} | {
        ".".join(name.split(".")[-2:]) for name, _ in fields()
    }  # fmt: skip
    for name, parameter in parameters():
        named |= {parameter["name"], {"query": "?", "path": "/"}.get(parameter["in"], "") + name.rpartition(" ")[2]}
    assert set(WORDS) - named == set()


@pytest.mark.parametrize(
    ("described", "missing", "uncounted"),
    [({"type": "integer", "description": "How many."}, [], []), ({"type": "integer"}, ["x"], ["x"]),
     ({"anyOf": [{"type": "number"}, {"type": "null"}], "description": "Speed."}, [], ["x"])],
)  # fmt: skip
def test_a_planted_silence_is_heard(described: dict[str, Any], missing: list[str], uncounted: list[str]) -> None:
    assert without(iter([("x", described)])) == missing
    assert unitless(iter([("x", described)])) == uncounted
