"""The private PostgreSQL cluster below STATE_DIR/pg: created once, reached over a Unix socket only.

Called by `exec` as the database's account, before it becomes the postmaster. Not used with DATABASE_URL.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from service.database import urls
from service.errors import Refusal, last_line
from service.host.account import Accounts
from service.host.layout import socket_directory
from service.host.settings import Settings

BINARIES = Path("/usr/lib/postgresql")
OLDEST = 15

_CONFIGURATION = """\
# Written at each start. A lasting change of your own: ALTER SYSTEM, which wins over this file.
include 'initdb.conf'            # what initdb detected on this machine
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0770    # members of the group that the directory lets in
port = 5432
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
wal_compression = lz4
fsync = on
synchronous_commit = on
recovery_init_sync_method = syncfs  # once after a crash, not a thousand times: the spools wait for the same disk
jit = off                        # every query of this system is short
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = stderr
logging_collector = off          # s6-log takes stderr
log_min_error_statement = panic  # statements carry customers' data
log_line_prefix = '[%p] %q%u@%d '
"""

# Who is at the other end of the socket is the kernel's word: no part has a password for the private cluster, and none
# becomes another's role. Roles that an operator adds come with a password.
_HBA = """\
local all postgres peer map=installation
local {database} {roles} peer map=installation
local all all scram-sha-256
"""


def data_directory(settings: Settings) -> Path:
    return settings.state_dir / "pg" / "data"


def binary(settings: Settings, program: str) -> Path:
    """A server program of the cluster's own major version, or of the newest version for a new cluster."""
    try:
        version = (data_directory(settings) / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        version = str(newest())
    path = BINARIES / version / "bin" / program
    if not path.exists():
        raise Refusal(f"{data_directory(settings)} was created by PostgreSQL {version}, which is not installed: "
                      f"install postgresql-{version}, or move the data with pg_upgrade.")  # fmt: skip
    return path


def newest() -> int:
    """The newest major version that is installed. Raises Refusal where none will do."""
    numbered = (path for path in BINARIES.glob("*") if re.fullmatch(r"\d+", path.name))
    versions = [int(path.name) for path in numbered if (path / "bin/postgres").exists()]
    if not versions or max(versions) < OLDEST:
        raise Refusal(f"PostgreSQL {OLDEST} or newer is not installed: run scripts/setup.")
    return max(versions)


def create(settings: Settings) -> None:
    """Create the cluster unless it exists. It gets its name last, so that an unfinished one never counts."""
    data = data_directory(settings)
    if data.exists():
        return
    partial = data.with_name("new")
    shutil.rmtree(partial, ignore_errors=True)
    command = [str(binary(settings, "initdb")), "--pgdata", str(partial), "--username", "postgres",
               "--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums",
               "--auth-local", "peer", "--auth-host", "reject"]  # fmt: skip
    clean = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, env=clean, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Refusal(f"initdb failed: {last_line(done.stderr)}")
    (partial / "postgresql.conf").rename(partial / "initdb.conf")
    partial.rename(data)


def configure(settings: Settings) -> None:
    """Replace initdb's configuration by the project's."""
    data = data_directory(settings)
    sockets = str(socket_directory(settings)).replace("'", "''")
    (data / "postgresql.conf").write_text(_CONFIGURATION.format(sockets=sockets))
    (data / "pg_hba.conf").write_text(_HBA.format(database=urls.PRIVATE_DATABASE, roles=",".join(urls.PRIVATE_ROLES)))
    lines = (f'installation "{user}" {role}\n' for user, role in _who_is_who(settings.accounts))
    (data / "pg_ident.conf").write_text("".join(lines))


def _who_is_who(accounts: Accounts) -> Iterator[tuple[str, str]]:
    """(system user, role): the cluster's own account and root are its superuser, root every role."""
    owner, engine, api = urls.PRIVATE_ROLES
    yield accounts.database.name, urls.SUPERUSER
    yield accounts.radius.name, engine
    yield accounts.api.name, api
    # Tables are made under systemd by the cluster's own account, whom nothing in it is closed to anyway.
    yield accounts.database.name, owner
    for role in (urls.SUPERUSER, *urls.PRIVATE_ROLES):
        yield "root", role
