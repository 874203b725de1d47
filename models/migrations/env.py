"""alembic's way in: `models.schema` hands over a connection and the names of the roles."""

from __future__ import annotations

from alembic import context

from models import Base

#: Partitions are made by a job, not by migrations.
_PARTITION = ("radacct_", "radpostauth_")


def include(name: str | None, type_: str, _parents: object) -> bool:
    """Leave the partitions out of comparisons."""
    return not (type_ == "table" and name is not None and name.startswith(_PARTITION))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=include,
    transaction_per_migration=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
