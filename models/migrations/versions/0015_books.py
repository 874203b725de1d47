"""The books: accounts, transfers, charges, payments, drawers, billing settings, and who may do what to them.

An early migration grants update and delete on every future table to both roles that serve: here they are taken back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"

#: To the owner too: what has been written is never changed and never removed.
APPEND_ONLY = """
create function infora_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: a mistake is reversed, never changed', tg_table_name
    using errcode = 'restrict_violation';
end $$;
"""
#: A new account is empty, whatever its maker says.
OPENS_EMPTY = """
create function infora_account_opens_empty() returns trigger language plpgsql as $$
begin
  if new.kind in ('customer', 'deposit', 'agent') then
    new.credit := 0;
    new.seq := 0;
  end if;
  return new;
end $$;
"""
#: Kept balances follow the transfers of a statement; locked in the order of ids, so that two never wait for each other.
MOVE_CREDIT = """
create function infora_move_credit() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform from ledger_accounts a
    where a.credit is not null
      and (a.isp_id, a.id) in (select isp_id, from_account from new_rows union select isp_id, to_account from new_rows)
    order by a.isp_id, a.id for no key update;
  update ledger_accounts a set credit = a.credit + m.delta, seq = a.seq + m.number
    from (select isp_id, account, sum(delta) as delta, count(*) as number
            from (select isp_id, from_account as account, -amount as delta from new_rows
                  union all select isp_id, to_account, amount from new_rows) as moves
           group by isp_id, account) as m
   where a.isp_id = m.isp_id and a.id = m.account and a.credit is not null;
  return null;
end $$;
"""
#: A reversal takes back one transfer, in full, and no reversal.
REVERSES_IN_FULL = """
create function infora_reverses_in_full() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  original transfers;
begin
  select * into original from transfers where isp_id = new.isp_id and id = new.reverses;
  if original.reverses is not null or original.amount <> new.amount
     or original.from_account <> new.to_account or original.to_account <> new.from_account then
    raise exception 'a reversal is the whole transfer the other way round' using errcode = 'check_violation';
  end if;
  return new;
end $$;
"""
#: The state of a payment moves forward, and one in suspense gets its customer; all else stays as it was received.
PAYMENT_MOVES_FORWARD = """
create function infora_payment_moves_forward() returns trigger language plpgsql as $$
begin
  if (to_jsonb(new) - array['state', 'customer_id']) <> (to_jsonb(old) - array['state', 'customer_id'])
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
DRAWER_CLOSES_ONCE = """
create function infora_drawer_closes_once() returns trigger language plpgsql as $$
begin
  if old.closed_at is not null
     or (to_jsonb(new) - array['closed_at', 'expected', 'counted', 'note'])
        <> (to_jsonb(old) - array['closed_at', 'expected', 'counted', 'note']) then
    raise exception 'a drawer is closed once, and otherwise not changed' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""
#: Sums of the accounts without a kept balance. The lock waits for transfers that are being written: a lower id that
#: was committed later would be missing for ever.
CHECKPOINT = """
create function infora_checkpoint_ledger() returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  made bigint;
begin
  lock table transfers in share mode;
  insert into ledger_checkpoints (isp_id, account_id, through_id, balance)
  select a.isp_id, a.id, (select max(id) from transfers), coalesce(c.balance, 0) + news.delta
    from ledger_accounts a
    left join lateral (select balance, through_id from ledger_checkpoints c
                        where c.isp_id = a.isp_id and c.account_id = a.id order by through_id desc limit 1) c on true
   cross join lateral (
     select sum(delta)::bigint as delta
       from (select amount as delta from transfers t
              where t.isp_id = a.isp_id and t.to_account = a.id and t.id > coalesce(c.through_id, 0)
             union all
             select -amount from transfers t
              where t.isp_id = a.isp_id and t.from_account = a.id and t.id > coalesce(c.through_id, 0)) moves) news
   where a.credit is null and news.delta is not null;
  get diagnostics made = row_count;
  return made;
