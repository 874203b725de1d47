-- What must be true of the books. Each statement selects the rows that break one rule: (isp_id, row, what is wrong).
-- `flask verify-books` runs them all; nothing here is shared with the programs that write.

-- check kept_balance: the credit of an account is the sum of its transfers, and seq their number
select a.isp_id, 'account ' || a.id || ' (' || a.code || ')',
       'credit ' || a.credit || ', transfers sum to ' || coalesce(m.total, 0)
       || '; seq ' || a.seq || ', transfers ' || coalesce(m.number, 0)
  from ledger_accounts a
  left join (select isp_id, account, sum(delta) as total, count(*) as number
               from (select isp_id, to_account as account, amount as delta from transfers
                      union all select isp_id, from_account, -amount from transfers) moves
              group by isp_id, account) m on m.isp_id = a.isp_id and m.account = a.id
 where a.credit is not null and (a.credit <> coalesce(m.total, 0) or a.seq <> coalesce(m.number, 0));

-- check zero_sum: a tenant's balances sum to zero
select isp_id, 'tenant ' || isp_id, 'sum ' || sum(delta)
  from (select isp_id, to_account as account, amount as delta from transfers
         union all select isp_id, from_account, -amount from transfers) moves
 group by isp_id having sum(delta) <> 0;

-- check accounts_of_one_tenant: both accounts of a transfer are the tenant's own
select t.isp_id, 'transfer ' || t.id, 'from ' || t.from_account || ' to ' || t.to_account from transfers t
  left join ledger_accounts f on f.isp_id = t.isp_id and f.id = t.from_account
  left join ledger_accounts g on g.isp_id = t.isp_id and g.id = t.to_account
 where f.id is null or g.id is null or f.id = g.id;

-- check floor: no account is below its floor
select isp_id, 'account ' || id || ' (' || code || ')', 'credit ' || credit || ', floor ' || floor
  from ledger_accounts where credit < floor;

-- check key_once: a key is one transfer, and a transfer is taken back by one
select isp_id, 'key ' || key, count(*) || ' transfers' from transfers group by isp_id, key having count(*) > 1
union all
select isp_id, 'transfer ' || reverses, 'taken back ' || count(*) || ' times' from transfers
 where reverses is not null group by isp_id, reverses having count(*) > 1;

-- check reversal_in_full: a reversal takes back one transfer, once and in full
select r.isp_id, 'transfer ' || r.id, 'reverses ' || r.reverses from transfers r
  left join transfers t on t.isp_id = r.isp_id and t.id = r.reverses
 where r.reverses is not null
   and (t.id is null or t.reverses is not null or t.amount <> r.amount
        or t.from_account <> r.to_account or t.to_account <> r.from_account
        or exists (select from transfers s where s.isp_id = r.isp_id and s.reverses = r.reverses
                                             and s.id <> r.id));

-- check checkpoint: a checkpoint is the sum of its account's transfers up to it
with checkpoints as (
  select isp_id, account_id, through_id, balance, coalesce(lag(through_id) over earlier, 0) as since,
         coalesce(lag(balance) over earlier, 0) as before
    from ledger_checkpoints window earlier as (partition by isp_id, account_id order by through_id)
)
select c.isp_id, 'checkpoint of account ' || c.account_id || ' through ' || c.through_id,
       'says ' || c.balance || ' after ' || c.before || ', transfers between them sum to ' || m.total
  from checkpoints c
 cross join lateral (
   select coalesce(sum(delta), 0) as total
     from (select amount as delta from transfers t where t.isp_id = c.isp_id and t.to_account = c.account_id
              and t.id > c.since and t.id <= c.through_id
            union all
           select -amount from transfers t where t.isp_id = c.isp_id and t.from_account = c.account_id
              and t.id > c.since and t.id <= c.through_id) moves) m
 where c.balance - c.before <> m.total;

