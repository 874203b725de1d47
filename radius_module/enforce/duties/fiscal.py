"""Documents are told to a tax authority, and its answers are kept: in a thread of its own, so that issuing never waits.

`reference` is an adapter against a system that answers in JSON with a control number, a signature and the text of a QR
code; an adapter for a country's own system stands beside it. Its address is the installation's, never a tenant's.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.audit_trail import Actor, act_as
from models.db import make_engine
from models.money.fiscal import answers
from models.money.fiscal.answers import Authority, Unanswered, Unreachable
from radius_module.enforce.duties.keep_doing import keep_doing

log = logging.getLogger("radius_module.enforce")

#: Seconds: between two looks, for one answer, and until an authority that gave none is asked again.
_LOOK, _ANSWERS_WITHIN, _REST = 2.0, 10.0, 60.0
#: Octets of an answer.
_LONGEST = 65536


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What is told to an authority goes to its address, and nowhere else."""

    def redirect_request(self, *_arguments: Any) -> None:  # noqa: ANN401  # urllib's own
        return None


class Reference:
    """POST as JSON to one address; 200 with JSON is the answer."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("FISCAL_REFERENCE_URL must be an http or https address")
        self._url = url
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)

    def register(self, key: str, told: dict[str, Any]) -> dict[str, Any]:
        """Its answer, or Unreachable."""
        body = json.dumps(told, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        request = urllib.request.Request(self._url, body, headers)  # noqa: S310  # http or https, see above
        try:
            with self._opener.open(request, timeout=_ANSWERS_WITHIN) as response:
                answer = json.loads(response.read(_LONGEST + 1)[:_LONGEST])
        except (OSError, ValueError) as error:
            raise Unreachable(str(error)) from None
        if not isinstance(answer, dict):
            raise Unreachable("the answer is no JSON object")
        return answer


class Registrar:
    """Goes through what is not answered; who gave no answer is left alone for a while."""

    def __init__(self, engine: Engine, authorities: Mapping[str, Authority]) -> None:
        self._engine, self._authorities = engine, authorities
        self._resting: dict[str, float] = {}

    def go_round(self) -> int:
        """How many answers were kept."""
        with Session(self._engine) as session:
            waiting = answers.unanswered(session)
        return sum(self._register(document) for document in waiting)

    def _register(self, document: Unanswered) -> bool:
        authority = self._authorities.get(document.authority)
        if authority is None or self._resting.get(document.authority, 0) > time.monotonic():
            return False
        with Session(self._engine) as session:
            key, told = answers.told(session, document.isp_id, document.document_id)
        try:
            answer = authority.register(key, told)  # no transaction is open meanwhile
            with Session(self._engine) as session, session.begin():
                act_as(session, Actor("fiscal"))
                return answers.keep(session, document, answer)
        except Unreachable as error:
            self._resting[document.authority] = time.monotonic() + _REST
            log.warning("fiscal: %s gives no answer about document %d of tenant %d: %s",
                        document.authority, document.document_id, document.isp_id, error)  # fmt: skip
            return False


def keep_registering(url: str, stopping: threading.Event, reference: str | None) -> None:
    """Until told to stop; at once back where the installation has no authority's address."""
    if not reference:
        return
    engine = make_engine(url, "infora fiscal", pool_size=1, max_overflow=0)
    registrar = Registrar(engine, {"reference": Reference(reference)})

    def look() -> float:
        registrar.go_round()
        return _LOOK

    keep_doing("fiscal", look, stopping, _LOOK)
    engine.dispose()
