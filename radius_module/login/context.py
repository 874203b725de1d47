"""What answering a login needs of the process it runs in: little enough for a login over HTTP, or a test, to bring."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from models.accounting.records import AuthResult
from radius_module.directory.contents import Directory
from radius_module.guesses.counts import GuessCounts
from radius_module.login.duplicates import Duplicates
from radius_module.login.fast_path import FastPath
from radius_module.login.passwords import Passwords
from radius_module.login.reject_delay import RejectDelay
from radius_module.packets.reply_to import ReplyTo
from radius_module.rules.facts import Device, Slot


class OnlineSlots(Protocol):
    """Octets used and slots taken, by customer (radius_module.online.table.OnlineTable)."""

    def usage_and_slots(self, customer_id: int, period_start: float, now: float) -> tuple[int, tuple[Slot, ...]]: ...

    def seconds_online(self, customer_id: int, period_start: float) -> int: ...

    def take_slot(self, customer_id: int, key: str, now: float) -> None: ...


class ResultSpool(Protocol):
    """Where results of logins go."""

    def put_later(self, result: AuthResult, /) -> None: ...


class LoginContext(Protocol):
    """For the long way: every rule is asked, and the answer is handed back."""

    @property
    def directory(self) -> Directory: ...

    @property
    def passwords(self) -> Passwords: ...

    @property
    def online(self) -> OnlineSlots: ...

    @property
    def guesses(self) -> GuessCounts: ...

    @property
    def reject_delay(self) -> RejectDelay: ...

    @property
    def spool(self) -> ResultSpool: ...

    @property
    def answers(self) -> Counter[str]:
        """Code → answers since the start."""

    def device(self, address: str) -> Device | None:
        """The device at a source address."""


class ReplySender(Protocol):
    """Sends answers past FreeRADIUS (radius_module.replies.sender.Sender)."""

    def accept(self, reply_to: ReplyTo, attributes: bytes, /) -> bytes | None: ...

    def reject(self, reply_to: ReplyTo, attributes: bytes, delay: float, /) -> bytes | None: ...

    def again(self, reply_to: ReplyTo, octets: bytes, /) -> None: ...


class WireContext(LoginContext, Protocol):
    """For logins on the wire: also the short way, the answers of the last seconds, and the socket."""

    @property
    def fast_path(self) -> FastPath: ...

    @property
    def duplicates(self) -> Duplicates: ...

    @property
    def sender(self) -> ReplySender: ...

    def is_too_stale(self, isp_id: int, now: float) -> bool:
        """Are the facts older than the tenant lets its logins be served from?"""
