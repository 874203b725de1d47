"""Hours of plans, their time budgets, and what the books keep of both: octets that do not count, and seconds online."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

#: What models.tables.plans.windows_of can read, whoever writes it.
_ARE_HOURS = """
create function infora_are_hours(hours jsonb) returns boolean language sql immutable as $$
  select case when jsonb_typeof(hours) <> 'array' then false
              when jsonb_array_length(hours) not between 1 and 48 then false
              else not exists (
    select from jsonb_array_elements(hours) as h where not coalesce(
      case when jsonb_typeof(h) <> 'object' then false
           when exists (select from jsonb_object_keys(h) as k where k not in (
                  'from', 'to', 'weekdays', 'bandwidth_limit', 'upload_limit', 'counts')) then false
           else h ->> 'from' ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' and h ->> 'to' ~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'
            and coalesce(jsonb_typeof(h -> 'counts'), 'null') in ('boolean', 'null')
            and case coalesce(jsonb_typeof(h -> 'weekdays'), 'null') when 'null' then true
                     when 'array' then h -> 'weekdays' <> '[]' and not exists (
                       select from jsonb_array_elements(h -> 'weekdays') as d where d not in (
                         '1', '2', '3', '4', '5', '6', '7')) else false end
            and not exists (
              select from jsonb_each(h) as s where s.key in ('bandwidth_limit', 'upload_limit')
                 and case jsonb_typeof(s.value) when 'null' then false
                          when 'number' then not (s.value::numeric > 0 and s.value::numeric <= 1000000
                                                  and s.value::numeric = round(s.value::numeric, 3)) else true end)
            and (jsonb_typeof(h -> 'bandwidth_limit') = 'number'
                 or coalesce(jsonb_typeof(h -> 'upload_limit'), 'null') = 'null') end, false)) end
$$;
"""


def upgrade() -> None:
    op.execute(_ARE_HOURS)
    op.add_column("service_plans", sa.Column("hours", sa.dialects.postgresql.JSONB(none_as_null=True)))
    op.add_column("service_plans", sa.Column("time_limit", sa.BigInteger()))
    op.create_check_constraint("hours_known", "service_plans", "infora_are_hours(hours)")
    op.create_check_constraint("time_limit_range", "service_plans", "time_limit between 1 and 357912")
    for table in ("usage", "usage_daily"):
        for column in ("uncounted_in", "uncounted_out"):
            op.add_column(table, sa.Column(column, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        op.create_check_constraint(
            "uncounted_within", table, "uncounted_in between 0 and bytes_in and uncounted_out between 0 and bytes_out"
        )
    op.add_column("usage", sa.Column("seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint("seconds_not_negative", "usage", "seconds >= 0")


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
