"""A tenant's tax authority: whose system is told about its documents, and since when.

Besides, what guards documents asks once a statement, and reads lines by their key before there are statistics: an
invoice run on a new installation must not read whole tables for each of its lines.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

#: As in 0029, of all rows of a statement at once.
BEFORE_DOCUMENT = """
create or replace function infora_before_document() returns trigger language plpgsql as $$
begin
  if exists (select from new_rows n join documents d on d.isp_id = n.isp_id and d.id = n.document_id) then
    raise exception 'a document is not changed: it is corrected by a credit note'
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
"""
#: As in 0029, and the end of the chain is moved once a statement: a row that is changed a thousand times in a transaction
#: has a thousand versions to step over. Within a statement the document before stands in the table already.
ISSUED = """
create or replace function infora_document_issued() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  head document_chains;
  last record;
  content jsonb;
begin
  if new.kind = 'proforma' then
    return new;
  end if;
  select * into head from document_chains where isp_id = new.isp_id for update;
  select chain_no, hash, issued_at into last from documents
   where isp_id = new.isp_id and chain_no > head.length order by chain_no desc limit 1;
  if last.chain_no is not null then
    head.length := last.chain_no;
    head.hash := last.hash;
    head.issued_at := last.issued_at;
  end if;
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
  return new;
end $$;
"""
CHAINED = """
create function infora_documents_chained() returns trigger language plpgsql as $$
begin
  update document_chains c set length = n.chain_no, hash = n.hash, issued_at = n.issued_at
    from (select distinct on (isp_id) isp_id, chain_no, hash, issued_at from new_rows where chain_no is not null
           order by isp_id, chain_no desc) n
   where c.isp_id = n.isp_id;
  return null;
end $$;
"""


def upgrade() -> None:
    op.add_column("billing_settings", sa.Column("fiscal_authority", sa.Text(), nullable=True))
    op.add_column("billing_settings", sa.Column("fiscal_since", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        "fiscal_authority_known",
        "billing_settings",
        "num_nulls(fiscal_authority, fiscal_since) in (0, 2) and fiscal_authority in ('reference')",
    )
    op.create_index(
        "ix_documents_unanswered", "documents", ["isp_id", "issued_at"],
        postgresql_where=sa.text("fiscal is null and kind in ('invoice', 'credit_note')"),
    )  # fmt: skip
    op.execute(BEFORE_DOCUMENT)
    for table in ("document_lines", "document_taxes"):
        op.execute(f"drop trigger before_document on {table}")
        op.execute(
            f"create trigger before_document after insert on {table} referencing new table as new_rows "
            "for each statement execute function infora_before_document()"
        )
    for function in (ISSUED, CHAINED):
        op.execute(function)
    op.execute(
        "create trigger chained after insert on documents referencing new table as new_rows "
        "for each statement execute function infora_documents_chained()"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
