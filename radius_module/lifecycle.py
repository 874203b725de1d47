"""FreeRADIUS starts and stops us: `instantiate` once per instance, the shared set-up once per process.

FreeRADIUS forks before it loads modules, so threads made here live on (FACTS 1, "Concurrency").
"""

from __future__ import annotations

import gc
import logging
import sys
from threading import Lock

from radius_module import rlm, settings
from radius_module.acct.server import AcctServer
from radius_module.auth.question_listener import QuestionListener
from radius_module.auth.server import AuthServer
from radius_module.rlm import Answer, Pairs

log = logging.getLogger(__name__)

#: Seconds a login's thread waits for the interpreter before it asks the one that has it (the directory's, busy with
#: news) to let go. Python's 5 ms would be most of a login's p99. In accounting nobody holds it for long, and threads
#: that ask too soon only disturb.
_LOGIN_SWITCH_INTERVAL = 0.0005

_login: AuthServer | None = None
_accounting: AcctServer | None = None
_lock = Lock()


def instantiate_auth(_pairs: Pairs | None) -> Answer:
    """Set the login process up, once. Returns after the directory is loaded, or cannot be had at the moment."""
    global _login  # noqa: PLW0603  # FreeRADIUS knows functions, not objects
    with _lock:
        if _login is None:
            sys.setswitchinterval(_LOGIN_SWITCH_INTERVAL)
            _login = AuthServer(_prepare())
            _login.start()
            QuestionListener(_login).start()
    return rlm.OK


def instantiate_acct(_pairs: Pairs | None) -> Answer:
    """Set the accounting process up, once for all its instances."""
    global _accounting  # noqa: PLW0603
    with _lock:
        if _accounting is None:
            _accounting = AcctServer(_prepare())
            _accounting.start()
    return rlm.OK


def detach(_pairs: Pairs | None) -> Answer:
    """FreeRADIUS ends: what is in memory goes to the disk. Called once per instance."""
    global _login, _accounting  # noqa: PLW0603
    with _lock:
        for server in (_login, _accounting):
            if server is not None:
                server.stop()
        _login = _accounting = None
    return rlm.OK


def login_server() -> AuthServer:
    """The login process's server, for hooks."""
    if _login is None:
        raise RuntimeError("the login process is not set up")
    return _login


def accounting_server() -> AcctServer:
    """The accounting process's server, for hooks."""
    if _accounting is None:
        raise RuntimeError("the accounting process is not set up")
    return _accounting


def any_server() -> AuthServer | AcctServer:
    """Whichever of the two this process has: both know the routers."""
    return _login or accounting_server()


def _prepare() -> settings.Settings:
    """Read the environment; FreeRADIUS ends with the sentence if it is not in order."""
    found = settings.from_environment()
    rlm.log_to_freeradius(found.log_level)
    # Requests make no cycles; a collection that walks the directory would be a pause for everybody.
    gc.set_threshold(200_000, 50, 1000)
    return found
