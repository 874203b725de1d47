"""What each field and parameter of the OpenAPI document means, with its unit: a word means the same in every body.

A key is a field's name, or `Schema.field` where one schema's field means something else; a parameter's name stands with
`?` in front where it means something else in a query, with `/` in an address. What a schema says of a field itself
(`Field(description=…)`) comes first.
"""

from __future__ import annotations

from typing import Any

from admin_api.web.glossary.documents import DOCUMENT_WORDS
from admin_api.web.glossary.everywhere import EVERYWHERE_WORDS
from admin_api.web.glossary.mail import MAIL_WORDS
from admin_api.web.glossary.money import MONEY_WORDS
from admin_api.web.glossary.network import NETWORK_WORDS
from admin_api.web.glossary.operation import OPERATION_WORDS
from admin_api.web.glossary.subscriptions import SUBSCRIPTIONS_WORDS

WORDS: dict[str, str] = {
    **EVERYWHERE_WORDS, **SUBSCRIPTIONS_WORDS, **NETWORK_WORDS, **MONEY_WORDS, **DOCUMENT_WORDS, **MAIL_WORDS,
    **OPERATION_WORDS,
}  # fmt: skip


def describe_schema(name: str, schema: dict[str, Any]) -> None:
    """Add what is missing to a component of the document; `name` may be `Page.Item` of a nested one."""
    own = name.rpartition(".")[2]
    for field, described in schema.get("properties", {}).items():
        text = WORDS.get(f"{own}.{field}") or WORDS.get(field)
        if text is not None:
            described.setdefault("description", text)


def describe_parameter(parameter: dict[str, Any]) -> None:
    """Of a query or an address."""
    name = parameter["name"]
    text = WORDS.get({"query": "?", "path": "/"}.get(parameter["in"], "") + name) or WORDS.get(name)
    if text is not None and not parameter.get("description"):
        parameter["description"] = text
