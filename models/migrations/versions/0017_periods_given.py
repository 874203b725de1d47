"""Periods sold before there were books are carried over as given: a charge at their price, and its reversal."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

#: With one of the tenant's local days. A later sale of the same instants is no second charge: these are not in force.
CARRY_OVER = """
with sold as (
  select s.isp_id, s.customer_id, tstzrange(s.period_start, s.period_end) as during,
         coalesce(p.name, 'Period without a plan') as description, s.price_minor, s.id, s.service_plan_id,
         (s.created_at at time zone i.timezone)::date as on_day, s.created_at
    from subscriptions s
    join isps i on i.id = s.isp_id
    left join service_plans p on p.isp_id = s.isp_id and p.id = s.service_plan_id
), given as (
  insert into charges (isp_id, customer_id, kind, during, description, quantity, unit_price, net, tax, tax_category,
                       tax_rate, subscription_id, service_plan_id, given, reason, effective_on, actor, created_at)
  select isp_id, customer_id, 'period', during, description, 1, price_minor, price_minor, 0, 'O', 0, id, service_plan_id,
         true, 'sold before the books began', on_day, 'migration', created_at
    from sold
  returning *
)
insert into charges (isp_id, customer_id, kind, during, description, quantity, unit_price, net, tax, tax_category,
                     tax_rate, subscription_id, service_plan_id, given, reason, effective_on, actor, created_at, reverses)
select isp_id, customer_id, kind, during, description, -1, unit_price, -net, 0, tax_category, tax_rate, subscription_id,
       service_plan_id, true, reason, effective_on, actor, created_at, id
  from given
"""


def upgrade() -> None:
    op.execute(CARRY_OVER)


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
