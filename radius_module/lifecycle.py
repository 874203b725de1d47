"""FreeRADIUS starts and stops us: `instantiate` once per instance, the shared set-up once per process.

FreeRADIUS forks before it loads modules, so threads started here live on.
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

#: Seconds a login's thread waits for the interpreter before it asks the thread that has it (the directory's, busy with
#: news) to let go. Python's 5 ms would be most of a login's p99. In accounting no thread holds it for long, and asking
#: too soon only disturbs.
_LOGIN_SWITCH_INTERVAL = 0.0005

_auth: AuthServer | None = None
_acct: AcctServer | None = None
_lock = Lock()


def instantiate_auth(_pairs: Pairs | None) -> Answer:
    """Set the login process up, once. Returns after the directory is loaded, or cannot be had at the moment."""
    global _auth  # noqa: PLW0603  # FreeRADIUS knows functions, not objects
    with _lock:
        if _auth is None:
            sys.setswitchinterval(_LOGIN_SWITCH_INTERVAL)
            _auth = AuthServer(_prepare())
            _auth.start()
            QuestionListener(_auth).start()
    return rlm.OK


def instantiate_acct(_pairs: Pairs | None) -> Answer:
    """Set the accounting process up, once for all its instances."""
    global _acct  # noqa: PLW0603
    with _lock:
        if _acct is None:
            _acct = AcctServer(_prepare())
            _acct.start()
    return rlm.OK


def detach(_pairs: Pairs | None) -> Answer:
    """FreeRADIUS ends: what is in memory goes to the disk. Called once per instance."""
    global _auth, _acct  # noqa: PLW0603
    with _lock:
        for server in (_auth, _acct):
            if server is not None:
                server.stop()
        _auth = _acct = None
    return rlm.OK


def auth_server() -> AuthServer:
    """The login process's server, for hooks."""
    if _auth is None:
        raise RuntimeError("the login process is not set up")
    return _auth


def acct_server() -> AcctServer:
    """The accounting process's server, for hooks."""
    if _acct is None:
        raise RuntimeError("the accounting process is not set up")
    return _acct


def any_server() -> AuthServer | AcctServer:
    """Whichever of the two this process has: both know the devices."""
    return _auth or acct_server()


def _prepare() -> settings.Settings:
    """Read the environment; FreeRADIUS ends with the sentence if it is not in order."""
    environment = settings.from_environment()
    rlm.log_to_freeradius(environment.log_level)
    # Requests leave no cycles behind; a collection that walks the directory would be a pause for everybody.
    gc.set_threshold(200_000, 50, 1000)
    return environment
