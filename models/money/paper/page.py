"""What is where on a page: every text ready to be set, so that the template only lays out.

One shape serves documents and statements of account; it is handed to typst as JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal

from models.money.paper import epc
from models.money.paper.logo import as_svg, ink_on, read
from models.money.paper.paper import Look, Paper, PaperLine, Party, TaxGroup
from models.money.paper.words import Words, amount, breakable, days, direction, percent, refuse_controls, words_of

#: UNCL5305: the categories in which there is no tax, for a reason that has to be said.
WITHOUT_TAX = ("E", "AE", "K", "G", "O")

#: A text's lines, each with the direction in which it is read.
Cell = dict[str, list[dict[str, str]]]
Row = list[Cell]


@dataclass(frozen=True)
class Page:
    """`rows` begin with the text column; all others hold numbers. `sums`: the last of them is set strong."""

    language: str
    direction: str
    title: str
    author: str
    heading: Cell
    #: Across every page; empty: nothing.
    mark: Cell
    look: dict[str, object]
    text: Row
    footer: Row
    parties: list[dict[str, object]]
    facts: list[Row]
    columns: Row
    rows: list[Row]
    sums: list[Row]
    notes: Row
    #: What the customer pays to.
    payment: list[Row]
    fiscal: list[Row]
    #: QR codes as SVG, each with what it is for.
    codes: list[dict[str, object]]
    #: At the foot of every page: what it is, and the word before its number.
    foot: Cell
    page: str

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def cell(text: str) -> Cell:
    """A text that stands alone. Raises Unprintable for characters that are no text."""
    refuse_controls(text)
    return {"lines": [{"text": breakable(line), "dir": direction(line)} for line in text.splitlines() if line.strip()]}


def paragraphs(text: str) -> Row:
    """A tenant's text, or an address: a line each."""
    return [cell(line) for line in text.splitlines() if line.strip()]


def facts_of(words: Words, facts: dict[str, str]) -> list[Row]:
    """Label and value of what is known."""
    return [[cell(words[word]), cell(value)] for word, value in facts.items() if value]


def look_of(look: Look) -> dict[str, object]:
    """Raises ValueError for a colour or a logo that is none."""
    plain: dict[str, object] = {"colour": look.colour, "ink": ink_on(look.colour), "logo": ""}
    if not look.logo:
        return plain
    width, height = read(look.logo).fitted()
    return plain | {"logo": as_svg(look.logo), "width": width, "height": height}


def party(label: str, who: Party, words: Words) -> dict[str, object]:
    """As on an envelope; numbers follow with their names."""
    place = " ".join(filter(None, (who.postcode, who.city)))
    lines = [*paragraphs(who.street), *paragraphs("\n".join(filter(None, (place, who.country))))]
    lines += [cell(f"{words[word]}: {value}") for word, value in
              (("vat_id", who.vat_id), ("tax_id", who.tax_id), ("customer", who.number)) if value]  # fmt: skip
    lines += [cell(text) for text in (who.email, who.phone) if text]
    return {"label": cell(label), "name": cell(who.name), "lines": lines}


def page_of(paper: Paper) -> Page:
    """A document's page."""
    language, words = words_of(paper.language)
    heading = words[paper.kind]
    corrects = paper.corrects
    return Page(
        language, words["direction"], title_of(paper, heading), paper.seller.name, cell(heading),
        cell(words["sample"] if paper.sample else ""), look_of(paper.look),
        paragraphs(paper.look.text), paragraphs(paper.look.footer),
        [party(words["from"], paper.seller, words), party(words["to"], paper.buyer, words)],
        facts_of(words, {
            "number": paper.number,
            "date": paper.issued_on.isoformat(),
            "due_on": paper.due_on.isoformat() if paper.due_on else "",
            "supply": days(paper.supply) if paper.supply else "",
            "corrects": f"{corrects.number}, {corrects.issued_on.isoformat()}" if corrects else "",
        }),
        _columns(paper, words), [_row(paper, line, words) for line in paper.lines], _sums(paper, words),
        _notes(paper, words),
        payment(words, paper.iban, paper.bic, paper.payment_reference) if _is_owed(paper) else [],
        _fiscal(paper, words), _codes(paper, words), cell(title_of(paper, heading)), words["page"],
    )  # fmt: skip


