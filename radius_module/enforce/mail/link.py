"""A connection to a mail server (RFC 5321), and one message over it: what the server says decides what becomes of it.

smtplib speaks the protocol. It is told the address that was checked, and the name only for the certificate.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple

from models.mail.delivery import Account

#: Seconds: one answer; everything about one message, and all that leads up to the first.
_ANSWERS_WITHIN, _TAKES_WITHIN = 20.0, 120.0
_ANSWER_SHOWN = 300
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)


class NoLink(Exception):
    """The server cannot be used now. `error` is one of the errors of a message."""

    def __init__(self, error: str, answer: str = "") -> None:
        super().__init__(f"{error}: {answer}")
        self.error, self.answer = error, answer


class Verdict(NamedTuple):
    """`later`: it has certainly not been taken, and may be tried again."""

    outcome: Literal["sent", "later", "failed"]
    error: str
    answer: str


class _Plain(smtplib.SMTP):
    """Knows the server's name without connecting to it."""

    def __init__(self, host: str) -> None:
        super().__init__(timeout=_ANSWERS_WITHIN, local_hostname=_own_name())
        self._host = host


class _Secure(smtplib.SMTP_SSL):
    def __init__(self, host: str) -> None:
        super().__init__(timeout=_ANSWERS_WITHIN, local_hostname=_own_name(), context=ssl.create_default_context())
        self._host = host


@contextmanager
def connected(account: Account, address: str, password: str | None) -> Iterator[smtplib.SMTP]:
    """Greeted, encrypted as the settings say, logged in. Raises NoLink."""
    link: smtplib.SMTP = _Secure(account.host) if account.security == "tls" else _Plain(account.host)
    try:
        with _in_time(link):
            _open(link, account, address, password)
        yield link
    finally:
        with suppress(OSError, smtplib.SMTPException):
            link.close()


def deliver(link: smtplib.SMTP, sender: str, recipient: str, message: bytes) -> Verdict:
    """One message to one address. Where the connection ends after the last octet, nobody knows what became of it."""
    options = ["SMTPUTF8"] if not (sender + recipient).isascii() else []
    if options and not link.has_extn("smtputf8"):
        return Verdict("failed", "unsendable", "The server takes no addresses beyond ASCII.")
    with _in_time(link):
        try:
            for code, answer in (link.mail(sender, options), link.rcpt(recipient), link.docmd("DATA")):
                if code not in (250, 251, 354):
                    return _refused(link, code, answer)
        except (OSError, smtplib.SMTPException) as lost:
            return Verdict("later", "no_answer", str(lost)[:_ANSWER_SHOWN])
        try:
            link.send(_FIRST_DOT.sub(b"..", message) + b".\r\n")
            code, answer = link.getreply()
        except (OSError, smtplib.SMTPException) as lost:
            return Verdict("failed", "unknown_outcome", str(lost)[:_ANSWER_SHOWN])
    return Verdict("sent", "", _shown(code, answer)) if code == 250 else _refused(link, code, answer)


def _open(link: smtplib.SMTP, account: Account, address: str, password: str | None) -> None:
    try:
        code, answer = link.connect(address, account.port)
        if code != 220:
            raise NoLink("no_answer", _shown(code, answer))
        link.ehlo_or_helo_if_needed()
        if account.security == "starttls":
            link.starttls(context=ssl.create_default_context())
            link.ehlo()
    except (ssl.SSLError, smtplib.SMTPNotSupportedError) as wrong:
        raise NoLink("tls_failed", str(wrong)[:_ANSWER_SHOWN]) from None
    except (OSError, smtplib.SMTPException) as wrong:
        # smtplib says of a refused STARTTLS only what the server said.
        raise NoLink("no_answer", str(wrong)[:_ANSWER_SHOWN]) from None
    if account.username is None or password is None:
        return
    try:
        link.login(account.username, password)
    except smtplib.SMTPAuthenticationError as wrong:
        raise NoLink("bad_login", _shown(wrong.smtp_code, wrong.smtp_error)) from None
    except (OSError, smtplib.SMTPException, UnicodeError) as wrong:
        raise NoLink("bad_login", str(wrong)[:_ANSWER_SHOWN]) from None


def _refused(link: smtplib.SMTP, code: int, answer: bytes | str) -> Verdict:
    """4xx is for now, 5xx for good: also 551, which names another address that nobody asked us to write to."""
    with suppress(OSError, smtplib.SMTPException):
        link.rset()
    return Verdict("later" if code < 500 else "failed", "rejected", _shown(code, answer))


def _shown(code: int, answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return "".join(each if each.isprintable() else " " for each in f"{code} {text}")[:_ANSWER_SHOWN]


@contextmanager
def _in_time(link: smtplib.SMTP) -> Iterator[None]:
    """A server that answers an octet at a time is left."""

    def leave() -> None:
        with suppress(OSError):
            if link.sock is not None:
                link.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(_TAKES_WITHIN, leave)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _own_name() -> str:
    """For EHLO: without a question to the resolver, which may take its time."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"