end $$;
"""

#: table → what the roles that serve may do besides reading.
RIGHTS = {
    "ledger_accounts": "insert",
    "transfers": "insert",
    "ledger_checkpoints": None,
    "charges": "insert",
    "charged_periods": "insert, delete",
    "payments": "insert, update (state, customer_id)",
    "refunds": "insert",
    "drawers": "insert, update (closed_at, expected, counted, note)",
    "billing_settings": "insert, update, delete",
}
APPENDED = ("transfers", "charges", "refunds", "ledger_checkpoints")


def upgrade() -> None:
    # `=` of ids beside `&&` of ranges in one constraint.
    op.execute("create extension if not exists btree_gist")
    _create_tables()
    for function in (
        APPEND_ONLY, OPENS_EMPTY, MOVE_CREDIT, REVERSES_IN_FULL, PAYMENT_MOVES_FORWARD, DRAWER_CLOSES_ONCE, CHECKPOINT,
    ):  # fmt: skip
        op.execute(function)
    _create_triggers()
    _grant(context.config.attributes["engine_role"], context.config.attributes["api_role"])


def _create_triggers() -> None:
    for table in APPENDED:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function infora_append_only()"
        )
    for table in ("payments", "drawers", "ledger_accounts"):
        op.execute(
            f"create trigger stays before delete or truncate on {table} "
            "for each statement execute function infora_append_only()"
        )
    op.execute(
        "create trigger opens_empty before insert on ledger_accounts "
        "for each row execute function infora_account_opens_empty()"
    )
    op.execute(
        "create trigger move_credit after insert on transfers referencing new table as new_rows "
        "for each statement execute function infora_move_credit()"
    )
    op.execute(
        "create trigger reverses_in_full before insert on transfers for each row when (new.reverses is not null) "
        "execute function infora_reverses_in_full()"
    )
    op.execute(
        "create trigger moves_forward before update on payments "
        "for each row execute function infora_payment_moves_forward()"
    )
    op.execute(
        "create trigger closes_once before update on drawers for each row execute function infora_drawer_closes_once()"
    )
    op.execute("create trigger touch before update on billing_settings for each row execute function infora_touch()")


def _grant(engine_role: str, api_role: str) -> None:
    engine, api = ('"' + role.replace('"', '""') + '"' for role in (engine_role, api_role))
    for table, rights in RIGHTS.items():
        op.execute(f"select infora_wall_in('{table}', '{api_role.replace(chr(39), chr(39) * 2)}')")
        op.execute(f"revoke all on {table} from {engine}, {api}")
        op.execute(f"grant select{', ' + rights if rights else ''} on {table} to {engine}, {api}")
    op.execute("revoke execute on function infora_checkpoint_ledger() from public")
    op.execute(f"grant execute on function infora_checkpoint_ledger() to {engine}")


def _create_tables() -> None:
    op.create_table(
        "charges",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("tax_category", sa.Text(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=6, scale=3), nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("days_from", sa.BigInteger(), nullable=True),
        sa.Column("days_until", sa.BigInteger(), nullable=True),
        sa.Column("days_whole", sa.BigInteger(), nullable=True),
        sa.Column("subscription_id", sa.BigInteger(), nullable=True),
        sa.Column("topup_id", sa.BigInteger(), nullable=True),
        sa.Column("service_plan_id", sa.BigInteger(), nullable=True),
        sa.Column("given", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'period') = (during is not null)", name=op.f("ck_charges_during_where_period")),
        sa.CheckConstraint(
            "kind in ('period', 'topup', 'fee', 'addon', 'late_fee', 'adjustment')", name=op.f("ck_charges_kind_known")
        ),
        sa.CheckConstraint("0 <= days_from and days_from < days_until", name=op.f("ck_charges_days_in_order")),
        sa.CheckConstraint("not given or reason is not null", name=op.f("ck_charges_given_with_reason")),
        sa.CheckConstraint("not isempty(during)", name=op.f("ck_charges_during_not_empty")),
        sa.CheckConstraint(
            "num_nulls(days_from, days_until, days_whole) in (0, 3)", name=op.f("ck_charges_days_together")
        ),
        sa.CheckConstraint("reverses <> id", name=op.f("ck_charges_reverses_another")),
        sa.CheckConstraint("reverses is null or reason is not null", name=op.f("ck_charges_reversed_with_reason")),
        sa.CheckConstraint("sign(net) * sign(tax) >= 0", name=op.f("ck_charges_tax_follows_net")),
        sa.CheckConstraint("tax_rate >= 0", name=op.f("ck_charges_tax_rate_not_negative")),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_charges_quantity_not_zero")),
        sa.ForeignKeyConstraint(
            ["isp_id", "reverses"], ["charges.isp_id", "charges.id"], name=op.f("fk_charges_isp_id_reverses_charges")
        ),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_charges")),
        sa.UniqueConstraint("isp_id", "reverses", name=op.f("uq_charges_isp_id_reverses")),
    )
    op.create_index("ix_charges_isp_id_customer_id", "charges", ["isp_id", "customer_id", "id"], unique=False)
    op.create_index("ix_charges_isp_id_effective_on", "charges", ["isp_id", "effective_on"], unique=False)
    op.create_index("ix_charges_isp_id_subscription_id", "charges", ["isp_id", "subscription_id"], unique=False)
    op.create_table(
        "drawers",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_drawers_counted_not_negative")),
        sa.CheckConstraint(
            "num_nulls(closed_at, expected, counted) in (0, 3)", name=op.f("ck_drawers_closed_by_count")
        ),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_drawers")),
    )
    op.create_index(
        "uq_drawers_open", "drawers", ["isp_id", "operator"], unique=True, postgresql_where=sa.text("closed_at is null")
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("credit", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'customer') = (customer_id is not null)", name=op.f("ck_ledger_accounts_customer_where_customers")
        ),
        sa.CheckConstraint(
            "(kind in ('customer', 'deposit', 'agent')) = (credit is not null) and (credit is null) = (seq is null)",
            name=op.f("ck_ledger_accounts_credit_where_kept"),
        ),
        sa.CheckConstraint(
            "kind in ('customer', 'deposit', 'agent', 'clearing', 'drawer', 'revenue', 'tax', 'voucher_liability', 'suspense', 'write_off', 'rounding', 'commission')",
            name=op.f("ck_ledger_accounts_kind_known"),
        ),
        sa.CheckConstraint("credit >= floor", name=op.f("ck_ledger_accounts_credit_not_below_floor")),
        sa.CheckConstraint("floor is null or credit is not null", name=op.f("ck_ledger_accounts_floor_where_kept")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("isp_id", "code", name=op.f("uq_ledger_accounts_isp_id_code")),
    )
    op.create_index("ix_ledger_accounts_isp_id_customer_id", "ledger_accounts", ["isp_id", "customer_id"], unique=False)
    op.create_table(
        "billing_settings",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "seller", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("tax_name", sa.Text(), server_default="", nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=6, scale=3), server_default=sa.text("0"), nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tax_category", sa.Text(), server_default="S", nullable=False),
        sa.Column("invoicing", sa.Text(), server_default="none", nullable=False),
        sa.Column("series", sa.Text(), server_default="INV-{year}-{number:05}", nullable=False),
        sa.Column("due_days", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "dunning", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("first_period", sa.Text(), server_default="on_account", nullable=False),
        sa.Column("suspension", sa.Text(), server_default="bill", nullable=False),
        sa.Column("api_key_money", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "first_period in ('on_account', 'free')", name=op.f("ck_billing_settings_first_period_known")
        ),
        sa.CheckConstraint(
            "invoicing in ('none', 'each_charge', 'monthly')", name=op.f("ck_billing_settings_invoicing_known")
        ),
        sa.CheckConstraint("suspension in ('bill', 'pause')", name=op.f("ck_billing_settings_suspension_known")),
        sa.CheckConstraint("due_days between 0 and 365", name=op.f("ck_billing_settings_due_days_range")),
        sa.CheckConstraint("tax_rate >= 0 and tax_rate < 100", name=op.f("ck_billing_settings_tax_rate_range")),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_billing_settings_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", name=op.f("pk_billing_settings")),
    )
    op.create_table(
        "charged_periods",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("charge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("isp_id"), "="),
            (sa.column("customer_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="no_instant_charged_twice",
        ),
        sa.ForeignKeyConstraint(
            ["isp_id", "charge_id"],
            ["charges.isp_id", "charges.id"],
            name=op.f("fk_charged_periods_isp_id_charge_id_charges"),
        ),
        sa.PrimaryKeyConstraint("isp_id", "charge_id", name=op.f("pk_charged_periods")),
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("through_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["isp_id", "account_id"],
            ["ledger_accounts.isp_id", "ledger_accounts.id"],
            name=op.f("fk_ledger_checkpoints_isp_id_account_id_ledger_accounts"),
        ),
        sa.PrimaryKeyConstraint("isp_id", "account_id", "through_id", name=op.f("pk_ledger_checkpoints")),
    )
    op.create_table(
        "payments",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_account", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="confirmed", nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("pay_reference", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("drawer_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("drawer_id is null or method = 'cash'", name=op.f("ck_payments_drawer_for_cash")),
        sa.CheckConstraint(
            "method in ('cash', 'bank', 'mpesa', 'stripe', 'agent', 'other')", name=op.f("ck_payments_method_known")
        ),
        sa.CheckConstraint(
            "state in ('pending', 'unknown', 'confirmed', 'failed', 'reversed')", name=op.f("ck_payments_state_known")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount_positive")),
        sa.CheckConstraint("fee >= 0 and fee <= amount", name=op.f("ck_payments_fee_within_amount")),
        sa.ForeignKeyConstraint(
            ["isp_id", "drawer_id"], ["drawers.isp_id", "drawers.id"], name=op.f("fk_payments_isp_id_drawer_id_drawers")
        ),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "isp_id",
            "provider",
            "provider_account",
            "provider_ref",
            name=op.f("uq_payments_isp_id_provider_provider_account_provider_ref"),
        ),
    )
    op.create_index("ix_payments_isp_id_customer_id", "payments", ["isp_id", "customer_id", "id"], unique=False)
    op.create_table(
        "transfers",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("from_account", sa.BigInteger(), nullable=False),
        sa.Column("to_account", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transfers_amount_positive")),
        sa.CheckConstraint("from_account <> to_account", name=op.f("ck_transfers_two_accounts")),
        sa.CheckConstraint("length(key) between 1 and 200", name=op.f("ck_transfers_key_length")),
        sa.CheckConstraint("reverses <> id", name=op.f("ck_transfers_reverses_another")),
        sa.ForeignKeyConstraint(
            ["isp_id", "from_account"],
            ["ledger_accounts.isp_id", "ledger_accounts.id"],
            name=op.f("fk_transfers_isp_id_from_account_ledger_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["isp_id", "reverses"],
            ["transfers.isp_id", "transfers.id"],
            name=op.f("fk_transfers_isp_id_reverses_transfers"),
        ),
        sa.ForeignKeyConstraint(
            ["isp_id", "to_account"],
            ["ledger_accounts.isp_id", "ledger_accounts.id"],
            name=op.f("fk_transfers_isp_id_to_account_ledger_accounts"),
        ),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("isp_id", "key", name=op.f("uq_transfers_isp_id_key")),
        sa.UniqueConstraint("isp_id", "reverses", name=op.f("uq_transfers_isp_id_reverses")),
    )
    op.create_index("ix_transfers_isp_id_cause_cause_id", "transfers", ["isp_id", "cause", "cause_id"], unique=False)
    op.create_index("ix_transfers_isp_id_from_account", "transfers", ["isp_id", "from_account", "id"], unique=False)
    op.create_index("ix_transfers_isp_id_to_account", "transfers", ["isp_id", "to_account", "id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["isp_id", "payment_id"],
            ["payments.isp_id", "payments.id"],
            name=op.f("fk_refunds_isp_id_payment_id_payments"),
        ),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_refunds")),
    )
    op.create_index("ix_refunds_isp_id_payment_id", "refunds", ["isp_id", "payment_id"], unique=False)
    op.alter_column(
        "radacct",
        "acctuniqueid",
        existing_type=sa.TEXT(),
        server_default=sa.text("md5(gen_random_uuid()::text)"),
        existing_nullable=False,
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
