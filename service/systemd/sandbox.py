"""What a unit may not do, and what it may: the lines below [Service] that wall a part in.

`systemd-analyze security --offline=yes` weighs them (docs/install.md has each unit's figure).
"""

from collections.abc import Iterator
from typing import Literal

from service.host import layout
from service.host.settings import Settings
from service.parts import Part

#: FreeRADIUS asks for the user that it already is whenever it opens a file, and ends where it may not ask.
_ASKS_FOR_ITS_USER = ("auth", "acct")
Network = Literal["routers and callers", "socket files"]

#: For every unit. Nothing here is needed by any part.
_ALWAYS = """\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0077
"""


def of_part(part: Part, settings: Settings) -> Iterator[str]:
    """The part's own files are all that it writes."""
    yield from of_command(capability="CAP_SYS_NICE" if part.sets_priorities else "")
    yield from network(reach(part, settings))
    if part.name in _ASKS_FOR_ITS_USER:
        yield "SystemCallFilter=@setuid"
    # The writer looks whether the process whose priority it lowers is PostgreSQL's.
    yield f"ProtectProc={'default' if part.sets_priorities else 'invisible'}"
    account = settings.accounts.of(part.runs_as)
    own = [str(place.path) for place in layout.places(settings) if place.account == account]
    yield f"ReadWritePaths={' '.join(own)}"


def of_command(capability: str = "") -> Iterator[str]:
    """What every unit has."""
    yield from _ALWAYS.splitlines()
    yield f"CapabilityBoundingSet={capability}"
    yield f"AmbientCapabilities={capability}"


def network(reached: Network) -> Iterator[str]:
    """Who needs no address gets none."""
    if reached == "socket files":
        yield "PrivateNetwork=yes"
        yield "RestrictAddressFamilies=AF_UNIX"
    else:
        yield "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"


def reach(part: Part, settings: Settings) -> Network:
    """The private cluster and the writer speak through socket files only; an outside database has an address."""
    if part.name == "postgres" or (part.name == "writer" and settings.database_url is None):
        return "socket files"
    return "routers and callers"
