"""The ledger's one writer. In the caller's transaction; commits nothing.

Kept balances are moved by a trigger in the same statement, so that no writer can forget one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.audit_trail import Actor
from models.refusals import Refused
from models.tables.ledger import KEPT, LedgerAccount, Transfer


class Movement(NamedTuple):
    """`amount` minor units from one account to another. The same `key` is the same movement, for ever."""

    key: str
    from_account: int
    to_account: int
    amount: int


class Cause(NamedTuple):
    """What movements are about: `charge` 12, on the tenant's local day `on`."""

    kind: str
    id: int
    on: date


def account(session: Session, isp_id: int, kind: str, name: str = "", *, floor: int | None = None) -> int:
    """The id of the tenant's account, opened when it is first asked for; `name` tells accounts of a kind apart."""
    code = _code(kind, name)
    query = select(LedgerAccount.id).where(LedgerAccount.isp_id == isp_id, LedgerAccount.code == code)
    if (existing := session.scalar(query)) is not None:
        return existing
    opened = _opened(session, isp_id, [(kind, name)], floor=floor).get(code)
    # Opened by somebody else at this moment: there for us once they have committed.
    return opened if opened is not None else session.scalars(query).one()


def _opened(
    session: Session, isp_id: int, wanted: Sequence[tuple[str, str]], *, floor: int | None = None
) -> dict[str, int]:
    """Code and id of those that nobody else has opened meanwhile; `wanted` in the order of codes."""
    rows = [
        {
            "isp_id": isp_id,
            "kind": kind,
            "code": _code(kind, name),
            "customer_id": int(name) if kind == "customer" else None,
            "floor": floor,
            "credit": 0 if kind in KEPT else None,
            "seq": 0 if kind in KEPT else None,
        }
        for kind, name in wanted
    ]
    opened = insert(LedgerAccount).values(rows).on_conflict_do_nothing()
    return dict(session.execute(opened.returning(LedgerAccount.code, LedgerAccount.id)).all())


def accounts(session: Session, isp_id: int, wanted: Sequence[tuple[str, str]]) -> list[int]:
    """The ids of several accounts (kind, name), in their order: one statement where all of them are open."""
    names = {_code(kind, name): (kind, name) for kind, name in wanted}
    query = select(LedgerAccount.code, LedgerAccount.id).where(
        LedgerAccount.isp_id == isp_id, LedgerAccount.code.in_(names)
    )
    known: dict[str, int] = dict(session.execute(query).all())
    if missing := sorted(names.keys() - known.keys()):
        known |= _opened(session, isp_id, [names[code] for code in missing])
    return [known.get(_code(*name)) or account(session, isp_id, *name) for name in wanted]


def post(session: Session, isp_id: int, cause: Cause, movements: Iterable[Movement]) -> list[Transfer]:
    """Write the movements; those whose key is known already are left as they stand."""
    return post_all(session, isp_id, [(cause, movement) for movement in movements])


def post_all(session: Session, isp_id: int, movements: Sequence[tuple[Cause, Movement]]) -> list[Transfer]:
    """The same of movements about several things."""
    rows = [
        movement._asdict()
        | {"isp_id": isp_id, "cause": cause.kind, "cause_id": cause.id, "effective_on": cause.on}
        | {"actor": acting(session)}
        for cause, movement in movements
    ]
    return _insert(session, isp_id, rows)


def reverse(session: Session, isp_id: int, cause: Cause, transfers: Sequence[Transfer]) -> list[Transfer]:
    """Take the transfers back, each in full and once for ever."""
    rows = [
        {
            "isp_id": isp_id,
            "key": f"reversal:{transfer.id}",
            "from_account": transfer.to_account,
            "to_account": transfer.from_account,
            "amount": transfer.amount,
            "reverses": transfer.id,
            "cause": cause.kind,
            "cause_id": cause.id,
            "effective_on": cause.on,
            "actor": acting(session),
        }
        for transfer in transfers
    ]
    return _insert(session, isp_id, rows)


