"""The stock server's configuration: Debian's own, with the few changes that an ISP with `rlm_sql` makes.

Every change is a pair of old and new text; one that no longer fits Debian's file ends the bench with its name.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import parse_dsn

from tests.bench.population import SECRET

# Debian's max_servers; 8 and 16 were measured to be no faster on two cores.
THREADS = 32

_MODULES = (
    *("always", "attr_filter", "chap", "detail", "exec", "expiration", "expr", "files", "logintime"),
    *("mschap", "pap", "preprocess", "realm", "sql", "sqlcounter", "unix"),
)

_SITE_CHANGES = (
    ("\t-sql\n", "\tsql\n"),
    ("\tdigest\n", ""),
    ("\t-ldap\n", ""),
    ("\teap {\n\t\tok = return\n\t}\n", ""),
    ("\t\teap\n", ""),
    ("\teap\n", ""),
    ("\texpiration\n", "\texpiration\n\tdatacap\n"),
)
# The duties that the project has too: one session at a time, and a record of every login.
_FULL = (("session {\n}", "session {\n\tsql\n}"),)
# As little as still bills: no session check, no record of logins, no detail file beside the table.
_LEAN = (
    ("\t\tsql\n", ""),
    ("\tsql\n\texec\n\tremove_reply", "\texec\n\tremove_reply"),
    ("\tdetail\n", ""),
)

_SQLCOUNTER = """
sqlcounter datacap {
    sql_module_instance = sql
    dialect = postgresql
    counter_name = Monthly-Octets
    check_name = Max-Monthly-Octets
    reply_name = Mikrotik-Total-Limit
    key = User-Name
    reset = monthly
    query = "SELECT COALESCE(SUM(AcctInputOctets + AcctOutputOctets), 0) FROM radacct \\
        WHERE UserName = '%{${key}}' AND AcctStartTime >= to_timestamp(%%b)"
}
"""


# What FreeRADIUS counts by itself, for the bench's own check, and what it does about unknown addresses before anything
# of ours is asked: neither is met by a router's packet.
_BESIDE = """
server statistics {
	listen {
		type = status
		ipaddr = 127.0.0.1
		port = PORT
	}
	authorize {
		ok
		Autz-Type Status-Server {
			ok
		}
	}
}
server strangers {
	authorize {
		notfound
	}
}
"""
_STRANGERS = """
client strangers {
	ipaddr = 127.0.0.0/8
	dynamic_clients = strangers
	lifetime = 5
}
"""


@dataclass(frozen=True)
class StockPaths:
    """Where the stock server lives: everything below `home`, Debian's unpacked files in `packages`."""

    home: Path
    packages: Path
    libraries: Path

    @property
    def raddb(self) -> Path:
        """The configuration directory."""
        return self.home / "raddb"


def write(paths: StockPaths, ports: tuple[int, int, int], database: str, *, lean: bool) -> None:
    """Make the configuration anew. `database` is a libpq URL; ports are those of logins, accounting, statistics."""
    auth_port, acct_port, statistics_port = ports
    dsn = " ".join(f"{name}={value}" for name, value in parse_dsn(database).items())
    shutil.rmtree(paths.raddb, ignore_errors=True)
    shutil.copytree(paths.packages / "etc/freeradius/3.0", paths.raddb, symlinks=True)
    for directory in ("mods-enabled", "sites-enabled"):
        shutil.rmtree(paths.raddb / directory, ignore_errors=True)
        (paths.raddb / directory).mkdir()
    for module in _MODULES:
        (paths.raddb / "mods-enabled" / module).symlink_to(f"../mods-available/{module}")
    _main(paths)
    _site(paths, auth_port, acct_port, _LEAN if lean else _FULL)
    _sql(paths, dsn)
    (paths.raddb / "sites-enabled/beside").write_text(_BESIDE.replace("PORT", str(statistics_port)))
    (paths.raddb / "clients.conf").write_text(
        f"client router {{\n\tipaddr = 127.0.0.1\n\tsecret = '{SECRET.decode()}'\n}}\n{_STRANGERS}"
    )
    with (paths.raddb / "dictionary").open("a") as dictionary:
        dictionary.write("ATTRIBUTE Max-Monthly-Octets 3000 integer64\n")


def _main(paths: StockPaths) -> None:
    """Own directories, own account, a pool that is whole from the start."""
    path = paths.raddb / "radiusd.conf"
    changes = [
        ("raddbdir = /etc/freeradius/3.0\n", f"raddbdir = {paths.raddb}\n"),
        ("logdir = /var/log/freeradius\n", f"logdir = {paths.home}\n"),
        ("run_dir = ${localstatedir}/run/${name}\n", f"run_dir = {paths.home}\n"),
        ("libdir = /usr/lib/freeradius\n", f"libdir = {paths.libraries}\n"),
        ("\tuser = freerad\n", ""),
        ("\tgroup = freerad\n", ""),
        ("\tstart_servers = 5\n", f"\tstart_servers = {THREADS}\n"),
        ("\tmax_servers = 32\n", f"\tmax_servers = {THREADS}\n"),
        ("\tmax_spare_servers = 10\n", f"\tmax_spare_servers = {THREADS}\n"),
    ]
    path.write_text(_changed(_bare(path.read_text()), changes, path.name))


def _site(paths: StockPaths, auth_port: int, acct_port: int, duties: tuple[tuple[str, str], ...]) -> None:
    text = _bare((paths.raddb / "sites-available/default").read_text())
    text = _changed(text, [*_SITE_CHANGES, *duties], "default")
    sections = text.split("listen {")
    listeners = [part for part in sections[1:-1] if "ipv6addr" not in part]
    tail = sections[-1].split("authorize {", 1)[1]
    listeners = [part.replace("ipaddr = *", "ipaddr = 127.0.0.1") for part in listeners]
    listeners = [
        part.replace("port = 0", f"port = {acct_port if 'type = acct' in part else auth_port}") for part in listeners
    ]
    site = sections[0] + "".join(f"listen {{{part}" for part in listeners) + "authorize {" + tail
    (paths.raddb / "sites-enabled/default").write_text(site)


def _sql(paths: StockPaths, database: str) -> None:
    path = paths.raddb / "mods-available/sql"
    changes = [
        ('\tdialect = "sqlite"\n', '\tdialect = "postgresql"\n'),
        ('\tdriver = "rlm_sql_null"\n', '\tdriver = "rlm_sql_postgresql"\n'),
        ('\tradius_db = "radius"\n', f'\tradius_db = "{database}"\n'),
        ("\t\tidle_timeout = 60\n", "\t\tidle_timeout = 0\n"),
    ]
    path.write_text(_changed(_bare(path.read_text()), changes, path.name))
    (paths.raddb / "mods-available/sqlcounter").write_text(_SQLCOUNTER)


def _bare(text: str) -> str:
    """Without comments and empty lines, as pairs of old and new text are matched against it."""
    lines = (line for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))
    return "\n".join(lines) + "\n"


def _changed(text: str, changes: Sequence[tuple[str, str]], name: str) -> str:
    for old, new in changes:
        if old not in text:
            raise RuntimeError(f"{name} of this FreeRADIUS has no {old.strip()!r}: the bench must follow it")
        text = text.replace(old, new)
    return text


def environment() -> dict[str, str]:
    """What the stock server is started with."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8"}
