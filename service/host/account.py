"""The unprivileged accounts that the parts run as.

Started by root, each kind of part has a system user of its own, so that none of them reads what another holds; started
by anybody else, all of them run as that user (docs/decisions/0078-a-user-for-each-kind-of-part.md).
"""

import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from service.errors import Refusal

Role = Literal["database", "radius", "api"]
#: scripts/setup creates them. `radius` runs logins, accounting, the books and the worker.
SYSTEM_USERS: dict[Role, str] = {"database": "infora-db", "radius": "infora-radius", "api": "infora-api"}
#: The one user of releases before 0.2, whose files are taken over.
FORMER_USER = "infora"


@dataclass(frozen=True)
class Account:
    """A user that parts run as; `switch`: the caller is root and has to change to that user."""

    name: str
    uid: int
    gid: int
    switch: bool

    def drop(self) -> None:
        """Change to this user for good: groups first, because only root may set them."""
        if self.switch:
            os.setgroups(self.groups())
            os.setgid(self.gid)
            os.setuid(self.uid)

    def groups(self) -> list[int]:
        return os.getgrouplist(self.name, self.gid)

    def own(self, path: str | os.PathLike[str]) -> None:
        """Give this user a directory or file that root has just created."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


@dataclass(frozen=True)
class Accounts:
    """Whose the parts are, by kind of part."""

    database: Account
    radius: Account
    api: Account

    def of(self, role: Role) -> Account:
        return {"database": self.database, "radius": self.radius, "api": self.api}[role]

    def each(self) -> Iterable[Account]:
        return (self.database, self.radius, self.api)

    @property
    def are_apart(self) -> bool:
        """Whether the kernel keeps one kind of part from another's files, memory and keys."""
        return self.database.switch

    @property
    def notice(self) -> str | None:
        """What an operator should know of an installation without that wall."""
        if self.are_apart:
            return None
        return (f"every part runs as {self.api.name}, so that the API could read what RADIUS and PostgreSQL hold: "
                "start it as root to give each of them a user of its own")  # fmt: skip


def current() -> Accounts:
    """The accounts that the caller's parts run as. Raises Refusal when root has not run the set-up yet."""
    if os.geteuid() != 0:
        user = pwd.getpwuid(os.geteuid())
        same = Account(user.pw_name, user.pw_uid, user.pw_gid, switch=False)
        return Accounts(same, same, same)
    return Accounts(*(_system_user(SYSTEM_USERS[role]) for role in ("database", "radius", "api")))


def of_container() -> Accounts:
    """In a container, which runs as one of these users from the start: who they are, and no way to change to them."""
    users = (pwd.getpwnam(SYSTEM_USERS[role]) for role in ("database", "radius", "api"))
    return Accounts(*(Account(user.pw_name, user.pw_uid, user.pw_gid, switch=False) for user in users))


def former_uid() -> int | None:
    """Of the user that an earlier release ran everything as; None where there was none."""
    try:
        return pwd.getpwnam(FORMER_USER).pw_uid
    except KeyError:
        return None


def _system_user(name: str) -> Account:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise Refusal(f"The system user {name} does not exist: run scripts/setup first.") from None
    return Account(user.pw_name, user.pw_uid, user.pw_gid, switch=True)
