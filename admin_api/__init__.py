"""The admin API: everything that an operator does, over HTTP (docs/api.md). `create_app` is all that others need."""

from admin_api.application import create_app

__all__ = ["create_app"]
