"""Documents are told to an authority's system; its answer is kept once, printed, and nobody waits for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import Document
from models.money.documents import papers
from models.money.fiscal import answers
from models.refusals import Refused
from radius_module.enforce.duties.fiscal import Reference, Registrar
from tests.support.documents_world import DocumentsWorld


class StandIn(HTTPServer):
    """An authority's system: counts what it is told, and answers as the test wants."""

    told: list[tuple[str, dict[str, Any]]]
    answer: tuple[int, bytes, str]


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append((self.headers["Idempotency-Key"], body))
        status, octets, location = self.server.answer
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_arguments: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def authority() -> Iterator[StandIn]:
    server = StandIn(("127.0.0.1", 0), _Handler)
    server.told = []
    server.answer = (200, json.dumps({"control_number": "CU-1", "signature": "sig", "qr": "https://x/1"}).encode(), "")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def registrar(engine: Engine, server: StandIn) -> Registrar:
    return Registrar(engine, {"reference": Reference(f"http://127.0.0.1:{server.server_port}/register")})


def invoice_of(owner: Engine) -> tuple[int, int]:
    """(tenant, its invoice), committed."""
    with Session(owner) as session, session.begin():
        world = DocumentsWorld(session, fiscal_authority="reference")
        world.change_settings(fiscal_since=datetime(2026, 3, 1, tzinfo=UTC))
        world.charge(1000)
        (invoice,) = world.issue()
        return world.isp.id, invoice.id


def answer_of(owner: Engine, document_id: int) -> Any:
    with owner.connect() as connection:
        return connection.scalar(text("select fiscal from documents where id = :id"), {"id": document_id})


def test_the_answer_is_kept_once_and_printed(owner: Engine, authority: StandIn) -> None:
    isp_id, document_id = invoice_of(owner)
    with Session(owner) as session, pytest.raises(Refused, match="not answered yet"):
        papers.file_of(session, session.get_one(Document, (isp_id, document_id)))
    registering = registrar(owner, authority)
    assert registering.go_round() == 1
    assert registering.go_round() == 0
    ((key, told),) = authority.told
    assert (told["number"], told["total"], told["lines"][0]["net"]) == ("INV-2026-00001", "11.90", "10.00")
    assert key == told["hash"]
    kept = {"authority": "reference", "control_number": "CU-1", "signature": "sig", "qr": "https://x/1"}
    assert answer_of(owner, document_id) == kept
    with Session(owner) as session:
        document = session.get_one(Document, (isp_id, document_id))
        paper = papers.paper_of(session, document, session.get_one(papers.BillingSettings, isp_id))
        assert paper.fiscal is not None and paper.fiscal.control_number == "CU-1"
        other = answers.Unanswered(isp_id, document_id, "reference")
        assert answers.keep(session, other, {"control_number": "CU-2"}) is False


@pytest.mark.parametrize(
    "answer",
    [(500, b"{}", ""), (200, b"no json", ""), (200, b"[]", ""), (200, b'{"signature": "x"}', ""),
     (200, b'{"control_number": 7}', ""), (302, b"", "http://127.0.0.1:9/elsewhere")],
)  # fmt: skip
def test_what_is_no_answer_is_not_kept_and_the_authority_is_left_alone_for_a_while(
    owner: Engine, authority: StandIn, answer: tuple[int, bytes, str]
) -> None:
    _, document_id = invoice_of(owner)
    right, authority.answer = authority.answer, answer
    registering = registrar(owner, authority)
    assert registering.go_round() == 0 == registering.go_round()
    assert len(authority.told) == 1
    assert answer_of(owner, document_id) is None
    authority.answer = right
    assert registrar(owner, authority).go_round() >= 1
    assert answer_of(owner, document_id) is not None