-- check charge_amount: a charge is quantity times price, or so many days of a whole period, and its tax rounded half up
with priced as (
  select isp_id, id, net, tax, tax_inclusive, tax_rate, sign(quantity) as sign,
         case when days_whole is null then abs(quantity) * unit_price::numeric
              else round(unit_price::numeric * days_until / days_whole) end as until,
         case when days_whole is null then 0
              else round(unit_price::numeric * days_from / days_whole) end as since
    from charges
), shares as (
  select isp_id, id, net, tax, sign * (until - since) as amount, tax_inclusive,
         sign * (round(until * tax_rate / (100 + case when tax_inclusive then tax_rate else 0 end))
                 - round(since * tax_rate / (100 + case when tax_inclusive then tax_rate else 0 end))) as wanted
    from priced
)
select isp_id, 'charge ' || id, 'net ' || net || ' and tax ' || tax || ', priced ' || amount || ' with tax ' || wanted
  from shares
 where tax <> wanted or case when tax_inclusive then net + tax else net end <> amount;

-- check charge_in_ledger: a charge moves its net and its tax from the customer, one given away nothing
select c.isp_id, 'charge ' || c.id,
       'net ' || c.net || ' and tax ' || c.tax || ', transfers ' || m.net || ' and ' || m.tax
       || ', of the customer ' || m.owed
  from charges c
 cross join lateral (
   select coalesce(sum(case when g.kind = 'revenue' then t.amount
                            when f.kind = 'revenue' then -t.amount end), 0) as net,
          coalesce(sum(case when g.kind = 'tax' then t.amount
                            when f.kind = 'tax' then -t.amount end), 0) as tax,
          coalesce(sum(case when f.customer_id = c.customer_id then t.amount
                            when g.customer_id = c.customer_id then -t.amount end), 0) as owed
     from transfers t
     join ledger_accounts f on f.isp_id = t.isp_id and f.id = t.from_account
     join ledger_accounts g on g.isp_id = t.isp_id and g.id = t.to_account
    where t.isp_id = c.isp_id and t.cause = 'charge' and t.cause_id = c.id) m
 where (m.net, m.tax, m.owed)
       <> (case when c.given then 0 else c.net end, case when c.given then 0 else c.tax end,
           case when c.given then 0 else c.net + c.tax end);

-- check charge_reversal: a charge is taken back once and as a whole, and one given away always is
select c.isp_id, 'charge ' || c.id, 'reversed by ' || coalesce(r.id::text, 'none') from charges c
  left join charges r on r.isp_id = c.isp_id and r.reverses = c.id
 where (c.given and c.reverses is null and r.id is null)
    or (r.id is not null and (r.net <> -c.net or r.tax <> -c.tax or r.given <> c.given
        or r.customer_id <> c.customer_id or r.kind <> c.kind or c.reverses is not null))
union all
select r.isp_id, 'charge ' || r.id, 'reverses ' || r.reverses || ', which is not there' from charges r
 where r.reverses is not null
   and not exists (select from charges c where c.isp_id = r.isp_id and c.id = r.reverses);

-- check charged_period: a period is charged exactly as long as its charge is in force
select coalesce(c.isp_id, p.isp_id), 'charge ' || coalesce(c.id, p.charge_id),
       case when p.charge_id is null then 'in force without its period'
            else 'a period without a charge in force' end
  from (select * from charges c where kind = 'period' and reverses is null and not given
           and not exists (select from charges r where r.isp_id = c.isp_id and r.reverses = c.id)) c
  full join charged_periods p on p.isp_id = c.isp_id and p.charge_id = c.id
   and p.during = c.during and p.customer_id = c.customer_id
 where c.id is null or p.charge_id is null;

-- check charged_once: no instant of a customer's service is charged twice
select a.isp_id, 'charges ' || a.charge_id || ' and ' || b.charge_id, 'both for ' || (a.during * b.during)
  from charged_periods a
  join charged_periods b on b.isp_id = a.isp_id and b.customer_id = a.customer_id
   and b.charge_id > a.charge_id and b.during && a.during;

