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