def transfers_of(session: Session, isp_id: int, cause: str, cause_id: int) -> list[Transfer]:
    """Those about one thing, reversals left out."""
    query = select(Transfer).where(
        Transfer.isp_id == isp_id, Transfer.cause == cause, Transfer.cause_id == cause_id, Transfer.reverses.is_(None)
    )
    return list(session.scalars(query.order_by(Transfer.id)))


def credit_of(session: Session, isp_id: int, customer_id: int) -> int:
    """The customer's money with the tenant; below zero, what they owe."""
    query = select(LedgerAccount.credit).where(
        LedgerAccount.isp_id == isp_id, LedgerAccount.code == f"customer:{customer_id}"
    )
    return session.scalar(query) or 0


def spend_alone(session: Session, isp_id: int, customer_id: int) -> None:
    """From here on nobody else spends the customer's credit until this transaction ends."""
    session.execute(_ONE_SPENDER, {"spender": f"infora credit {isp_id} {customer_id}"})


def spendable(session: Session, isp_id: int, customer_id: int) -> int:
    """The customer's credit, which nobody else spends until this transaction ends."""
    spend_alone(session, isp_id, customer_id)
    return credit_of(session, isp_id, customer_id)


def balances(session: Session, isp_id: int, codes: Sequence[str]) -> dict[str, int]:
    """Of accounts without a kept balance: the newest checkpoint of each, and what came after it."""
    rows = session.execute(_BALANCES, {"isp_id": isp_id, "codes": list(codes)})
    return {code: int(amount) for code, amount in rows}


def has_transfers(session: Session, isp_id: int) -> bool:
    """Whether the tenant's books have begun: from then on currency and time zone stay."""
    begun: ColumnElement[bool] = select(Transfer.id).where(Transfer.isp_id == isp_id).exists()
    return bool(session.scalar(select(begun)))


def acting(session: Session) -> str:
    """Who acts, as the audit log calls them."""
    actor: Actor = session.info.get("actor", Actor("system"))
    return actor.name


_ONE_SPENDER = text("select pg_advisory_xact_lock(hashtextextended(:spender, 0))")
_BALANCES = text("""
select a.code, coalesce(c.balance, 0)
       + coalesce((select sum(amount) from transfers t where t.isp_id = a.isp_id and t.to_account = a.id
                    and t.id > coalesce(c.through_id, 0)), 0)
       - coalesce((select sum(amount) from transfers t where t.isp_id = a.isp_id and t.from_account = a.id
                    and t.id > coalesce(c.through_id, 0)), 0)
  from ledger_accounts a
  left join lateral (select balance, through_id from ledger_checkpoints c
                      where c.isp_id = a.isp_id and c.account_id = a.id order by through_id desc limit 1) c on true
 where a.isp_id = :isp_id and a.code = any(:codes)
""")


def _insert(session: Session, isp_id: int, rows: list[dict[str, object]]) -> list[Transfer]:
    if not rows:
        return []
    session.flush()
    written = session.scalars(insert(Transfer).values(rows).on_conflict_do_nothing().returning(Transfer)).all()
    if len(written) == len(rows):
        return sorted(written, key=lambda transfer: transfer.id)
    return _known(session, isp_id, rows)


def _known(session: Session, isp_id: int, rows: list[dict[str, object]]) -> list[Transfer]:
    """What stands under the rows' keys, which must be the same movements."""
    keys = [row["key"] for row in rows]
    query = select(Transfer).where(Transfer.isp_id == isp_id, Transfer.key.in_(keys)).order_by(Transfer.id)
    known = {transfer.key: transfer for transfer in session.scalars(query)}
    for row in rows:
        transfer = known.get(str(row["key"]))
        if transfer is None or any(getattr(transfer, name) != row[name] for name in _SAME):
            raise Refused("key_reused", "This key stands for another transfer already.")
    return list(known.values())


def _code(kind: str, name: str) -> str:
    return f"{kind}:{name}" if name else kind


_SAME = ("from_account", "to_account", "amount")