-- check payment_in_ledger: a confirmed payment is in the ledger with its amount, one taken back is back, any other is not there
select p.isp_id, 'payment ' || p.id, p.state || ' ' || p.amount || ', transfers ' || m.total from payments p
 cross join lateral (
   select coalesce(sum(case when f.kind in ('clearing', 'drawer') and g.kind in ('customer', 'suspense')
                            then t.amount
                            when g.kind in ('clearing', 'drawer') and f.kind in ('customer', 'suspense')
                            then -t.amount end), 0) as total
     from transfers t
     join ledger_accounts f on f.isp_id = t.isp_id and f.id = t.from_account
     join ledger_accounts g on g.isp_id = t.isp_id and g.id = t.to_account
    where t.isp_id = p.isp_id and t.cause = 'payment' and t.cause_id = p.id) m
 where m.total <> case when p.state = 'confirmed' then p.amount else 0 end;

-- check refunds: refunds are in the ledger, and together never more than their payment
select r.isp_id, 'payment ' || r.payment_id, 'refunds ' || sum(r.amount) || ' of ' || p.amount
       || ', transfers ' || sum(coalesce(m.total, 0))
  from refunds r
  join payments p on p.isp_id = r.isp_id and p.id = r.payment_id
  left join (select isp_id, cause_id, sum(amount) as total from transfers
              where cause = 'refund' and reverses is null group by isp_id, cause_id) m
    on m.isp_id = r.isp_id and m.cause_id = r.id
 group by r.isp_id, r.payment_id, p.amount
having sum(r.amount) > p.amount or sum(r.amount) <> sum(coalesce(m.total, 0));

-- check transfer_has_cause: every transfer is about a row that is there
select t.isp_id, 'transfer ' || t.id, t.cause || ' ' || t.cause_id || ' is not there' from transfers t
 where not case t.cause
             when 'charge' then exists (select from charges c where c.isp_id = t.isp_id and c.id = t.cause_id)
             when 'payment' then exists (select from payments c where c.isp_id = t.isp_id and c.id = t.cause_id)
             when 'assignment' then
               exists (select from payments c where c.isp_id = t.isp_id and c.id = t.cause_id)
             when 'refund' then exists (select from refunds c where c.isp_id = t.isp_id and c.id = t.cause_id)
             when 'drawer' then exists (select from drawers c where c.isp_id = t.isp_id and c.id = t.cause_id)
             when 'document' then exists (select from documents c where c.isp_id = t.isp_id and c.id = t.cause_id)
             else false end;

-- check closed_drawer_empty: a drawer that was counted holds nothing
select d.isp_id, 'drawer ' || d.id, 'holds ' || -sum(m.delta) from drawers d
  join ledger_accounts a on a.isp_id = d.isp_id and a.code = 'drawer:' || d.id
  join (select isp_id, to_account as account, amount as delta from transfers
         union all select isp_id, from_account, -amount from transfers) m on m.isp_id = a.isp_id and m.account = a.id
 where d.closed_at is not null group by d.isp_id, d.id having sum(m.delta) <> 0;

-- check customer_balance: a customer's credit is what they paid, less what was given back, less what they were charged
with came as (
  select isp_id, customer_id, sum(amount) as total from (
    select isp_id, customer_id, amount from payments where state = 'confirmed' and customer_id is not null
    union all
    select r.isp_id, p.customer_id, -r.amount from refunds r
      join payments p on p.isp_id = r.isp_id and p.id = r.payment_id where p.customer_id is not null
    union all
    select isp_id, customer_id, -(net + tax) from charges where not given) sums
   group by isp_id, customer_id)
select coalesce(a.isp_id, c.isp_id), 'customer ' || coalesce(a.customer_id, c.customer_id),
       'credit ' || coalesce(a.credit, 0) || ', payments and charges sum to ' || coalesce(c.total, 0)
  from (select * from ledger_accounts where kind = 'customer') a
  full join came c on c.isp_id = a.isp_id and c.customer_id = a.customer_id
 where coalesce(a.credit, 0) <> coalesce(c.total, 0);

