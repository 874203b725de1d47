"""E-mail leaves: in a thread of its own, a few tenants at a time, so that nobody waits for another's server.

A message is claimed before it leaves and its outcome written down afterwards; several workers do no harm.
"""

from __future__ import annotations

import logging
import smtplib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models.audit_trail import Actor, act_as
from models.db import first_line, make_engine
from models.mail import attachments, delivery, queue, server_settings
from models.mail.delivery import Account, Claimed
from models.mail.message import compose
from models.money.paper.pdf import NoFonts
from models.secrets.keyring import CredentialError
from radius_module.enforce.duties.keep_doing import keep_doing
from radius_module.enforce.mail import link as smtp
from radius_module.enforce.mail.link import NoLink, Verdict
from radius_module.enforce.resolving import address_of
from radius_module.enforce.router.reach import Ground

log = logging.getLogger("radius_module.enforce")

#: Seconds between two looks; how long old messages are left before the next are forgotten.
_LOOK, _FORGET = 2.0, 3600.0
#: Tenants whose servers are spoken to at once; messages over one connection.
_AT_ONCE, _PER_LINK = 4, 50


class Mailing:
    """One worker's part in it."""

    def __init__(self, engine: Engine, ground: Ground, stopping: threading.Event) -> None:
        self._engine, self._ground, self._stopping = engine, ground, stopping
        self._forgot_at = 0.0

    def go_round(self) -> int:
        """Everything that is due; how many tenants had something. Raises the database's errors."""
        self._queue_issued()
        with self._engine.begin() as connection:
            delivery.give_up_abandoned(connection)
            if time.monotonic() > self._forgot_at + _FORGET:
                self._forgot_at = time.monotonic()
                delivery.forget_old(connection)
            tenants = delivery.tenants_due(connection)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mailing") as senders:
            list(senders.map(self._serve, tenants))
        return len(tenants)

    def _queue_issued(self) -> None:
        with self._engine.begin() as connection:
            tenants = delivery.tenants_with_news(connection)
        for isp_id in tenants:
            with Session(self._engine) as session, session.begin():
                act_as(session, Actor("mailing"))
                settings = server_settings.read(session, isp_id)
                if settings is not None:
                    queue.queue_issued(session, settings)

    def _serve(self, isp_id: int) -> None:
        """A tenant's messages over one connection. A server that cannot be used is written down, never raised."""
        try:
            with self._engine.begin() as connection:
                account = delivery.account(connection, isp_id)
            try:
                self._send_all(isp_id, account)
            except NoLink as wrong:
                with self._engine.begin() as connection:
                    count = delivery.postpone_all(connection, isp_id, wrong.error, wrong.answer)
                log.warning("mailing: %d messages of tenant %d wait: %s", count, isp_id, wrong.error)
        except SQLAlchemyError as error:
            log.warning("mailing: tenant %d: %s", isp_id, first_line(error))

    def _send_all(self, isp_id: int, account: Account | None) -> None:
        if account is None:
            raise NoLink("no_settings")
        address, password = self._address(account), self._password(isp_id, account)
        with smtp.connected(account, address, password) as link:
            for _ in range(_PER_LINK):
                if self._stopping.is_set() or not self._send_next(isp_id, account, link):
                    return

    def _send_next(self, isp_id: int, account: Account, link: smtplib.SMTP) -> bool:
        """Whether the connection may be used for another one."""
        with self._engine.begin() as connection:
            mail = delivery.claim(connection, isp_id)
        if mail is None:
            return False
        verdict = self._send(isp_id, account, mail, link)
        with self._engine.begin() as connection:
            if verdict.outcome == "sent":
                delivery.sent(connection, isp_id, mail.id, verdict.answer)
            else:
                write = delivery.postpone if verdict.outcome == "later" else delivery.failed
                write(connection, isp_id, mail.id, verdict.error, verdict.answer)
        if verdict.outcome != "sent":
            log.warning("mailing: message %d of tenant %d: %s, %s", mail.id, isp_id, verdict.outcome, verdict.error)
        return verdict.error not in ("no_answer", "unknown_outcome")

    def _send(self, isp_id: int, account: Account, mail: Claimed, link: smtplib.SMTP) -> Verdict:
        try:
            with Session(self._engine) as session, session.begin():
                attachment = attachments.of(session, isp_id, mail.document_id)
            message = compose(account, mail, attachment)
        except attachments.NoDocument as wrong:
            return Verdict("failed", "no_document", str(wrong))
        except (ValueError, NoFonts) as wrong:
            return Verdict("failed", "unsendable", str(wrong))
        return smtp.deliver(link, account.sender, mail.recipient, message)

    def _address(self, account: Account) -> str:
        ground = self._ground
        try:
            return address_of(account.host, account.port, ground.ours, loopback_allowed=ground.loopback_allowed)
        except LookupError as unknown:
            raise NoLink("no_answer", str(unknown)) from None
        except ValueError:
            raise NoLink("refused_address", f"{account.host} is not the address of a mail server.") from None

    def _password(self, isp_id: int, account: Account) -> str | None:
        if account.password is None:
            return None
        try:
            return self._ground.keyring.decrypt(account.password, isp_id, server_settings.TABLE, isp_id)
        except CredentialError:
            raise NoLink("bad_login", "Its password cannot be opened with this installation's keys.") from None


def keep_mailing(url: str, stopping: threading.Event, ground: Ground) -> None:
    """Until told to stop. Never raises."""
    engine = make_engine(url, "infora mailing", pool_size=_AT_ONCE + 1, max_overflow=0)
    mailing = Mailing(engine, ground, stopping)

    def look() -> float:
        return 0.0 if mailing.go_round() else _LOOK

    keep_doing("mailing", look, stopping, _LOOK)
    engine.dispose()
