"""Encrypts stored secrets anew with the key that writes (models.secrets.keyring), so that older keys can be dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, Connection, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from admin_api.operation.installation import NotPossible, owner_engine
from admin_api.settings import keyring
from models import IdempotencyKey, Isp, MikrotikDevice, OperatorTotp, Radcheck, SmtpSettings
from models.secrets.keyring import PREFIX, CredentialError, Keyring

BATCH = 500
_KEPT = cast(InstrumentedAttribute[str], IdempotencyKey.answer)


class _Secret(NamedTuple):
    """A column with secrets: its table's key, and whose they are (tenant, row) in what the encryption is bound to."""

    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]
    key: InstrumentedAttribute[int]
    isp: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
    row: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]


_SECRETS = (
    _Secret(Isp.radius_secret, Isp.id, Isp.id, Isp.id),
    _Secret(MikrotikDevice.radius_secret, MikrotikDevice.id, MikrotikDevice.isp_id, MikrotikDevice.id),
    _Secret(MikrotikDevice.api_password, MikrotikDevice.id, MikrotikDevice.isp_id, MikrotikDevice.id),
    _Secret(Radcheck.value, Radcheck.id, Radcheck.isp_id, Radcheck.customer_id),
    _Secret(SmtpSettings.password, SmtpSettings.isp_id, SmtpSettings.isp_id, SmtpSettings.isp_id),
    _Secret(OperatorTotp.secret, OperatorTotp.user_id, OperatorTotp.isp_id, OperatorTotp.user_id),
)


def count(env: Mapping[str, str]) -> int:
    """How many stored secrets there are."""
    engine = owner_engine(env)
    try:
        with engine.connect() as connection:
            counts = [connection.scalar(select(func.count()).where(_encrypted(secret))) for secret in _SECRETS]
            return sum(number or 0 for number in counts)
    finally:
        engine.dispose()


def rotate(env: Mapping[str, str], progress: Callable[[int], None]) -> int:
    """Go through all of them in small transactions; safe to stop and to repeat. Returns how many were changed."""
    engine, ring = owner_engine(env), keyring(env)
    changed = 0
    try:
        for secret in _SECRETS:
            after = 0
            while True:
                with engine.begin() as connection:
                    seen, last, done = _batch(connection, ring, secret, after)
                if not seen:
                    break
                after, changed = last, changed + done
                progress(seen)
        with engine.begin() as connection:
            # Kept answers live for a day; they are not worth a key.
            connection.execute(delete(IdempotencyKey).where(_KEPT.not_like(f"{PREFIX}{ring.writer}:%")))
    except CredentialError as wrong:
        raise NotPossible(
            f"{wrong}: append the old key to CREDENTIAL_KEYS, behind the new one, and start again"
        ) from None
    finally:
        engine.dispose()
    return changed


def _batch(connection: Connection, ring: Keyring, secret: _Secret, after: int) -> tuple[int, int, int]:
    """(rows seen, the last one's key, rows changed)"""
    column, key, isp, row = secret
    wanted = select(key, isp, row, column).where(key > after, _encrypted(secret)).order_by(key).limit(BATCH)
    rows = connection.execute(wanted).all()
    changed = 0
    for number, isp_id, row_id, stored in rows:
        if stored is None or ring.is_current(stored):
            continue
        table = key.class_.__tablename__
        bound_to = isp_id or 0, table, row_id or 0
        fresh = ring.encrypt(ring.decrypt(stored, *bound_to), *bound_to)
        # Whoever changed the secret meanwhile wrote it with the new key.
        connection.execute(update(key.class_).where(key == number, column == stored).values({column: fresh}))
        changed += 1
    return len(rows), rows[-1][0] if rows else after, changed


def _encrypted(secret: _Secret) -> ColumnElement[bool]:
    return cast(InstrumentedAttribute[str], secret.column).startswith(PREFIX)
