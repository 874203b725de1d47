-- The shape of pgledger, written anew for this comparison: every account keeps its balance and a version in its row, a
-- transfer has two entries, each with the balance before and after it, and both accounts are locked in the order of
-- their ids. Ids are numbers here where pgledger makes text of them: that is in its favour.
create table shape_accounts (
  id bigint generated always as identity primary key,
  name text not null,
  balance numeric not null default 0,
  version bigint not null default 0,
  updated_at timestamptz not null default now()
);
create table shape_transfers (
  id bigint generated always as identity primary key,
  from_account bigint not null references shape_accounts,
  to_account bigint not null references shape_accounts,
  amount numeric not null check (amount > 0),
  created_at timestamptz not null default now(),
  event_at timestamptz not null default now()
);
create index on shape_transfers (from_account);
create index on shape_transfers (to_account);
create index on shape_transfers (event_at);
create table shape_entries (
  id bigint generated always as identity primary key,
  account bigint not null references shape_accounts,
  transfer bigint not null references shape_transfers,
  amount numeric not null,
  balance_before numeric not null,
  balance_after numeric not null,
  version bigint not null,
  created_at timestamptz not null default now()
);
create index on shape_entries (account);
create index on shape_entries (transfer);
create function shape_transfer(giver bigint, taker bigint, moved numeric) returns bigint language plpgsql as $$
declare
  giving shape_accounts;
  taking shape_accounts;
  written bigint;
begin
  perform from shape_accounts where id in (giver, taker) order by id for update;
  update shape_accounts set balance = balance - moved, version = version + 1, updated_at = now()
   where id = giver returning * into giving;
  update shape_accounts set balance = balance + moved, version = version + 1, updated_at = now()
   where id = taker returning * into taking;
  insert into shape_transfers (from_account, to_account, amount) values (giver, taker, moved) returning id into written;
  insert into shape_entries (account, transfer, amount, balance_before, balance_after, version)
  values (giver, written, -moved, giving.balance + moved, giving.balance, giving.version),
         (taker, written, moved, taking.balance - moved, taking.balance, taking.version);
  return written;
end $$;
insert into shape_accounts (name) select 'account ' || n from generate_series(0, 10000) n;
