"""Documents: invoices, credit notes, receipts, proformas, with their numbers, their chain, their runs and their files.

What has been issued is frozen by triggers, to the owner too. The chain's hash is worked out in the insert itself, from
named columns of the document, its lines and its taxes, which are written before it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"

#: docs/decisions/0101 says what the hash is over; `checks.sql` works it out by itself.
ISSUED = """
create function infora_document_issued() returns trigger language plpgsql as $$
declare
  head document_chains;
  content jsonb;
begin
  if new.kind = 'proforma' then
    return new;
  end if;
  select * into head from document_chains where isp_id = new.isp_id for update;
  if head.isp_id is null or head.issued_at > new.issued_at then
    raise exception 'a document is issued at the end of its chain' using errcode = 'check_violation';
  end if;
  new.chain_no := head.length + 1;
  new.previous_hash := head.hash;
  content := jsonb_build_object(
    'id', new.id, 'kind', new.kind, 'series', new.series, 'number', new.number, 'full_number', new.full_number,
    'issued_at', to_char(new.issued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    'issued_on', new.issued_on, 'supply_from', new.supply_from, 'supply_to', new.supply_to, 'due_on', new.due_on,
    'customer_id', new.customer_id, 'seller', new.seller, 'buyer', new.buyer, 'currency', new.currency,
    'tax_name', new.tax_name, 'tax_inclusive', new.tax_inclusive, 'net', new.net, 'tax', new.tax, 'total', new.total,
    'rounding', new.rounding, 'prepaid', new.prepaid, 'note', new.note, 'corrects', new.corrects,
    'payment_id', new.payment_id, 'run_id', new.run_id, 'chain_no', new.chain_no, 'actor', new.actor,
    'lines', (select jsonb_agg(jsonb_build_array(line, charge_id, description, quantity, unit_price, price_quantity,
                                                 net, tax_category, tax_rate, period_from, period_until) order by line)
                from document_lines l where l.isp_id = new.isp_id and l.document_id = new.id),
    'taxes', (select jsonb_agg(jsonb_build_array(tax_category, tax_rate, base, tax, exemption_reason)
                               order by tax_category collate "C", tax_rate)
                from document_taxes t where t.isp_id = new.isp_id and t.document_id = new.id));
  new.hash := sha256(head.hash || convert_to(content::text, 'UTF8'));
  update document_chains set length = new.chain_no, hash = new.hash, issued_at = new.issued_at
   where isp_id = new.isp_id;
  return new;
end $$;
"""
FROZEN = """
create function infora_document_frozen() returns trigger language plpgsql as $$
begin
  if (to_jsonb(new) - array['fiscal', 'pdf_sha256']) <> (to_jsonb(old) - array['fiscal', 'pdf_sha256'])
     or (old.fiscal is not null and new.fiscal is distinct from old.fiscal)
     or (old.pdf_sha256 is not null and new.pdf_sha256 is distinct from old.pdf_sha256) then
    raise exception 'a document is not changed: it is corrected by a credit note'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""
#: Lines and taxes come before their document, and none after it.
BEFORE_DOCUMENT = """
create function infora_before_document() returns trigger language plpgsql as $$
begin
  if exists (select from documents where isp_id = new.isp_id and id = new.document_id) then
    raise exception 'a document is not changed: it is corrected by a credit note'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""
#: The end of a chain moves with a document and otherwise not.
CHAIN_MOVES = """
create function infora_chain_moves() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' and (new.length <> 0 or new.hash <> '' or new.issued_at is not null)
     or tg_op = 'UPDATE' and pg_trigger_depth() < 2 then
    raise exception 'the chain moves with its documents' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""
NUMBERS_GROW = """
create function infora_numbers_grow() returns trigger language plpgsql as $$
begin
  if new.next < old.next or (new.isp_id, new.series) is distinct from (old.isp_id, old.series) then
    raise exception 'a number is given once' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""
#: table → what the roles that serve may do besides reading.
RIGHTS = {
    "documents": "insert, update (fiscal, pdf_sha256)",
    "document_lines": "insert",
    "document_taxes": "insert",
    "document_files": "insert",
    "document_chains": "insert, update",
    "number_series": "insert, update",
    "invoice_runs": "insert, update",
}
SETTINGS = (
    sa.Column("tax_exemption_reason", sa.Text(), server_default="", nullable=False),
    sa.Column("credit_note_series", sa.Text(), server_default="CN-{year}-{number:05}", nullable=False),
    sa.Column("receipt_series", sa.Text(), server_default="RC-{year}-{number:05}", nullable=False),
    sa.Column("invoicing_since", sa.Date(), nullable=True),
    sa.Column("look", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
)


def upgrade() -> None:
    for column in SETTINGS:
        op.add_column("billing_settings", column)
    # Whoever has chosen to invoice before there were documents begins with today's charges.
    op.execute("update billing_settings set invoicing_since = current_date where invoicing <> 'none'")
    _documents()
    _parts()
    _counted()
    for function in (ISSUED, FROZEN, BEFORE_DOCUMENT, CHAIN_MOVES, NUMBERS_GROW):
        op.execute(function)
    _triggers()
    engine, api = context.config.attributes["engine_role"], context.config.attributes["api_role"]
    for table, rights in RIGHTS.items():
        op.execute(f"select infora_wall_in('{table}', '{api.replace(chr(39), chr(39) * 2)}')")
        op.execute(f"revoke all on {table} from {_quoted(engine)}, {_quoted(api)}")
        op.execute(f"grant select, {rights} on {table} to {_quoted(engine)}, {_quoted(api)}")


def _triggers() -> None:
    for table in ("document_lines", "document_taxes", "document_files"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function infora_append_only()"
        )
    for table in ("documents", "document_chains", "number_series"):
        op.execute(
            f"create trigger stays before delete or truncate on {table} "
            "for each statement execute function infora_append_only()"
        )
    for table in ("document_lines", "document_taxes"):
        op.execute(
            f"create trigger before_document before insert on {table} "
            "for each row execute function infora_before_document()"
        )
    for name, when, table, function in (
        ("issued", "insert", "documents", "infora_document_issued"),
        ("frozen", "update", "documents", "infora_document_frozen"),
        ("moves", "insert or update", "document_chains", "infora_chain_moves"),
        ("grow", "update", "number_series", "infora_numbers_grow"),
    ):
        op.execute(f"create trigger {name} before {when} on {table} for each row execute function {function}()")


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("series", sa.Text()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("full_number", sa.Text()),
        sa.Column("issued_at", sa.DateTime(timezone=True)),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("supply_from", sa.Date()),
        sa.Column("supply_to", sa.Date()),
        sa.Column("due_on", sa.Date()),
        sa.Column("customer_id", sa.BigInteger()),
        sa.Column("seller", postgresql.JSONB(), nullable=False),
        sa.Column("buyer", postgresql.JSONB(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tax_name", sa.Text(), nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("rounding", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("prepaid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("corrects", sa.BigInteger()),
        sa.Column("payment_id", sa.BigInteger()),
        sa.Column("run_id", sa.BigInteger()),
        sa.Column("chain_no", sa.BigInteger()),
        sa.Column("previous_hash", sa.LargeBinary()),
        sa.Column("hash", sa.LargeBinary()),
        sa.Column("fiscal", postgresql.JSONB()),
        sa.Column("pdf_sha256", sa.LargeBinary()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *_document_constraints(),
    )
    op.create_index("ix_documents_isp_id_customer_id", "documents", ["isp_id", "customer_id", "id"])
    op.create_index(
        "ix_documents_isp_id_corrects", "documents", ["isp_id", "corrects"],
        postgresql_where=sa.text("corrects is not null"),
    )  # fmt: skip


def _document_constraints() -> list[sa.Constraint]:
    checks = {
        "kind_known": "kind in ('invoice', 'credit_note', 'receipt', 'proforma')",
        "numbered_when_issued": "num_nulls(series, number, full_number, issued_at, chain_no, previous_hash, hash)"
        " = case when kind = 'proforma' then 7 else 0 end",
        "number_positive": "number > 0",
        "total_is_net_and_tax": "total = net + tax",
        "not_below_zero": "net >= 0 and tax >= 0",
        "prepaid_within_total": "prepaid between 0 and greatest(total + rounding, 0)",
        "credit_note_corrects": "(kind = 'credit_note') = (corrects is not null)",
        "receipt_of_payment": "(kind = 'receipt') = (payment_id is not null)",
        "supply_in_order": "supply_from <= supply_to",
    }
    return [
        *(sa.CheckConstraint(condition, name=op.f(f"ck_documents_{name}")) for name, condition in checks.items()),
        sa.ForeignKeyConstraint(
            ["isp_id", "corrects"], ["documents.isp_id", "documents.id"],
            name=op.f("fk_documents_isp_id_corrects_documents"),
        ),
        sa.ForeignKeyConstraint(
            ["isp_id", "payment_id"], ["payments.isp_id", "payments.id"],
            name=op.f("fk_documents_isp_id_payment_id_payments"),
        ),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_documents")),
        sa.UniqueConstraint("isp_id", "series", "number", name=op.f("uq_documents_isp_id_series_number")),
        sa.UniqueConstraint("isp_id", "full_number", name=op.f("uq_documents_isp_id_full_number")),
        sa.UniqueConstraint("isp_id", "chain_no", name=op.f("uq_documents_isp_id_chain_no")),
        sa.UniqueConstraint("isp_id", "payment_id", name=op.f("uq_documents_isp_id_payment_id")),
    ]  # fmt: skip


def _of_document(table: str, *, deferred: bool) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["isp_id", "document_id"],
        ["documents.isp_id", "documents.id"],
        name=op.f(f"fk_{table}_isp_id_document_id_documents"),
        deferrable=deferred or None,
        initially="DEFERRED" if deferred else None,
    )


def _parts() -> None:
    op.create_table(
        "document_lines",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("charge_id", sa.BigInteger()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("price_quantity", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax_category", sa.Text(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=6, scale=3), nullable=False),
        sa.Column("period_from", sa.Date()),
        sa.Column("period_until", sa.Date()),
        sa.CheckConstraint(
            "net * price_quantity = quantity * unit_price", name=op.f("ck_document_lines_quantity_times_price")
        ),
        sa.CheckConstraint(
            "quantity <> 0 and price_quantity > 0", name=op.f("ck_document_lines_quantities_not_zero")
        ),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_document_lines_unit_price_not_negative")),
        sa.CheckConstraint(
            "(period_from is null) = (period_until is null)", name=op.f("ck_document_lines_period_whole")
        ),
        _of_document("document_lines", deferred=True),
        sa.PrimaryKeyConstraint("isp_id", "document_id", "line", name=op.f("pk_document_lines")),
        sa.UniqueConstraint("isp_id", "charge_id", name=op.f("uq_document_lines_isp_id_charge_id")),
    )  # fmt: skip
    op.create_table(
        "document_taxes",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tax_category", sa.Text(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=6, scale=3), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("exemption_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("base >= 0 and tax >= 0", name=op.f("ck_document_taxes_not_below_zero")),
        _of_document("document_taxes", deferred=True),
        sa.PrimaryKeyConstraint("isp_id", "document_id", "tax_category", "tax_rate", name=op.f("pk_document_taxes")),
    )
    op.create_table(
        "document_files",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("xml", sa.LargeBinary()),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("rendered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _of_document("document_files", deferred=False),
        sa.PrimaryKeyConstraint("isp_id", "document_id", name=op.f("pk_document_files")),
    )


def _counted() -> None:
    op.create_table(
        "document_chains",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("length", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("isp_id", name=op.f("pk_document_chains")),
    )
    op.create_table(
        "number_series",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("resets", sa.Text(), nullable=False),
        sa.CheckConstraint("next > 0", name=op.f("ck_number_series_next_positive")),
        sa.CheckConstraint("resets in ('never', 'year', 'month')", name=op.f("ck_number_series_resets_known")),
        sa.PrimaryKeyConstraint("isp_id", "series", name=op.f("pk_number_series")),
    )
    op.create_table(
        "invoice_runs",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("automatic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_customer_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("issued", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state in ('planned', 'issuing', 'done')", name=op.f("ck_invoice_runs_state_known")),
        sa.CheckConstraint("(state = 'done') = (done_at is not null)", name=op.f("ck_invoice_runs_done_has_time")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_invoice_runs")),
    )
    op.create_index(
        "uq_invoice_runs_issuing", "invoice_runs", ["isp_id"], unique=True,
        postgresql_where=sa.text("state = 'issuing'"),
    )  # fmt: skip


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
