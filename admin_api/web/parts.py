"""What one application object is made of, and the way to it from a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app
from sqlalchemy import Engine

from admin_api.settings import Settings
from models.secrets.keyring import Keyring

_KEY = "infora"


@dataclass(frozen=True, repr=False)
class Parts:
    """Shared by all requests of one process."""

    settings: Settings
    engine: Engine
    #: Verified where there is no such account, so that the answer takes as long.
    nobodys_password_hash: str

    @property
    def keyring(self) -> Keyring:
        return self.settings.keyring


def parts() -> Parts:
    """Of the application that serves this request."""
    return cast(Parts, current_app.extensions[_KEY])
