-- Transfers in two steps: what is on its way lies at the location in-transit, so that totals are conserved.

-- Nobody else may use that place from now on. Whoever has used it by hand empties it first.
do $$
declare
  left_there bigint := (select sum(on_hand) from balances where location_id = 'in-transit');
begin
  if left_there > 0 then
    raise exception 'location in-transit holds % units: it belongs to transfers from now on', left_there
      using hint = 'move them to another location by stock.move.requested, then migrate again', errcode = '55000';
  end if;
end
$$;
update balances set sellable = false, alert_state = 'normal' where location_id = 'in-transit';

create table transfers (
  transfer_id text collate "C" primary key,
  from_location_id text collate "C" not null,
  to_location_id text collate "C" not null check (to_location_id <> from_location_id),
  state text collate "C" not null check (state in ('open', 'partially_received', 'received', 'closed_short')),
  reference text,
  person text,
  source text collate "C" not null,
  message_id text collate "C" not null,
  recorded_at timestamptz not null
);
create index transfers_open on transfers (recorded_at) where state in ('open', 'partially_received');
create index transfers_message on transfers (message_id);
comment on column transfers.state is 'received: everything arrived; closed_short: nothing more will, and something was lost';

create table transfer_lines (
  transfer_id text collate "C" not null,
  line_no place not null,
  sku text collate "C" not null,
  lot text collate "C" not null,
  quantity some_units not null,
  received units not null default 0,
  lost units not null default 0,
  given_up units not null default 0,
  primary key (transfer_id, line_no),
  constraint ended_of_dispatched check (received + lost <= quantity),
  constraint given_up_is_lost check (given_up <= lost)
);
comment on column transfer_lines.given_up is
  'lost units that nobody has named: a final arrival did not bring them; an arrival that is told later may';

create index transfer_lines_open on transfer_lines (sku) where received + lost < quantity;

create table transfer_arrivals (
  arrival_id text collate "C" primary key,
  transfer_id text collate "C" not null,
  final boolean not null,
  person text,
  source text collate "C" not null,
  message_id text collate "C" not null,
  recorded_at timestamptz not null
);
create index transfer_arrivals_of on transfer_arrivals (transfer_id);
create index transfer_arrivals_message on transfer_arrivals (message_id);

create table transfer_arrival_lines (
  arrival_id text collate "C" not null,
  line_no place not null,
  quantity units not null,
  lost units not null,
  written_off bigint not null,
  primary key (arrival_id, line_no)
);
comment on column transfer_arrival_lines.lost is 'units that the arrival names as lost';
comment on column transfer_arrival_lines.written_off is
  'by how much the loss grew: what a final arrival gives up is among it; negative: units that were given up have come';

create or replace view ledger_papers as
  select source, message_id, 'count' as paper, count_id as paper_id, person, reason_code, note from counts
  union all
  select source, message_id, 'adjustment: ' || kind, adjustment_id, person, reason_code, note from adjustments
  union all
  select source, message_id, 'quality hold', hold_id, person, reason_code, note from quality_holds
  union all
  select source, message_id, 'quality release to ' || verdict, release_id, person, reason_code, note
  from quality_releases
  union all
  select source, message_id, 'transfer', transfer_id, person, null, reference from transfers
  union all
  select source, message_id, 'arrival of ' || transfer_id, arrival_id, person, null, null from transfer_arrivals;

grant select, insert on transfers, transfer_lines, transfer_arrivals, transfer_arrival_lines to tallyman_inventory;
grant update (state) on transfers to tallyman_inventory;
grant update (received, lost, given_up) on transfer_lines to tallyman_inventory;
grant select on transfers, transfer_lines, transfer_arrivals, transfer_arrival_lines to tallyman_operator;

