"""The one right that a part keeps beyond its user's: the writer lowers the priority of PostgreSQL's share of its work.

PostgreSQL's processes belong to another user, so that takes CAP_SYS_NICE (capabilities(7)). It is kept across the
change of user as an ambient capability; where the kernel or a container refuses, the writer works without.
"""

import ctypes
import os
from contextlib import suppress

from service.host.account import Account

_LIBC = ctypes.CDLL(None, use_errno=True)
_CAP_SYS_NICE = 23
_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2
_VERSION_3 = 0x20080522


def drop_but_it(account: Account) -> None:
    """Change to the account, with this right alone."""
    if not account.switch:
        return
    with suppress(OSError):
        _call(_LIBC.prctl, _PR_SET_KEEPCAPS, 1, 0, 0, 0)
    account.drop()
    with suppress(OSError):
        right = 1 << _CAP_SYS_NICE
        header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
        # Effective, permitted, inheritable: of the lower 32 capabilities, then of the upper.
        sets = (ctypes.c_uint32 * 6)(right, right, right, 0, 0, 0)
        _call(_LIBC.capset, header, sets)
        _call(_LIBC.prctl, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_SYS_NICE, 0, 0)


def _call(function: "ctypes._NamedFuncPointer", *arguments: object) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
