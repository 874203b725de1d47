"""`Idempotency-Key`: the answer to a POST is stored in the transaction that did the work, so that a twin gets the same.

A twin that comes while the first still runs waits for it at the unique constraint, and gets its answer.
"""

from __future__ import annotations

import hashlib

from flask import Response, current_app, g, request
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from admin_api.web.database import session
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from models.tables.api_access import IdempotencyKey

HEADER = "Idempotency-Key"
_LONGEST = 255
_LIFETIME = text("interval '24 hours'")


def stored_answer(*, resumes: bool = False) -> Response | None:
    """The answer of the first twin; None where this request is the first, or carries no key.

    `resumes`: None also where the first twin has committed a part of its work and no answer, so that it goes on.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST" or "caller" not in g:
        return None
    if not 1 <= len(key) <= _LONGEST:
        refuse(400, "bad_request", f"{HEADER} must have 1 to {_LONGEST} characters.")
    key_digest, request_digest = _digest(key.encode("latin-1")), _request_digest()
    caller = f"{g.caller} in {g.isp_id}"
    _forget_old(caller)
    g.stored_id = session().scalar(
        insert(IdempotencyKey)
        .values(isp_id=g.isp_id, caller=caller, key_digest=key_digest, request_digest=request_digest)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.id)
    )
    return None if g.stored_id is not None else _repeat(caller, key_digest, request_digest, resumes=resumes)


def stored_id() -> int | None:
    """The row that the answer will be stored in; None where the request carries no key."""
    row_id: int | None = g.get("stored_id")
    return row_id


def store(response: Response) -> None:
    """Store the answer beside the work; it may show a secret for the only time, so it is encrypted."""
    stored_id = g.get("stored_id")
    if stored_id is None:
        return
    answer = parts().keyring.encrypt(response.get_data(as_text=True), g.isp_id or 0, "idempotency_keys", stored_id)
    session().execute(
        update(IdempotencyKey).where(IdempotencyKey.id == stored_id).values(status=response.status_code, answer=answer)
    )


def forget() -> None:
    """Nothing was done that a twin may not do again: what is committed is not the key."""
    if (stored_id := g.pop("stored_id", None)) is not None:
        session().execute(delete(IdempotencyKey).where(IdempotencyKey.id == stored_id))


def _repeat(caller: str, key_digest: str, request_digest: str, *, resumes: bool) -> Response | None:
    stored = session().scalar(
        select(IdempotencyKey).where(IdempotencyKey.caller == caller, IdempotencyKey.key_digest == key_digest)
    )
    if stored is None or (stored.answer is None and not resumes):
        refuse(409, "busy", "The first request with this key is still running.")
    if stored.request_digest != request_digest:
        refuse(422, "idempotency_key_reused", f"This {HEADER} was used for another request.")
    if stored.answer is None:
        g.stored_id = stored.id
        return None
    body = parts().keyring.decrypt(stored.answer, g.isp_id or 0, "idempotency_keys", stored.id)
    response = current_app.response_class(body, status=stored.status, mimetype="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _forget_old(caller: str) -> None:
    session().execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.caller == caller, IdempotencyKey.created_at < func.now() - _LIFETIME
        )
    )


def _request_digest() -> str:
    return _digest(b"\0".join([request.method.encode(), request.full_path.encode(), request.get_data()]))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
