"""E-mail through a real SMTP server: once, encrypted, tried again later, and never where it must not go."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import Isp
from models.mail import queue, server_settings
from models.secrets.keyring import Keyring
from radius_module.enforce.duties.mailing import Mailing
from radius_module.enforce.router.reach import Ground
from tests.support.documents_world import DocumentsWorld
from tests.support.mail_server import LOGIN, MailServer, mail_server, make_certificate

KEYRING = Keyring.parse("k1:" + b64encode(bytes(range(32))).decode())
GROUND = Ground(KEYRING, (), True, None, 1812, 1813)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def server(certificate: Path, trusted: None) -> Iterator[MailServer]:
    with mail_server(certificate) as server:
        yield server


@pytest.fixture
def mailing(engine: Engine) -> Iterator[Mailing]:
    yield Mailing(engine, GROUND, threading.Event())
    with engine.begin() as connection:
        connection.execute(text("delete from mails"))
        connection.execute(text("delete from smtp_settings"))


@pytest.fixture
def tenant_of(engine: Engine) -> Callable[..., int]:
    """Makes a tenant whose mail goes to that server; its id."""

    def tenant_of(server: MailServer, **changes: Any) -> int:
        usual = {"host": "127.0.0.1", "port": server.port, "security": "starttls", "username": LOGIN[0],
                 "sender": "billing@net.example", "sender_name": "Net Ltd", "reply_to": None, "text": ""}  # fmt: skip
        password = changes.pop("password", LOGIN[1])
        with Session(engine) as session, session.begin():
            isp = Isp(name="Net")
            session.add(isp)
            session.flush()
            server_settings.save(session, KEYRING, isp.id, usual | changes, automatic=False, password=password)
            return isp.id

    return tenant_of


def write(engine: Engine, isp_id: int, to: str = "achieng@example.com") -> int:
    with Session(engine) as session, session.begin():
        return queue.send_test(session, session.get_one(Isp, isp_id), to).id


def state(engine: Engine, isp_id: int) -> list[tuple[str, str | None, int]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("select status, error, attempts from mails where isp_id = :isp order by id"), {"isp": isp_id}
        )
        return [(row.status, row.error, row.attempts) for row in rows]


def minutes_to_wait(engine: Engine, isp_id: int) -> float:
    with engine.connect() as connection:
        wait = "select extract(epoch from next_attempt_at - now()) / 60 from mails where isp_id = :isp"
        return float(connection.scalar(text(wait), {"isp": isp_id}) or 0)


def make_due(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("update mails set next_attempt_at = now()"))


def test_a_message_leaves_once_encrypted_and_logged_in(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server)
    write(engine, isp_id)
    mailing.go_round()
    mailing.go_round()
    (message,) = server.messages
    assert message["From"] == "Net Ltd <billing@net.example>"
    assert message["To"] == "achieng@example.com"
    assert message["Subject"] == "Test - Net Ltd"
    assert message["Message-ID"].endswith("@net.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert state(engine, isp_id) == [("sent", None, 1)]


def test_several_workers_send_each_message_once(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server)
    names = [f"customer{number}@example.com" for number in range(20)]
    for name in names:
        write(engine, isp_id, name)
    workers = [threading.Thread(target=Mailing(engine, GROUND, threading.Event()).go_round) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(envelope.rcpt_tos[0] for envelope in server.taken) == sorted(names)
    assert state(engine, isp_id) == [("sent", None, 1)] * 20


@pytest.mark.parametrize(
    ("where", "answer", "outcome"),
    [
        ("RCPT", "450 mailbox busy", ("pending", "rejected", 1)),
        ("DATA", "451 try again later", ("pending", "rejected", 1)),
        ("MAIL", "550 we do not know you", ("failed", "rejected", 1)),
        ("RCPT", "551 try <other@elsewhere.example>", ("failed", "rejected", 1)),
        ("DATA", "554 no spam", ("failed", "rejected", 1)),
    ],
)
def test_what_the_server_refuses(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int], where: str, answer: str,
    outcome: tuple[str, str, int],
) -> None:  # fmt: skip
    """For now: later; for good: never; and to no other address than was asked for."""
    isp_id = tenant_of(server)
    write(engine, isp_id)
    server.answers = {where: answer}
    mailing.go_round()
    assert state(engine, isp_id) == [outcome]
    server.answers = {}
    mailing.go_round()
    assert server.taken == [], "it waits, or has failed"
    make_due(engine)
    mailing.go_round()
    taken = [["achieng@example.com"]] if outcome[0] == "pending" else []
    assert [envelope.rcpt_tos for envelope in server.taken] == taken


def test_waits_grow_and_end_after_three_days(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server)
    write(engine, isp_id)
    server.answers = {"RCPT": "450 busy"}
    waits = []
    for _ in range(7):
        make_due(engine)
        mailing.go_round()
        waits.append(round(minutes_to_wait(engine, isp_id)))
    assert waits == [1, 3, 9, 27, 81, 243, 360]
    with engine.begin() as connection:
        connection.execute(text("update mails set created_at = now() - interval '73 hours', next_attempt_at = now()"))
    mailing.go_round()
    assert state(engine, isp_id) == [("failed", "rejected", 8)]


def test_a_connection_that_ends_before_the_message_is_tried_again(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server)
    write(engine, isp_id)
    server.hang_up = "MAIL"
    mailing.go_round()
    assert state(engine, isp_id) == [("pending", "no_answer", 1)]
    server.hang_up = None
    make_due(engine)
    mailing.go_round()
    assert len(server.taken) == 1


def test_a_connection_that_ends_after_the_message_sends_nothing_twice(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server)
    write(engine, isp_id)
    server.hang_up = "DATA"
    mailing.go_round()
    server.hang_up = None
    make_due(engine)
    mailing.go_round()
    assert state(engine, isp_id) == [("failed", "unknown_outcome", 1)]
    assert len(server.taken) == 1


def test_a_worker_that_died_leaves_a_message_that_nobody_sends_again(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server)
    write(engine, isp_id)
    with engine.begin() as connection:
        connection.execute(text("update mails set status = 'sending', claimed_at = now() - interval '14 minutes'"))
    mailing.go_round()
    assert state(engine, isp_id) == [("sending", None, 0)], "it may still be on its way"
    with engine.begin() as connection:
        connection.execute(text("update mails set claimed_at = now() - interval '16 minutes'"))
    mailing.go_round()
    assert state(engine, isp_id) == [("failed", "unknown_outcome", 1)]
    assert server.taken == []


def test_a_wrong_login_is_no_fault_of_the_messages(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server, password="not the password")
    write(engine, isp_id)
    write(engine, isp_id, "second@example.com")
    mailing.go_round()
    assert state(engine, isp_id) == [("pending", "bad_login", 1)] * 2
    assert server.connections == 1, "one try for all of them"


def test_a_server_without_encryption_gets_nothing(
    engine: Engine, mailing: Mailing, tenant_of: Callable[..., int]
) -> None:
    with mail_server() as plain:
        isp_id = tenant_of(plain)
        write(engine, isp_id)
        mailing.go_round()
        assert state(engine, isp_id) == [("pending", "tls_failed", 1)]
        assert plain.taken == []


def test_a_strangers_certificate_gets_nothing(
    engine: Engine, mailing: Mailing, certificate: Path, tenant_of: Callable[..., int]
) -> None:
    with mail_server(certificate) as server:
        isp_id = tenant_of(server)
        write(engine, isp_id)
        mailing.go_round()
        assert state(engine, isp_id) == [("pending", "tls_failed", 1)]
        assert server.taken == []


def test_addresses_of_ours_are_refused_before_anything_is_sent(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server)
    write(engine, isp_id)
    Mailing(engine, GROUND._replace(loopback_allowed=False), threading.Event()).go_round()
    assert state(engine, isp_id) == [("pending", "refused_address", 1)]
    assert server.connections == 0


def test_a_slow_tenants_messages_keep_nobody_elses(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    first, second = tenant_of(server, port=1), tenant_of(server)
    write(engine, first)
    write(engine, second)
    mailing.go_round()
    assert state(engine, first) == [("pending", "no_answer", 1)]
    assert state(engine, second) == [("sent", None, 1)]


def test_without_settings_messages_wait(
    engine: Engine, mailing: Mailing, server: MailServer, tenant_of: Callable[..., int]
) -> None:
    isp_id = tenant_of(server)
    write(engine, isp_id)
    with engine.begin() as connection:
        connection.execute(text("delete from smtp_settings where isp_id = :isp"), {"isp": isp_id})
    mailing.go_round()
    assert state(engine, isp_id) == [("pending", "no_settings", 1)]


def test_documents_leave_as_they_are_issued_with_their_file(
    engine: Engine, mailing: Mailing, server: MailServer
) -> None:
    """As the worker's own role: it renders what nobody has asked for before."""
    settings = {"host": "127.0.0.1", "port": server.port, "security": "starttls", "username": LOGIN[0],
                "sender": "billing@net.example", "sender_name": "", "reply_to": None, "text": ""}  # fmt: skip
    with Session(engine) as session, session.begin():
        world = DocumentsWorld(session)
        world.customer.email = "achieng@example.com"
        server_settings.save(session, KEYRING, world.isp.id, settings, automatic=True, password=LOGIN[1])
        world.charge_at(1000, "19")
        (document,) = world.issue()
        number = document.full_number
    mailing.go_round()
    mailing.go_round()
    (message,) = server.messages
    assert f"{number}" in str(message["Subject"])
    pdf = next(part for part in message.walk() if part.get_content_type() == "application/pdf")
    assert pdf.get_filename() == f"{number}.pdf"
    assert bytes(pdf.get_payload(decode=True)).startswith(b"%PDF-1.7")
