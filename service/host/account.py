"""The unprivileged account that the parts run as.

Started by root, every part runs as the system user `infora`; started by anybody else, as that user.
"""

import os
import pwd
from dataclasses import dataclass

from service.errors import Refusal

SYSTEM_USER = "infora"


@dataclass(frozen=True)
class Account:
    """The user that the parts run as; `switch`: the caller is root and has to change to that user."""

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
        """Give the parts a directory or file that root has just created."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def current() -> Account:
    """The account that the caller's parts run as. Raises Refusal when root has not run the set-up yet."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return Account(me.pw_name, me.pw_uid, me.pw_gid, switch=False)
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise Refusal(f"The system user {SYSTEM_USER} does not exist: run scripts/setup first.") from None
    return Account(user.pw_name, user.pw_uid, user.pw_gid, switch=True)
