"""The property of the books, 500 cases here and 20,000 in `make fault`; and that it finds a mistake that is planted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from models.accounting import session
from models.db import make_engine
from radius_module.writer import writer
from service.testing import Installation
from tests.support.books_property import RENEWAL, ZONES, book, cases, check
from tests.support.database import Tenant, make_tenant

CASES = int(os.environ.get("BOOKS_CASES", "500"))


@pytest.fixture(scope="module")
def engine(installation: Installation) -> Iterator[Engine]:
    connections = engine_of(installation)
    yield connections
    connections.dispose()


@pytest.fixture(scope="module")
def tenants(engine: Engine) -> list[Tenant]:
    return tenants_in(engine)


def engine_of(installation: Installation) -> Engine:
    """Commits need not reach the disk: the machine does not die in these cases."""
    options = "-c synchronous_commit=off"
    return make_engine(installation.urls.engine, "property", server_options=options, pool_pre_ping=False)


def tenants_in(engine: Engine) -> list[Tenant]:
    """One in each time zone."""
    return [
        make_tenant(engine, f"zone {zone}", address=f"10.2.{number}.1", zone=zone, username="twin",
                    periods=(RENEWAL - 86_400 * 30, RENEWAL))
        for number, zone in enumerate(ZONES)
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def batch_size() -> Iterator[None]:
    before = writer.BATCH
    yield
    writer.BATCH = before


def run(engine: Engine, directory: Path, tenants: list[Tenant], examples: int, *phases: Phase) -> None:
    """The property over so many cases. Raises AssertionError with a case that breaks it."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        phases=phases or [Phase.generate, Phase.shrink],
    )
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        case = data.draw(cases(tenants))
        book(engine, directory, case)
        check(engine, tenants, case)

    holds()


def test_whatever_arrives_in_whatever_order_the_books_are_right(
    engine: Engine, tmp_path: Path, tenants: list[Tenant]
) -> None:
    run(engine, tmp_path / "spool", tenants, CASES)


def _counters_fall(real: Callable[..., Any]) -> Callable[..., Any]:
    def fold(state: session.SessionState, report: Any, session_class: Any) -> Any:
        grown = real(state, report, session_class)
        state.octets_in = report.octets_in
        return grown

    return fold


def _share_is_lost(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda octets, elapsed, span: real(octets, elapsed, span) - (1 if octets > 5 and elapsed < span else 0)


def _repetition_moves_time(real: Callable[..., Any]) -> Callable[..., Any]:
    def fold(state: session.SessionState, report: Any, session_class: Any) -> Any:
        grown = real(state, report, session_class)
        if state.updated is not None:
            state.updated = max(state.updated, report.received)
        return grown

    return fold


@pytest.mark.parametrize(
    ("module", "name", "mistake"),
    [
        ("models.accounting.booking", "fold", _counters_fall),
        ("models.accounting.booking", "fold", _repetition_moves_time),
        ("models.accounting.usage_split", "_part", _share_is_lost),
    ],
)
def test_a_planted_mistake_is_found(
    engine: Engine, tmp_path: Path, tenants: list[Tenant], monkeypatch: pytest.MonkeyPatch,
    module: str, name: str, mistake: Callable[..., Any],
) -> None:  # fmt: skip
    import importlib

    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    monkeypatch.setattr(owner, last, mistake(getattr(owner, last)))
    with pytest.raises((AssertionError, ExceptionGroup)):
        run(engine, tmp_path / "spool", tenants, 400, Phase.generate)
