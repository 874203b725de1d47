"""Memory and books come to the same, whatever becomes of customers, devices and Classes while sessions run.

300 stories here and 20,000 in `make fault` (tests.fault.test_books); and mistakes that are planted are found.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from models.accounting.session import SessionState
from service.testing import Installation
from tests.models.accounting.test_books_property import engine_of
from tests.support.changing_model import check, play
from tests.support.changing_world import CREATED, stories, world
from tests.support.database import Tenant, make_tenant

CASES = int(os.environ.get("BOOKS_CASES", "300"))


@pytest.fixture(scope="module")
def engine(installation: Installation) -> Iterator[Engine]:
    connections = engine_of(installation)
    yield connections
    connections.dispose()


@pytest.fixture(scope="module")
def tenants(engine: Engine) -> list[Tenant]:
    return tenants_in(engine)


def tenants_in(engine: Engine) -> list[Tenant]:
    return [make_tenant(engine, f"changing {number}", address=f"10.3.{number}.1", username="other", periods=(CREATED,))
            for number in range(2)]  # fmt: skip


def run(engine: Engine, tenants: list[Tenant], examples: int, *phases: Phase) -> None:
    """So many stories. Raises AssertionError with one that breaks the property."""

    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        print_blob=False, phases=phases or [Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        story = data.draw(stories(tenants))
        with world(engine, tenants) as customers:
            check(customers, play(customers, story))

    holds()


def test_memory_and_books_come_to_the_same(engine: Engine, tenants: list[Tenant]) -> None:
    run(engine, tenants, CASES)


def _by_name_alone(real: Callable[..., Any]) -> Callable[..., Any]:
    """The books go by who has the name, whatever the Class says."""
    return lambda octets, received: real(octets, received)._replace(login_time=None, customer_id=None)


def _no_other_class(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *_arguments: None


def _every_router(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda state, record: state.device_id == record.device_id


@pytest.mark.parametrize(
    ("module", "name", "mistake"),
    [
        ("models.accounting.batch_sessions", "read_class", _by_name_alone),
        ("models.accounting.batch_sessions", "BatchSessions._under_another_class", _no_other_class),
        ("models.accounting.session", "SessionState.comes_from", _every_router),
    ],
)
def test_a_planted_mistake_is_found(
    engine: Engine, tenants: list[Tenant], monkeypatch: pytest.MonkeyPatch,
    module: str, name: str, mistake: Callable[..., Any],
) -> None:  # fmt: skip
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    monkeypatch.setattr(owner, last, mistake(getattr(owner, last)))
    assert SessionState is not None
    with pytest.raises((AssertionError, ExceptionGroup)):
        run(engine, tenants, 600, Phase.generate)
