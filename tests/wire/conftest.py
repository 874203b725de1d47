"""Each test has a tenant of its own in the one installation."""

from __future__ import annotations

import pytest

from tests.wire.system import System
from tests.wire.tenant import Tenant


@pytest.fixture
def tenant(system: System) -> Tenant:
    return Tenant(system)


@pytest.fixture
def other_tenant(system: System) -> Tenant:
    return Tenant(system)
