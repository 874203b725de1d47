"""How long each tenant keeps what; and people who ask to be forgotten.

The audit log can be changed by nobody who serves. Two functions of the schema's owner remove from it what a tenant no
longer keeps, and a person's data where the erasure is written down: the engine may call them, and they judge by
themselves.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0027"
down_revision = "0026"

#: A slice of what nobody keeps: each tenant's by its own setting, tenants that are gone and rows of no tenant as long
#: as the one that keeps longest. `month` can make it less, never more.
PRUNE_AUDIT = """
create function infora_prune_audit(month date, piece integer) returns bigint
language sql security definer set search_path = public, pg_temp as $$
  with recursive owners(isp_id) as (
    (select isp_id from audit_log where isp_id is not null order by isp_id limit 1)
    union all
    select (select a.isp_id from audit_log a where a.isp_id > owners.isp_id order by a.isp_id limit 1)
      from owners where owners.isp_id is not null
  ), longest as (
    select max(audit_retention_months) as months from isps
  ), kept as (
    select o.isp_id, least(month, current_date) - make_interval(months => coalesce(i.audit_retention_months,
           longest.months)::int) as since
      from (select isp_id from owners where isp_id is not null union all select null) as o
     cross join longest left join isps i on i.id = o.isp_id
  ), gone as (
    delete from audit_log where id in (
      select old.id from kept cross join lateral (
        select a.id from audit_log a where a.isp_id = kept.isp_id and a.created_at < kept.since limit piece) as old
       where kept.isp_id is not null
      union all
      select old.id from kept cross join lateral (
        select a.id from audit_log a where a.isp_id is null and a.created_at < kept.since limit piece) as old
       where kept.isp_id is null
      limit piece)
    returning 1
  )
  select count(*) from gone
$$;
"""

#: What a person is known by, in the audit rows of that customer.
ERASE_AUDIT = """
create function infora_erase_from_audit(tenant bigint, customer bigint) returns bigint
language sql security definer set search_path = public, pg_temp as $$
  with personal as (
    select array['username', 'full_name', 'email', 'phone', 'address', 'static_ip', 'mac_address', 'tax_id', 'language',
                 'note', 'pay_reference', 'provider_ref', 'description', 'reason', 'value'] as names
  ), changed as (
    update audit_log a set before = a.before - names, after = a.after - names from personal
     where a.isp_id = tenant
       and exists (select from erasures e where e.isp_id = tenant and e.customer_id = customer)
       and ((a.resource = 'customers' and a.resource_id = customer)
            or a.before ->> 'customer_id' = customer::text or a.after ->> 'customer_id' = customer::text)
       and (a.before ?| names or a.after ?| names)
    returning 1
  )
  select count(*) from changed
$$;
"""

#: As in 0015; besides, what somebody wrote beside a payment may be struck out.
PAYMENT_MOVES_FORWARD = """
create or replace function infora_payment_moves_forward() returns trigger language plpgsql as $$
begin
  if (to_jsonb(new) - array['state', 'customer_id', 'note', 'pay_reference'])
       <> (to_jsonb(old) - array['state', 'customer_id', 'note', 'pay_reference'])
     or (new.note is not null and new.note is distinct from old.note)
     or (new.pay_reference is not null and new.pay_reference is distinct from old.pay_reference)
     or (old.customer_id is not null and new.customer_id is distinct from old.customer_id)
     or (new.state <> old.state and not (old.state, new.state) in (
           ('pending', 'unknown'), ('pending', 'confirmed'), ('pending', 'failed'),
           ('unknown', 'confirmed'), ('unknown', 'failed'), ('confirmed', 'reversed'))) then
    raise exception 'a payment is not changed: it is reversed, refunded or assigned'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""
SETTINGS = (
    sa.Column("login_retention_months", sa.BigInteger()),
    sa.Column("audit_retention_months", sa.BigInteger(), server_default=sa.text("24"), nullable=False),
    sa.Column("request_retention_days", sa.BigInteger(), server_default=sa.text("90"), nullable=False),
    sa.Column("quarantine_retention_days", sa.BigInteger(), server_default=sa.text("365"), nullable=False),
)
CHECKS = {
    "login_retention_months_positive": "login_retention_months >= 1",
    "audit_retention_months_enough": "audit_retention_months >= 3",
    "request_retention_days_enough": "request_retention_days >= 7",
    "quarantine_retention_days_enough": "quarantine_retention_days >= 7",
}
FUNCTIONS = ("infora_prune_audit(date, integer)", "infora_erase_from_audit(bigint, bigint)")


def upgrade() -> None:
    for column in SETTINGS:
        op.add_column("isps", column)
    for name, condition in CHECKS.items():
        op.create_check_constraint(name, "isps", condition)
    op.create_index("ix_quarantine_isp_id_created_at", "quarantine", ["isp_id", "created_at"])
    _erasures()
    op.execute(PAYMENT_MOVES_FORWARD)
    engine, api = (_quoted(context.config.attributes[role]) for role in ("engine_role", "api_role"))
    op.execute(f"grant update (note, pay_reference) on payments to {engine}")
    op.execute(f"revoke update, delete, truncate on erasures from {api}")
    for statement in (PRUNE_AUDIT, ERASE_AUDIT):
        op.execute(statement)
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {engine}")


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text()),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("isp_id", "customer_id", name=op.f("uq_erasures_isp_id_customer_id")),
    )
    op.create_index("ix_erasures_waiting", "erasures", ["isp_id"], postgresql_where=sa.text("username is not null"))
    api_role = context.config.attributes["api_role"].replace("'", "''")
    op.execute(f"select infora_wall_in('erasures', '{api_role}')")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
