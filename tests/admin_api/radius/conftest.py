"""A tenant of the running installation, and its captive portal."""

from __future__ import annotations

import pytest

from tests.support.caller import Caller
from tests.support.portal import Portal
from tests.wire.system import System
from tests.wire.tenant import Tenant


@pytest.fixture
def wire_tenant(system: System) -> Tenant:
    """In the installation whose FreeRADIUS runs."""
    return Tenant(system)


@pytest.fixture
def portal(operator: Caller, wire_tenant: Tenant) -> Portal:
    return Portal(operator, wire_tenant)
