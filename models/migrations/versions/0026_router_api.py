"""What a device's own API is known by, and what its router was set to before it was set up from here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("mikrotik_devices", sa.Column("api_fingerprint", sa.Text()))
    op.add_column("mikrotik_devices", sa.Column("setup_before", postgresql.JSONB()))
    op.create_check_constraint("api_fingerprint_form", "mikrotik_devices", "api_fingerprint ~ '^[0-9a-f]{64}$'")
