"""Operators' doors: an audit log that is only added to, addresses that an account is known to log in from.

The audit log loses its foreign key to `isps`, as all history (docs/decisions/0005): removing a tenant would have to
change its rows, which nobody may.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0018"
down_revision = "0017"

LOOKUPS = """
drop function infora_operator_named(text);
drop function infora_operator_of_token(bigint, text);
drop function infora_isp_of_key(text);
create function infora_operator_named(wanted text)
returns table (id bigint, isp_id bigint, username text, password_hash text, role text, is_active boolean,
               token_version bigint, isp_status text)
language sql stable security definer set search_path = public, pg_temp as $$
  select u.id, u.isp_id, u.username, u.password_hash, u.role, u.is_active, u.token_version, i.status
    from users u left join isps i on i.id = u.isp_id where lower(u.username) = lower(wanted)
$$;
create function infora_operator_of_token(wanted bigint, wanted_jti text)
returns table (id bigint, isp_id bigint, username text, role text, token_version bigint, isp_status text)
language sql stable security definer set search_path = public, pg_temp as $$
  select u.id, u.isp_id, u.username, u.role, u.token_version, i.status
    from users u left join isps i on i.id = u.isp_id
   where u.id = wanted and u.is_active and not exists (select from revoked_tokens where jti = wanted_jti)
$$;
create function infora_isp_of_key(wanted text)
returns table (id bigint, name text, status text)
language sql stable security definer set search_path = public, pg_temp as $$
  select id, name, status from isps where api_key_hash = wanted
$$;
"""
LOOKUP_NAMES = (
    "infora_operator_named(text)",
    "infora_operator_of_token(bigint, text)",
    "infora_isp_of_key(text)",
)


def upgrade() -> None:
    engine, api = (_quoted(context.config.attributes[role]) for role in ("engine_role", "api_role"))
    op.execute(LOOKUPS)
    for function in LOOKUP_NAMES:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {api}")
    op.drop_constraint("fk_audit_log_isp_id_isps", "audit_log", type_="foreignkey")
    op.execute(f"revoke update, delete, truncate on audit_log from {engine}, {api}")
    op.add_column("login_failures", sa.Column("is_pending", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "login_addresses",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("address_digest", sa.Text(), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_login_addresses_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "address_digest", name=op.f("pk_login_addresses")),
    )
    op.create_index("ix_login_addresses_last_login_at", "login_addresses", ["last_login_at"])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
