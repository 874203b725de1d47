"""The running installation as its operator sees it: SQL by hand, and changes through the models."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models.db import make_engine
from models.secrets.keyring import Keyring
from service import parts
from service.testing import Installation
from tests.radius_client import Pap, Reply, Visit, access_attributes, access_request, exchange, verify
from tests.wire import freeradius_log

_PATIENCE = 10.0
#: RFC 2865 section 5.42.
_PORT_LIMIT = 62
_PROBE = "127.0.0.2"
Row = tuple[Any, ...]


class System:
    """PostgreSQL, FreeRADIUS and whatever else there is of the parts, for one test run."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.demo = installation.start_all("auth")
        for name in ("acct", "writer"):
            if parts.by_name(name) in parts.present(installation.settings):
                installation.start(name)
        self.owner: Engine = make_engine(installation.urls.owner, "tests")
        self.keyring = Keyring.parse(installation.secrets.credential_keys)
        self.server = (installation.settings.radius_listen, installation.settings.radius_auth_port)
        # The kernel may give two requests in a row the same port: then the second comes a moment too early.
        self.expected_log = ["due to unfinished request"]
        self._numbers = itertools.count(1)
        self._unsettled = False
        self._mark = 0
        self._plant_mark()

    def close(self) -> None:
        """Let go of the database."""
        self.owner.dispose()

    def expect_log(self, pattern: str) -> None:
        """A test provokes lines of the log like this one."""
        self.expected_log.append(pattern)

    def log(self, part: str) -> str:
        """Everything that a part has logged."""
        return "\n".join(freeradius_log.lines(self.installation.settings.state_dir, part))

    def number(self) -> int:
        """One that nobody else in this run has."""
        return next(self._numbers)

    def new_address(self) -> str:
        """A router's source address on loopback that nobody else in this run has."""
        number = self.number()
        return f"127.{10 + number // 62500}.{1 + number // 250 % 250}.{1 + number % 250}"

    # -- changes ----------------------------------------------------------------------------------------------

    @contextmanager
    def change(self) -> Iterator[Session]:
        """A change through the models, committed at the end of the block; in force for the next login."""
        with Session(self.owner, expire_on_commit=False) as session:
            yield session
            session.commit()
        self._unsettled = True

    def sql(self, statement: str, **values: object) -> list[Row]:
        """What somebody types into psql."""
        with self.owner.begin() as connection:
            result = connection.execute(text(statement), values)
            rows = [tuple(row) for row in result] if result.returns_rows else []
        self._unsettled = True
        return rows

    def settle(self) -> None:
        """Wait until FreeRADIUS knows all that has been committed so far.

        News are followed one after the other, so that a change which is seen came after all earlier ones. Twice,
        because news that arrive together are taken in together, and the mark may be the first of them.
        """
        if self._unsettled:
            self._unsettled = False
            self._move_mark()
            self._move_mark()

    # -- the mark ---------------------------------------------------------------------------------------------

    def _plant_mark(self) -> None:
        """A row of the demo customer's own, and a login that shows it."""
        customer = self.demo["customer"]
        self.sql(
            "insert into radreply (isp_id, username, attribute, op, value)"
            " values (:isp, :name, 'Port-Limit', ':=', '0')",
            isp=self.demo["isp"]["id"], name=customer["username"],
        )  # fmt: skip

    def _move_mark(self) -> None:
        self._mark += 1
        with self.owner.begin() as connection:
            connection.execute(
                text("update radreply set value = :mark where attribute = 'Port-Limit' and isp_id = :isp"),
                {"mark": str(self._mark), "isp": self.demo["isp"]["id"]},
            )
        deadline = time.monotonic() + _PATIENCE
        while (seen := self._seen_mark()) != self._mark:
            assert time.monotonic() < deadline, f"after {_PATIENCE} s FreeRADIUS still says {seen}, not {self._mark}"
            time.sleep(0.002)

    def _seen_mark(self) -> int | None:
        """The probe's login, which leaves nothing behind."""
        answer = self.probe("02:00:00:00:00:AA")
        limits = answer.integers(_PORT_LIMIT) if answer else []
        return limits[0] if limits else None

    def probe(self, mac: str) -> Reply | None:
        """The demo customer's login as the installation's own probe sends it."""
        customer, secret = self.demo["customer"], self.installation.secrets.radius_secret.encode()
        visit = Visit(customer["username"], "80000001", mac=mac, nas_address=_PROBE)
        request = access_request(secret, access_attributes(visit), Pap(customer["password"].encode()))
        octets = exchange(request, self.server, timeout=1.0, source=(_PROBE, 0))
        return None if octets is None else verify(octets, request)