-- check document_hash: a document's hash is over its columns, its lines, its taxes and the hash before it
select d.isp_id, 'document ' || d.id || ' (' || d.full_number || ')', 'is not what was issued' from documents d
 cross join lateral (
   select jsonb_agg(jsonb_build_array(line, charge_id, description, quantity, unit_price, price_quantity, net,
                                      tax_category, tax_rate, period_from, period_until) order by line) as items
     from document_lines where isp_id = d.isp_id and document_id = d.id) l
 cross join lateral (
   select jsonb_agg(jsonb_build_array(tax_category, tax_rate, base, tax, exemption_reason)
                    order by tax_category collate "C", tax_rate) as items
     from document_taxes where isp_id = d.isp_id and document_id = d.id) t
 where d.kind <> 'proforma'
   and d.hash is distinct from sha256(d.previous_hash || convert_to(jsonb_build_object(
         'id', d.id, 'kind', d.kind, 'series', d.series, 'number', d.number, 'full_number', d.full_number,
         'issued_at', to_char(d.issued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
         'issued_on', d.issued_on, 'supply_from', d.supply_from, 'supply_to', d.supply_to, 'due_on', d.due_on,
         'customer_id', d.customer_id, 'seller', d.seller, 'buyer', d.buyer, 'currency', d.currency,
         'tax_name', d.tax_name, 'tax_inclusive', d.tax_inclusive, 'net', d.net, 'tax', d.tax, 'total', d.total,
         'rounding', d.rounding, 'prepaid', d.prepaid, 'note', d.note, 'corrects', d.corrects,
         'payment_id', d.payment_id, 'run_id', d.run_id, 'chain_no', d.chain_no, 'actor', d.actor,
         'lines', l.items, 'taxes', t.items)::text, 'UTF8'));

-- check document_chain: each document builds on the one before it, and the chain ends with the last
with chained as (
  select isp_id, id, full_number, chain_no, previous_hash,
         lag(chain_no, 1, 0::bigint) over earlier as before, lag(hash, 1, ''::bytea) over earlier as hash_before
    from documents where chain_no is not null
  window earlier as (partition by isp_id order by chain_no)
)
select isp_id, 'document ' || id || ' (' || full_number || ')',
       case when before <> chain_no - 1 then 'place ' || chain_no || ' of the chain follows ' || before
                                             || ': what stood between them is missing'
            else 'does not build on the document before it' end
  from chained where before <> chain_no - 1 or previous_hash is distinct from hash_before
union all
select coalesce(c.isp_id, d.isp_id), 'document chain of tenant ' || coalesce(c.isp_id, d.isp_id),
       'has ' || coalesce(c.length, 0) || ' documents, and its last is ' || coalesce(d.full_number, 'none')
       || ' at place ' || coalesce(d.chain_no, 0)
  from document_chains c
  full join (select distinct on (isp_id) * from documents where chain_no is not null
              order by isp_id, chain_no desc) d on d.isp_id = c.isp_id
 where (coalesce(c.length, 0), coalesce(c.hash, '')) <> (coalesce(d.chain_no, 0), coalesce(d.hash, ''));

-- check document_numbers: the numbers of a series are 1 to n, the next is n + 1, and a later one is never earlier
with numbered as (
  select isp_id, id, series, number, full_number, issued_at,
         lag(number, 1, 0::bigint) over earlier as before, lag(issued_at) over earlier as issued_before,
         count(*) over (partition by isp_id, series) as amount
    from documents where number is not null
  window earlier as (partition by isp_id, series order by number)
)
select isp_id, 'document ' || id || ' (' || full_number || ')',
       'number ' || number || ' of ' || series || ' follows ' || before || ', issued ' || issued_at || ' after '
       || coalesce(issued_before::text, 'none')
  from numbered where number <> before + 1 or issued_at < issued_before
union all
select coalesce(s.isp_id, d.isp_id), 'series ' || coalesce(s.series, d.series),
       'the next number is ' || coalesce(s.next, 1) || ', the last one given is ' || coalesce(d.last, 0)
  from number_series s
  full join (select isp_id, series, max(number) as last from documents where number is not null
              group by isp_id, series) d on d.isp_id = s.isp_id and d.series = s.series
 where coalesce(s.next, 1) <> coalesce(d.last, 0) + 1;

-- check document_sums: a document is the sum of its lines and taxes, and of each rate the lines are the tax's base
select d.isp_id, 'document ' || d.id, 'net ' || d.net || ' and tax ' || d.tax || ' are ' || d.total
       || ', lines sum to ' || coalesce(l.net, 0) || ', taxes to ' || coalesce(t.tax, 0)
  from documents d
 cross join lateral (select sum(net) as net from document_lines where isp_id = d.isp_id and document_id = d.id) l
 cross join lateral (select sum(tax) as tax from document_taxes where isp_id = d.isp_id and document_id = d.id) t
 where d.total <> d.net + d.tax or d.net <> coalesce(l.net, 0) or d.tax <> coalesce(t.tax, 0)
union all
select d.isp_id, 'document ' || d.id, 'at ' || r.tax_rate || ' percent a base of ' || r.base || ', lines of '
       || r.net
  from documents d
 cross join lateral (
   select tax_category, tax_rate, sum(base) as base, sum(net) as net
     from (select tax_category, tax_rate, base, 0 as net from document_taxes
            where isp_id = d.isp_id and document_id = d.id
            union all
           select tax_category, tax_rate, 0, net from document_lines
            where isp_id = d.isp_id and document_id = d.id) parts
    group by tax_category, tax_rate) r
 where d.kind <> 'receipt' and r.base <> r.net
union all
select isp_id, 'document ' || document_id, 'line ' || line || ' is not quantity times price' from document_lines
 where net * price_quantity::numeric <> quantity * unit_price::numeric;

-- check document_tax: an invoice's tax is rounded half up, once for each rate
select d.isp_id, 'document ' || d.id, t.tax_category || ' ' || t.tax_rate || ' percent: tax ' || t.tax || ' on ' || t.base
  from document_taxes t
  join documents d on d.isp_id = t.isp_id and d.id = t.document_id
 where d.kind in ('invoice', 'proforma')
   and t.tax <> case when d.tax_inclusive then round((t.base + t.tax) * t.tax_rate / (100 + t.tax_rate))
                     else round(t.base * t.tax_rate / 100) end;

-- check credit_notes: credit notes of an invoice together never exceed it, of no rate, and correct an invoice
select d.isp_id, 'document ' || d.id, 'invoiced ' || t.base || ' + ' || t.tax || ' at ' || t.tax_rate
       || ' percent, credited ' || c.base || ' + ' || c.tax
  from documents d
  join (select n.isp_id, n.corrects, x.tax_category, x.tax_rate, sum(x.base) as base, sum(x.tax) as tax
          from documents n
          join document_taxes x on x.isp_id = n.isp_id and x.document_id = n.id
         where n.kind = 'credit_note' group by 1, 2, 3, 4) c on c.isp_id = d.isp_id and c.corrects = d.id
  left join document_taxes t on t.isp_id = d.isp_id and t.document_id = d.id and t.tax_category = c.tax_category
   and t.tax_rate = c.tax_rate
 where t.base is null or c.base > t.base or c.tax > t.tax
    or (c.base = t.base and c.tax <> t.tax)
union all
select n.isp_id, 'document ' || n.id, 'corrects ' || n.corrects || ', which is no invoice of the customer'
  from documents n
  left join documents d on d.isp_id = n.isp_id and d.id = n.corrects and d.kind = 'invoice'
   and d.customer_id = n.customer_id
 where n.corrects is not null and d.id is null;

-- check document_charges: a document with its rounding is what its charges sum to, and they are its customer's
select d.isp_id, 'document ' || d.id, 'total ' || d.total || ' and rounding ' || d.rounding || ', charges sum to '
       || coalesce(m.total, 0)
  from documents d
 cross join lateral (
   select sum(c.net + c.tax) as total, bool_and(c.customer_id is not null and not c.given) as charged,
          min(c.customer_id) as first, max(c.customer_id) as last
     from document_lines l
     left join charges c on c.isp_id = l.isp_id and c.id = l.charge_id
    where l.isp_id = d.isp_id and l.document_id = d.id) m
 where d.kind in ('invoice', 'credit_note')
   and (coalesce(m.total, 0) <> case d.kind when 'invoice' then 1 else -1 end * (d.total + d.rounding)
        or m.charged is not true or m.first <> d.customer_id or m.last <> d.customer_id);

-- check document_in_ledger: a tax account holds what documents say; the difference to the charges' own tax is rounding
select d.isp_id, 'document ' || d.id, 'tax of ' || r.code || ' differs from its charges by ' || r.more
       || ', transfers from rounding ' || coalesce(m.total, 0)
  from documents d
 cross join lateral (
   select code, sum(tax) as more from (
     select 'tax:' || tax_category || ':' || (tax_rate * 1000)::bigint as code,
            case d.kind when 'invoice' then tax else -tax end as tax
       from document_taxes t where t.isp_id = d.isp_id and t.document_id = d.id
     union all
     select 'tax:' || c.tax_category || ':' || (c.tax_rate * 1000)::bigint, -c.tax
       from document_lines l
       join charges c on c.isp_id = l.isp_id and c.id = l.charge_id
      where l.isp_id = d.isp_id and l.document_id = d.id) parts
    group by code) r
 cross join lateral (
   select sum(case when g.code = r.code then t.amount else -t.amount end) as total
     from transfers t
     join ledger_accounts f on f.isp_id = t.isp_id and f.id = t.from_account
     join ledger_accounts g on g.isp_id = t.isp_id and g.id = t.to_account
    where t.isp_id = d.isp_id and t.cause = 'document' and t.cause_id = d.id
      and (f.kind = 'rounding' and g.code = r.code or g.kind = 'rounding' and f.code = r.code)) m
 where d.kind in ('invoice', 'credit_note') and r.more <> coalesce(m.total, 0);

-- check receipts: a receipt says what its payment was
select d.isp_id, 'document ' || d.id, 'receipt of ' || d.total || ', payment ' || coalesce(p.amount::text, 'none')
  from documents d
  left join payments p on p.isp_id = d.isp_id and p.id = d.payment_id and p.customer_id = d.customer_id
 where d.kind = 'receipt' and (p.amount is null or p.amount <> d.total);

-- check document_files: a document's file is the one that was rendered
select f.isp_id, 'document ' || f.document_id, 'its PDF is not the one that was rendered' from document_files f
  left join documents d on d.isp_id = f.isp_id and d.id = f.document_id
 where f.sha256 <> sha256(f.pdf) or d.pdf_sha256 is distinct from f.sha256
union all
select d.isp_id, 'document ' || d.id, 'its PDF is missing' from documents d
 where d.pdf_sha256 is not null
   and not exists (select from document_files f where f.isp_id = d.isp_id and f.document_id = d.id);

-- check proformas: what was not issued has no number and no charge
select d.isp_id, 'document ' || d.id, 'a proforma with ' || coalesce(d.full_number, 'a charge') from documents d
 where d.kind = 'proforma'
   and (num_nonnulls(d.series, d.number, d.full_number, d.issued_at, d.chain_no, d.hash) > 0
        or exists (select from document_lines l where l.isp_id = d.isp_id and l.document_id = d.id
                                                  and l.charge_id is not null));
