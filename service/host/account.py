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
    """A user with the groups that the parts get; `switch` says whether the caller has to become it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def drop(self) -> None:
        """Become this user for good: groups first, because only root may change them."""
        if self.switch:
            os.setgroups(self.groups())
            os.setgid(self.gid)
            os.setuid(self.uid)

    def groups(self) -> list[int]:
        return os.getgrouplist(self.name, self.gid)

    def own(self, path: str | os.PathLike[str]) -> None:
        """Hand a directory or file that root has just made over to the parts."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def current() -> Account:
    """The account for the calling user. Raises Refusal when root has not run the set-up yet."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return Account(me.pw_name, me.pw_uid, me.pw_gid, switch=False)
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise Refusal(f"The system user {SYSTEM_USER} does not exist: run scripts/setup first.") from None
    return Account(user.pw_name, user.pw_uid, user.pw_gid, switch=True)
