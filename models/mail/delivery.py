"""Which message leaves next, and what became of it: the worker's statements. Each is short, and commits nothing.

A message is claimed, and the claim committed, before its first octet leaves. A worker that dies with a claim leaves a
message of which nobody knows whether it has arrived: such a one is not sent again by itself.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

#: The longest that a message is on its way, seconds; who holds it longer is dead.
CLAIM = 900
#: Back-off: 1 minute, 3, 9, ... up to 6 hours; after three days it has failed.
_LATER = (
    "status = case when created_at < now() - interval '3 days' then 'failed' else 'pending' end,"
    " done_at = case when created_at < now() - interval '3 days' then now() end,"
    " next_attempt_at = now() + least(interval '6 hours', interval '1 minute' * power(3, least(attempts, 9))),"
    " attempts = attempts + 1, claimed_at = null, error = :error, answer = :answer"
)

_TENANTS = text("""
select distinct isp_id from mails where status = 'pending' and next_attempt_at <= now() order by isp_id
""")
_CLAIM = text("""
update mails m set status = 'sending', claimed_at = now(), error = null, answer = null
  from (select isp_id, id from mails where isp_id = :isp and status = 'pending' and next_attempt_at <= now()
         order by next_attempt_at, id limit 1 for update skip locked) as next
 where m.isp_id = next.isp_id and m.id = next.id
returning m.id, m.document_id, m.recipient, m.subject, m.body, m.token, extract(epoch from m.created_at)::float8
""")
_SENT = text("""
update mails set status = 'sent', claimed_at = null, done_at = now(), attempts = attempts + 1, answer = :answer
 where isp_id = :isp and id = :id and status = 'sending'
""")
_FAILED = text("""
update mails set status = 'failed', claimed_at = null, done_at = now(), attempts = attempts + 1, error = :error,
       answer = :answer
 where isp_id = :isp and id = :id and status = 'sending'
""")
_POSTPONED = text(f"update mails set {_LATER} where isp_id = :isp and id = :id and status = 'sending'")  # noqa: S608  # constants
_ALL_POSTPONED = text(
    f"update mails set {_LATER} where isp_id = :isp and status = 'pending' and next_attempt_at <= now()"  # noqa: S608  # constants
)
_ABANDONED = text("""
update mails set status = 'failed', error = 'unknown_outcome', claimed_at = null, done_at = now(),
       attempts = attempts + 1
 where status = 'sending' and claimed_at < now() - make_interval(secs => :claim)
""")
_ACCOUNT = text("""
select host, port, security, username, password, sender, sender_name, reply_to from smtp_settings where isp_id = :isp
""")
_AUTOMATIC = text("""
select s.isp_id from smtp_settings s join document_chains c on c.isp_id = s.isp_id
 where s.sent_through < c.length order by s.isp_id
""")
_FORGET = text("""
delete from mails m using isps i
 where i.id = m.isp_id and m.done_at < now() - make_interval(days => i.request_retention_days::int)
""")


class Account(NamedTuple):
    """A tenant's server; the password is as stored: encrypted."""

    host: str
    port: int
    security: str
    username: str | None
    password: str | None
    sender: str
    sender_name: str
    reply_to: str | None


class Claimed(NamedTuple):
    """A message that is this worker's."""

    id: int
    document_id: int | None
    recipient: str
    subject: str
    body: str
    token: str
    #: Epoch seconds.
    created: float


def tenants_due(connection: Connection) -> list[int]:
    """Tenants with messages whose time has come."""
    return list(connection.scalars(_TENANTS))


def tenants_with_news(connection: Connection) -> list[int]:
    """Tenants that send documents when they are issued, and have issued some."""
    return list(connection.scalars(_AUTOMATIC))


def account(connection: Connection, isp_id: int) -> Account | None:
    row = connection.execute(_ACCOUNT, {"isp": isp_id}).one_or_none()
    return None if row is None else Account(*row)


def claim(connection: Connection, isp_id: int) -> Claimed | None:
    """The tenant's next message; commit before anything of it leaves."""
    row = connection.execute(_CLAIM, {"isp": isp_id}).one_or_none()
    return None if row is None else Claimed(*row)


def sent(connection: Connection, isp_id: int, mail: int, answer: str) -> None:
    connection.execute(_SENT, {"isp": isp_id, "id": mail, "answer": answer})


def failed(connection: Connection, isp_id: int, mail: int, error: str, answer: str) -> None:
    """It is not tried again by itself."""
    connection.execute(_FAILED, {"isp": isp_id, "id": mail, "error": error, "answer": answer})


def postpone(connection: Connection, isp_id: int, mail: int, error: str, answer: str) -> None:
    """It is tried again, later each time; after three days it has failed."""
    connection.execute(_POSTPONED, {"isp": isp_id, "id": mail, "error": error, "answer": answer})


def postpone_all(connection: Connection, isp_id: int, error: str, answer: str) -> int:
    """The same for all that are due, where the server itself cannot be used. How many."""
    return connection.execute(_ALL_POSTPONED, {"isp": isp_id, "error": error, "answer": answer}).rowcount


def give_up_abandoned(connection: Connection) -> int:
    """Whoever had claimed them is dead: nobody knows whether they have arrived. How many."""
    return connection.execute(_ABANDONED, {"claim": CLAIM}).rowcount


def forget_old(connection: Connection) -> int:
    """What a tenant no longer keeps of what is over. How many."""
    return connection.execute(_FORGET).rowcount
