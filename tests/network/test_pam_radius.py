"""pam_radius, Debian's, under pamtester: session ids are process ids; no Class, no station, no Interims."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.network.peers import need
from tests.network.world import eventually
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Person, Tenant

SERVICE = """
auth     required pam_radius_auth.so conf={home}/auth
account  required pam_permit.so
session  required pam_radius_auth.so conf={home}/acct
"""
#: A directory of services that nobody else on the machine sees.
ENTER = 'mount --bind "$0" /etc/pam.d && exec pamtester "$@"'


class Host:
    """A host of a tenant's that asks RADIUS who its users are."""

    def __init__(self, system: System, home: Path) -> None:
        self.system, self.tenant, self._home = system, Tenant(system), home
        self.tenant.set_device("require_message_authenticator = false")
        settings, router = system.installation.settings, self.tenant.router
        # It takes the port above the one that it is told for accounting.
        for name, port in (("auth", settings.radius_auth_port), ("acct", settings.radius_acct_port - 1)):
            line = f"{settings.radius_address}:{port} {router.secret.decode()} 3 {router.address}\n"
            (home / name).write_text(line)
            (home / name).chmod(0o600)
        (home / "services").mkdir()
        (home / "services" / "infora").write_text(SERVICE.format(home=home))

    def user(self, person: Person, *acts: str, password: str = PASSWORD) -> bool:
        """Have the user do this one after the other; whether all of it was allowed."""
        self.system.settle()
        command = ["unshare", "--mount", "sh", "-c", ENTER, str(self._home / "services"), "infora", person.username]
        answer = subprocess.run(
            [*command, *acts], input=f"{password}\n", capture_output=True, text=True, timeout=30, check=False
        )
        assert "mount:" not in answer.stderr, answer.stderr
        return answer.returncode == 0

    def sessions(self, person: Person) -> list[tuple[Any, ...]]:
        """(is open,), the oldest first."""
        return self.system.sql("select acctstoptime is null from radacct where isp_id = :isp and customer_id = :id "
                               "order by acctstarttime, radacctid", isp=self.tenant.isp_id, id=person.id)  # fmt: skip


@pytest.fixture
def host(system: System, tmp_path: Path) -> Host:
    need("pamtester", "unshare")
    if not any(Path("/usr/lib").glob("*/security/pam_radius_auth.so")) and not any(
        Path("/lib").glob("*/security/pam_radius_auth.so")
    ):
        pytest.skip("not installed: libpam-radius-auth")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace can be made")
    return Host(system, tmp_path)


def test_a_session_is_booked_from_its_start_to_its_end(host: Host) -> None:
    person = host.tenant.customer("pam")
    assert host.user(person, "authenticate", "open_session", "close_session")
    eventually(lambda: host.sessions(person), [(False,)])
    assert host.tenant.codes(1) == ["accept"]


def test_a_wrong_password_and_a_suspended_customer_are_refused(host: Host) -> None:
    person = host.tenant.customer("pam")
    assert not host.user(person, "authenticate", password="wrong")
    host.tenant.set_customer(person, "status = 'suspended'")
    assert not host.user(person, "authenticate")
    assert host.tenant.codes(2) == ["bad_password", "suspended"]
    assert host.sessions(person) == []


def test_who_is_killed_before_the_end_of_the_session_gets_in_again(host: Host) -> None:
    """The session's end is never reported; the next login without a station takes its slot over."""
    person = host.tenant.on_plan("pam", simultaneous_use=1)
    assert host.user(person, "authenticate", "open_session")
    eventually(lambda: host.sessions(person), [(True,)])
    assert host.user(person, "authenticate", "open_session", "close_session")
    eventually(lambda: host.sessions(person)[-1], (False,))
    assert len(host.sessions(person)) == 2