-- What was told late. A count adds what happened after it (by the publishers' clocks) and was told before it; what
-- happened before it and is told after it, the count may have seen already. Whether it has, only a person can say.
alter table counts add column seqs bigint;
comment on column counts.seqs is 'the balance''s last ledger entry when the count was booked; null: booked by an older release';

create view late_movements as
  select b.sku, b.location_id, b.lot, l.balance_id, l.seq, l.delta, l.reason, l.reference, l.source, l.message_id,
    l.occurred_at, l.recorded_at, c.count_id, c.counted_at,
    exists (
      select from counts s
      where s.sku = b.sku and s.location_id = b.location_id and s.lot = b.lot and s.counted is not null
        and s.seqs >= l.seq and not s.superseded
    ) as settled
  from stock_ledger l
  join balances b using (balance_id)
  cross join lateral (
    select count_id, counted_at from counts c
    where c.sku = b.sku and c.location_id = b.location_id and c.lot = b.lot and c.counted is not null
      and c.counted_at >= l.occurred_at and c.seqs < l.seq and not c.superseded
    order by counted_at limit 1
  ) as c
  where l.bucket = 'on_hand';
comment on view late_movements is
  'changes on hand that happened before a count which was booked before them: counted twice, if the count has seen them';
comment on column late_movements.settled is 'the place was counted again since';
grant select on late_movements to tallyman_operator;

-- What is kept of a person, as statements: $1 is the name, $2 the orders concerned. A table that keeps more of a person
-- adds a row, and erase_person need not be written anew.
create table personal_data (
  what text collate "C" primary key,
  place int not null unique,
  statement text not null
);
comment on table personal_data is 'how erase_person blanks what is kept of a person, in the order of place';
insert into personal_data (place, what, statement) values
  (10, 'notifications', $s$
    update notification_deliveries set recipient = 'erased ' || notification_id, subject = 'erased', body = '',
      last_error = null
    where state <> 'waiting' and body <> ''
      and (recipient = $1 or correlation_id = any ($2) or position(convert_to($1, 'UTF8') in body) > 0)$s$),
  (20, 'shipments', $s$
    update shipments set carrier = null, tracking_number = null
    where order_id = any ($2) and (carrier is not null or tracking_number is not null)$s$),
  -- Where a parcel was delivered, and to whom, speaks of the customer as well.
  (30, 'shipment statuses', $s$
    update shipment_statuses set lat = null, lng = null, reason = null
    where shipment_id in (select shipment_id from shipments where order_id = any ($2))
      and (lat is not null or reason is not null)$s$),
  (40, 'returns', $s$
    update returns set reason = null where order_id = any ($2) and reason is not null$s$),
  -- Who counted, adjusted, held, released, sent or took in. What they noted goes with them.
  (50, 'counts', $s$ update counts set person = 'erased', note = null where person = $1 $s$),
  (51, 'adjustments', $s$ update adjustments set person = 'erased', note = null where person = $1 $s$),
  (52, 'quality holds', $s$ update quality_holds set person = 'erased', note = null where person = $1 $s$),
  (53, 'quality releases', $s$ update quality_releases set person = 'erased', note = null where person = $1 $s$),
  (54, 'transfers', $s$ update transfers set person = 'erased' where person = $1 $s$),
  (55, 'arrivals of transfers', $s$ update transfer_arrivals set person = 'erased' where person = $1 $s$),
  -- Last, so that no worker waits for an order while the messages are searched.
  (1000, 'orders', $s$
    update orders set customer_id = 'erased', closed_reason = case when closed_reason is not null then 'erased' end
    where order_id = any ($2) and customer_id <> 'erased'$s$);

alter table erasures drop constraint erasures_kind_check,
  add constraint erasures_kind_check check (kind in ('customer', 'order', 'recipient', 'person'));

create or replace function erase_person(kind text, subject text, done_by text, why text) returns table (what text, rows_changed bigint)
language plpgsql security definer set search_path = tallyman, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  concerned text[] := case kind
    when 'customer' then array(select order_id from orders where customer_id = subject)
    when 'order' then array[subject] else '{}' end;
  letters bigint[];
  changed jsonb := '{}';
  kept record;
  n bigint;
begin
  update inbox set body = '', headers = '{}' where body <> '' and message_mentions(body, subject, concerned);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('inbox messages', n);

  letters := array(select dead_letter_id from dead_letters
                   where erased_at is null and message_mentions(body, subject, concerned));
  -- An open one cannot be replayed any more. The body must stay different from others': it is part of the record's key.
  update dead_letters set
    body = convert_to('erased ' || dead_letter_id, 'UTF8'), headers = '{}', value = 'erased', erased_at = clock_timestamp(),
    resolved_at = coalesce(resolved_at, clock_timestamp()), resolved_by = coalesce(resolved_by, done_by),
    resolved_why = coalesce(resolved_why, 'erased: ' || why),
    state = case state when 'open' then 'discarded' else state end
  where dead_letter_id = any (letters);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('dead letters', n);
  update dead_letter_actions set edits = null, sent_body = null
  where (dead_letter_id = any (letters) or message_mentions(sent_body, subject, concerned))
    and (edits is not null or sent_body is not null);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('corrections of dead letters', n);
  insert into dead_letter_actions (dead_letter_id, action, done_by, role, why)
  select l, 'erased', done_by, session_user, why from unnest(letters) as l;

  for kept in select d.what as name, d.statement as statement from personal_data d order by d.place loop
    execute kept.statement using subject, concerned;
    get diagnostics n = row_count;
    changed := changed || jsonb_build_object(kept.name, n);
  end loop;

  insert into erasures (done_by, role, why, kind, subject_hash, changed)
  values (done_by, session_user, why, kind, sha256(convert_to(subject, 'UTF8')), changed);

  return query select key, value::bigint from jsonb_each_text(changed);
  -- What cannot be erased yet, because it is still on its way.
  return query select 'left: waiting notifications', count(*) from notification_deliveries
    where state = 'waiting' and (recipient = erase_person.subject or correlation_id = any (concerned)
                                 or position(convert_to(erase_person.subject, 'UTF8') in body) > 0);
  return query select 'left: events not yet published', count(*) from outbox
    where message_mentions(body, subject, concerned);
end
$$;
