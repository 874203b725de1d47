"""A real SMTP server on loopback that answers as a test says, and keeps what it has taken."""

from __future__ import annotations

import datetime as clock
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOGIN = ("mailer", "s3cret-of-the-server")


class MailServer(Controller):
    """`answers`: what it says to MAIL, RCPT or DATA in place of "250 OK"; `hang_up`: where it leaves without a word."""

    def __init__(self, certificate: Path | None, *, login: bool = True) -> None:
        self.taken: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.hang_up: str | None = None
        self.connections = 0
        self._certificate, self._login = certificate, login
        self._lock = threading.Lock()
        super().__init__(self, hostname="127.0.0.1", port=0)

    def factory(self) -> SMTP:
        self.connections += 1
        context = None
        if self._certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self._certificate)
        secure = context is not None
        return SMTP(
            self, tls_context=context, require_starttls=secure, auth_required=secure and self._login,
            auth_require_tls=secure, authenticator=_judge, enable_SMTPUTF8=True,
        )  # fmt: skip

    def _trigger_server(self) -> None:
        """The port is known only now."""
        sockets = getattr(self.server, "sockets", None)
        if sockets:
            self.port = sockets[0].getsockname()[1]
        super()._trigger_server()

    @property
    def messages(self) -> list[Message]:
        return [message_from_bytes(bytes(envelope.content or b"")) for envelope in self.taken]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self._leave("MAIL", server)
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        with self._lock:
            self.taken.append(envelope)
        self._leave("DATA", server)
        return "250 queued as 1"

    def _leave(self, where: str, server: SMTP) -> None:
        if self.hang_up == where:
            server.transport.abort()


def _judge(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == tuple(map(str.encode, LOGIN))
    # Not `handled`: the server itself is to answer.
    return AuthResult(success=is_right, handled=False)


@contextmanager
def mail_server(certificate: Path | None = None, *, login: bool = True) -> Iterator[MailServer]:
    server = MailServer(certificate, login=login)
    server.start()
    # It has asked itself whether it answers.
    server.connections = 0
    try:
        yield server
    finally:
        server.stop()


def make_certificate(folder: Path, name: str = "localhost") -> Path:
    """Its own authority, for loopback; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = clock.datetime.now(clock.UTC)
    names = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - clock.timedelta(days=1)).not_valid_after(now + clock.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
