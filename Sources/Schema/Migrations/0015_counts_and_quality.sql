-- Counts, adjustments and quality control: what somebody saw, did or decided, and who.

create table counts (
  count_id text collate "C" primary key,
  sku text collate "C" not null,
  location_id text collate "C" not null,
  lot text collate "C" not null,
  counted units,
  difference bigint,
  counted_at timestamptz not null,
  person text,
  reason_code text,
  note text,
  superseded boolean not null,
  movement bigint not null,
  on_hand_change bigint not null,
  damaged_change bigint not null,
  quality_control_change bigint not null,
  bumped units not null,
  source text collate "C" not null,
  message_id text collate "C" not null,
  recorded_at timestamptz not null,
  constraint counted_or_difference check ((counted is null) <> (difference is null)),
  constraint superseded_changes_nothing check (
    not superseded or (on_hand_change = 0 and damaged_change = 0 and quality_control_change = 0 and bumped = 0))
);
create index counts_newest on counts (sku, location_id, lot, counted_at) where counted is not null;
comment on table counts is 'every count, also those that changed nothing';
comment on column counts.counted is 'units that were there, damaged and held ones included';
comment on column counts.superseded is 'a later absolute count was booked before: this one changed nothing';
comment on column counts.movement is 'units that came after counted_at (negative: left), added to what was counted';
comment on column counts.damaged_change is 'damaged units that were missing too, where more was missing than was usable';

create table adjustments (
  adjustment_id text collate "C" primary key,
  sku text collate "C" not null,
  location_id text collate "C" not null,
  lot text collate "C" not null,
  kind text collate "C" not null check (kind in ('damage', 'repair', 'write_off', 'scrap', 'found')),
  quantity some_units not null,
  reason_code text not null,
  person text not null,
  note text,
  bumped units not null,
  source text collate "C" not null,
  message_id text collate "C" not null,
  recorded_at timestamptz not null
);

create table quality_holds (
  hold_id text collate "C" primary key,
  sku text collate "C" not null,
  location_id text collate "C" not null,
  lot text collate "C" not null,
  quantity some_units not null,
  released units not null default 0,
  person text,
  reason_code text,
  note text,
  bumped units not null,
  source text collate "C" not null,
  message_id text collate "C" not null,
  recorded_at timestamptz not null,
  constraint released_of_held check (released <= quantity)
);
create index quality_holds_open on quality_holds (sku, location_id, lot) where released < quantity;
comment on column quality_holds.released is 'units of which it is decided what becomes of them';

create table quality_releases (
  release_id text collate "C" primary key,
  hold_id text collate "C",
  sku text collate "C" not null,
  location_id text collate "C" not null,
  lot text collate "C" not null,
  quantity some_units not null,
  verdict text collate "C" not null check (verdict in ('stock', 'scrap')),
  person text,
  reason_code text,
  note text,
  source text collate "C" not null,
  message_id text collate "C" not null,
  recorded_at timestamptz not null
);
create index quality_releases_of on quality_releases (hold_id) where hold_id is not null;
comment on column quality_releases.hold_id is 'null: units that no hold put into quality control, such as returns';

-- Who and why, for every ledger entry that a person caused: joined by the message that both name.
create view ledger_papers as
  select source, message_id, 'count' as paper, count_id as paper_id, person, reason_code, note from counts
  union all
  select source, message_id, 'adjustment: ' || kind, adjustment_id, person, reason_code, note from adjustments
  union all
  select source, message_id, 'quality hold', hold_id, person, reason_code, note from quality_holds
  union all
  select source, message_id, 'quality release to ' || verdict, release_id, person, reason_code, note
  from quality_releases;
comment on view ledger_papers is 'join stock_ledger using (source, message_id): the document behind an entry, its person and reason code';
create index counts_message on counts (message_id);
create index adjustments_message on adjustments (message_id);
create index quality_holds_message on quality_holds (message_id);
create index quality_releases_message on quality_releases (message_id);

-- The last entry of a balance that was recorded at or before a moment, by halving: entries' times never run backwards.
-- What has been archived counts as recorded before.
create function ledger_seq_at(balance bigint, last_seq bigint, moment timestamptz) returns bigint
language plpgsql stable set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  low bigint := 0;
  high bigint := last_seq;
  middle bigint;
  recorded timestamptz;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    select l.recorded_at into recorded from stock_ledger l where l.balance_id = balance and l.seq = middle;
    if recorded is null or recorded <= moment then low := middle; else high := middle - 1; end if;
  end loop;
  return low;
end
$$;
revoke all on function ledger_seq_at from public;
grant execute on function ledger_seq_at to tallyman_inventory, tallyman_operator;

grant select, insert on counts, adjustments, quality_holds, quality_releases to tallyman_inventory;
grant update (released) on quality_holds to tallyman_inventory;
grant select on counts, adjustments, quality_holds, quality_releases, ledger_papers to tallyman_operator;
