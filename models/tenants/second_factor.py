"""An operator's second factor: set up, confirmed, asked for, removed. In the caller's transaction; commits nothing."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit_trail import note
from models.refusals import Refused
from models.secrets.keyring import Keyring
from models.secrets.totp import make_recovery_codes, make_totp_secret, recovery_digest, step_of
from models.tables.users import OperatorTotp, User

#: After so many wrong codes without a right one, one is looked at every quarter of an hour. The password was right, so
#: nobody who does not know it can bring that about.
MOST_WRONG = 10
_PAUSE = timedelta(minutes=15)
#: What the encryption is bound to, for those who belong to no tenant.
_NO_TENANT = 0


class Verified(NamedTuple):
    """`factor`: which was right, or empty; `wait`: seconds until a code is looked at again."""

    factor: str
    wait: int


def is_enabled(session: Session, user_id: int) -> bool:
    """Has the operator a second factor?"""
    confirmed = select(OperatorTotp.user_id).where(
        OperatorTotp.user_id == user_id, OperatorTotp.confirmed_at.is_not(None)
    )
    return session.scalar(confirmed) is not None


def set_up(session: Session, keyring: Keyring, user: User) -> str:
    """A new secret, which is without effect until it is confirmed."""
    if is_enabled(session, user.id):
        raise Refused("totp_enabled", "There is a second factor already: remove it first.")
    secret = make_totp_secret()
    sealed = keyring.encrypt(secret, user.isp_id or _NO_TENANT, OperatorTotp.__tablename__, user.id)
    session.merge(OperatorTotp(user_id=user.id, isp_id=user.isp_id, secret=sealed, last_step=0, wrong_codes=0))
    note(session, "totp_begin", "users", user.id, user.isp_id)
    return secret


def confirm(session: Session, keyring: Keyring, user: User, code: str, now: datetime) -> list[str] | Verified:
    """The authenticator shows the right code: from now on it is asked for. The recovery codes; earlier tokens end."""
    factor = _locked(session, user.id)
    if factor is None or factor.confirmed_at is not None:
        raise Refused("no_totp_begun", "No second factor is being set up.")
    result = _verify(factor, keyring, code, now)
    if not result.factor:
        return result
    factor.confirmed_at = now
    user.token_version += 1
    note(session, "totp_enable", "users", user.id, user.isp_id)
    return _new_codes(factor)


def verify(session: Session, keyring: Keyring, user_id: int, code: str, now: datetime) -> Verified:
    """Is it the code of the moment, or a recovery code? Either is good once."""
    factor = _locked(session, user_id)
    if factor is None or factor.confirmed_at is None:
        return Verified("", 0)
    digest = recovery_digest(code)
    if digest in factor.recovery_codes:
        factor.recovery_codes = [kept for kept in factor.recovery_codes if kept != digest]
        return Verified("recovery_code", 0)
    return _verify(factor, keyring, code, now)


def renew_recovery_codes(session: Session, user: User) -> list[str]:
    """New ones; earlier ones are void."""
    factor = _locked(session, user.id)
    if factor is None or factor.confirmed_at is None:
        raise Refused("no_totp", "There is no second factor.")
    note(session, "totp_recovery_codes", "users", user.id, user.isp_id)
    return _new_codes(factor)


def remove(session: Session, user: User, action: str) -> bool:
    """Without a second factor from now on; every token of the user ends. False: there was none."""
    factor = _locked(session, user.id)
    if factor is None:
        return False
    session.delete(factor)
    user.token_version += 1
    note(session, action, "users", user.id, user.isp_id)
    session.flush()
    return True


def _locked(session: Session, user_id: int) -> OperatorTotp | None:
    """One attempt after the other."""
    return session.get(OperatorTotp, user_id, with_for_update=True, populate_existing=True)


def _verify(factor: OperatorTotp, keyring: Keyring, code: str, now: datetime) -> Verified:
    if factor.wrong_codes >= MOST_WRONG and factor.wrong_code_at is not None:
        left = (factor.wrong_code_at + _PAUSE - now).total_seconds()
        if left > 0:
            return Verified("", math.ceil(left))
    secret = keyring.decrypt(factor.secret, factor.isp_id or _NO_TENANT, OperatorTotp.__tablename__, factor.user_id)
    step = step_of(secret, code.replace(" ", ""), now.timestamp(), factor.last_step)
    if step is None:
        factor.wrong_codes, factor.wrong_code_at = factor.wrong_codes + 1, now
        return Verified("", 0)
    factor.last_step, factor.wrong_codes = step, 0
    return Verified("totp", 0)


def _new_codes(factor: OperatorTotp) -> list[str]:
    codes = make_recovery_codes()
    factor.recovery_codes = [recovery_digest(code) for code in codes]
    return codes