def payment(words: Words, iban: str, bic: str, reference: str) -> list[Row]:
    """Where to pay to, as one reads it out."""
    plain = iban.replace(" ", "")
    account = " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
    return facts_of(words, {"pay_to": "\n".join(filter(None, (account, bic if plain else ""))), "reference": reference})


def title_of(paper: Paper, heading: str) -> str:
    """With the number: typst derives the document's id from it, and two documents never share one."""
    name = " ".join(filter(None, (heading, paper.number or paper.issued_on.isoformat())))
    return f"{paper.seller.name}: {name}"


def exemption(group: TaxGroup, words: Words) -> str:
    """Why there is no tax; empty where there is."""
    return (group.exemption_reason or words[group.category]) if group.category in WITHOUT_TAX else ""


def _is_owed(paper: Paper) -> bool:
    return paper.kind in ("invoice", "proforma") and paper.due > 0


def _columns(paper: Paper, words: Words) -> Row:
    money = f"{words['amount']} ({paper.currency})"
    if paper.kind == "receipt":
        return [cell(words["description"]), cell(money)]
    return [cell(text) for text in (words["description"], words["quantity"], words["unit_price"], words["tax"], money)]


def _row(paper: Paper, line: PaperLine, words: Words) -> Row:
    text = cell("\n".join(filter(None, (line.description, days(line.period) if line.period else ""))))
    net = cell(amount(line.net, paper.digits, words))
    if paper.kind == "receipt":
        return [text, net]
    price = amount(line.unit_price, paper.digits, words)
    if line.price_quantity != 1:
        price += f" / {line.price_quantity}"
    rate = line.category if line.category in WITHOUT_TAX else percent(line.rate, words)
    return [text, cell(amount(line.quantity, 0, words)), cell(price), cell(rate), net]


def _sums(paper: Paper, words: Words) -> list[Row]:
    def line(label: str, minor: int) -> Row:
        return [cell(label), cell(f"{amount(minor, paper.digits, words)} {paper.currency}")]

    if paper.kind == "receipt":
        return [line(words["received"], paper.total)]
    lines = [line(words["net"], paper.net)]
    for group in paper.taxes:
        if group.category not in WITHOUT_TAX:
            name = f"{paper.tax_name or words['tax']} {percent(group.rate, words)}"
            base = amount(group.base, paper.digits, words)
            lines.append(line(f"{name} {words['of']} {base}", group.tax))
    lines.append(line(words["total"], paper.total))
    lines += [line(words["rounding"], paper.rounding)] if paper.rounding else []
    lines += [line(words["prepaid"], -paper.prepaid)] if paper.prepaid else []
    lines.append(line(words["credited" if paper.kind == "credit_note" else "due"], paper.due))
    return lines


def _notes(paper: Paper, words: Words) -> Row:
    reasons = [f"{group.category}: {reason}" for group in paper.taxes if (reason := exemption(group, words))]
    if paper.kind == "receipt":
        reasons = []
    if paper.kind == "proforma":
        reasons.append(words["not_an_invoice"])
    return [*(cell(reason) for reason in reasons), *paragraphs(paper.note)]


def _fiscal(paper: Paper, words: Words) -> list[Row]:
    answer = paper.fiscal
    if answer is None:
        return []
    rows = facts_of(words, {"control_number": answer.control_number, "signature": answer.signature})
    return [[cell(answer.authority), cell("")], *rows] if answer.authority else rows


def _codes(paper: Paper, words: Words) -> list[dict[str, object]]:
    codes: list[dict[str, object]] = []
    if _is_owed(paper) and not paper.sample and (transfer := epc.payment_code(paper)):
        codes.append(_code(transfer, words["scan"]))
    if paper.fiscal and paper.fiscal.qr:
        codes.append(_code(epc.code(paper.fiscal.qr), paper.fiscal.authority))
    return codes


def _code(svg: str, label: str) -> dict[str, object]:
    return {"svg": svg, "label": cell(label), "alt": label}


def exact(minor: int, digits: int) -> str:
    """`-1234.50`: as machines read it."""
    return f"{Decimal(minor).scaleb(-digits):f}"
