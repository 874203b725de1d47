"""A statement of account as a page."""

from __future__ import annotations

from models.money.paper.page import Cell, Page, Row, cell, facts_of, look_of, paragraphs, party, payment
from models.money.paper.paper import StatementPaper
from models.money.paper.words import Words, amount, days, words_of


def statement_page(paper: StatementPaper) -> Page:
    """Opening balance, what moved the account, closing balance."""
    language, words = words_of(paper.language)
    heading = words["statement"]
    period = days((paper.since, paper.until))
    title = f"{paper.seller.name}: {' '.join(filter(None, (heading, paper.buyer.number, period)))}"
    return Page(
        language, words["direction"], title, paper.seller.name, cell(heading), cell(""), look_of(paper.look),
        paragraphs(paper.look.text), paragraphs(paper.look.footer),
        [party(words["from"], paper.seller, words), party(words["to"], paper.buyer, words)],
        facts_of(words, {"supply": period}),
        [cell(text) for text in (
            words["description"], words["date"], f"{words['amount']} ({paper.currency})", words["balance"],
        )],
        _rows(paper, words),
        [[cell(words["closing"]), _money(paper, paper.closing, words)]], [cell(words["sign"])],
        payment(words, paper.iban, paper.bic, paper.payment_reference) if paper.closing < 0 else [],
        [], [], cell(title), words["page"],
    )  # fmt: skip


def _rows(paper: StatementPaper, words: Words) -> list[Row]:
    opening = [cell(words["opening"]), cell(paper.since.isoformat()), cell(""),
               cell(amount(paper.opening, paper.digits, words))]  # fmt: skip
    return [opening, *(
        [cell(entry.description), cell(entry.on.isoformat()), cell(amount(entry.amount, paper.digits, words)),
         cell(amount(entry.balance, paper.digits, words))]
        for entry in paper.entries
    )]  # fmt: skip


def _money(paper: StatementPaper, minor: int, words: Words) -> Cell:
    return cell(f"{amount(minor, paper.digits, words)} {paper.currency}")
