-- What operators need: reasons by name, filters that stay quick, an audit trail, retention and erasure.

alter table dead_letters
  add column reason text collate "C" not null default '',
  add column copy_removed_at timestamptz,
  add column erased_at timestamptz,
  drop constraint dead_letters_kind_check,
  add constraint dead_letters_kind_check check (kind in ('malformed', 'refused', 'exhausted', 'crashed',
    'undelivered'));
comment on column dead_letters.kind is
  'malformed: could not be read; refused: broke a rule; exhausted: retried in vain; crashed: workers died of it; undelivered: the broker gave it up';
comment on column dead_letters.reason is 'the reason''s name in topology/OPERATIONS.md; empty from releases before it';
comment on column dead_letters.copy_removed_at is 'when the copy of a resolved record was taken out of <queue>.dead';

-- The newest open records, whatever is filtered: the filters' columns are in the index, so that 100,000 records are
-- sifted without reading one.
create index dead_letters_open on dead_letters (dead_letter_id) include (queue, reason, kind, type, dead_at)
  where state = 'open';
-- What is left to take out of the queues; almost always empty.
create index dead_letters_copies on dead_letters (queue, dead_letter_id)
  where state <> 'open' and copy_removed_at is null;

create table dead_letter_actions (
  action_id bigint generated always as identity primary key,
  dead_letter_id bigint not null references dead_letters,
  action text collate "C" not null check (action in ('replayed', 'discarded', 'erased')),
  done_at timestamptz not null default clock_timestamp(),
  done_by text not null check (done_by <> ''),
  role text not null default session_user,
  why text not null check (why <> ''),
  attempt int,
  edits json,
  sent_body bytea
);
create index dead_letter_actions_of on dead_letter_actions (dead_letter_id);
comment on table dead_letter_actions is 'who did what with a dead letter, when and why; nobody may change it';
comment on column dead_letter_actions.role is 'who the database took them for';
comment on column dead_letter_actions.edits is 'what a replay corrected: field, was, is; the record keeps the original';
comment on column dead_letter_actions.sent_body is 'what was replayed, where that is not what had arrived';

create table erasures (
  erasure_id bigint generated always as identity primary key,
  done_at timestamptz not null default clock_timestamp(),
  done_by text not null check (done_by <> ''),
  role text not null,
  why text not null check (why <> ''),
  kind text collate "C" not null check (kind in ('customer', 'order', 'recipient')),
  subject_hash bytea not null,
  changed json not null
);
comment on column erasures.subject_hash is 'sha256 of who or what was erased: proves that it was, and does not keep it';

-- Retention: a day is dropped as a whole. The lock on the inbox is asked for with patience of a quarter of a second,
-- since every insert waits behind it; somebody who does not get it comes again.
create function drop_inbox_partitions(keep_days int) returns int
language plpgsql security definer set search_path = tallyman, pg_catalog, pg_temp set lock_timeout = '250ms' as $$
declare
  oldest text;
begin
  if keep_days < 31 then
    raise exception 'the inbox must be kept for at least 31 days, not %: messages up to 30 days old are admitted', keep_days
      using errcode = '22023';
  end if;
  select c.relname into oldest
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'tallyman.inbox'::regclass
    -- A case, because the planner may look at every name in the catalogue before it joins.
    and case when c.relname ~ '^inbox_[0-9]{8}$'
        then to_date(right(c.relname, 8), 'YYYYMMDD') < (clock_timestamp() at time zone 'UTC')::date - keep_days
        else false end
  order by c.relname limit 1;
  if oldest is null then return 0; end if;
  begin
    lock table only inbox in access exclusive mode;
    execute format('drop table %I', oldest);
  exception
    when lock_not_available then return -1;
    when undefined_table then return 0; -- another worker was quicker
  end;
  return 1;
end
$$;
comment on function drop_inbox_partitions is
  'drops the oldest day of the inbox if it lies more than keep_days back: 1 dropped, 0 none to drop, -1 try again later';

-- Whether a message speaks of somebody: any value in it that equals the subject, or one of these orders.
create function message_mentions(body bytea, subject text, orders text[]) returns boolean
language plpgsql immutable set search_path = tallyman, pg_catalog, pg_temp as $$
declare
  document jsonb;
begin
  begin
    document := convert_from(body, 'UTF8')::jsonb;
  exception when others then
    -- Not JSON: by its bytes, where a few too many are better than one too few.
    return position(convert_to(subject, 'UTF8') in body) > 0;
  end;
  return coalesce(document #>> '{data,order_id}' = any (orders), false)
    or jsonb_path_exists(document, '$.** ? (@ == $subject)', jsonb_build_object('subject', subject));
end
$$;

-- Erases what is kept about a customer, an order or a receiver of notifications. Ids and quantities stay.
create function erase_person(kind text, subject text, done_by text, why text) returns table (what text, rows_changed bigint)
language plpgsql security definer set search_path = tallyman, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  concerned text[] := case kind
    when 'customer' then array(select order_id from orders where customer_id = subject)
    when 'order' then array[subject] else '{}' end;
  letters bigint[];
  changed jsonb := '{}';
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

  update notification_deliveries set recipient = 'erased ' || notification_id, subject = 'erased', body = '', last_error = null
  where state <> 'waiting' and body <> ''
    and (recipient = erase_person.subject or correlation_id = any (concerned)
         or position(convert_to(erase_person.subject, 'UTF8') in body) > 0);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('notifications', n);

  update shipments set carrier = null, tracking_number = null
  where order_id = any (concerned) and (carrier is not null or tracking_number is not null);
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('shipments', n);
  -- Last, so that no worker waits for an order while the messages are searched.
  update orders set customer_id = 'erased', closed_reason = case when closed_reason is not null then 'erased' end
  where order_id = any (concerned) and customer_id <> 'erased';
  get diagnostics n = row_count;
  changed := changed || jsonb_build_object('orders', n);

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
comment on function erase_person is
  'blanks messages, notifications and the fields of orders that speak of a customer, order or recipient; in one transaction';

revoke all on function drop_inbox_partitions, message_mentions, erase_person from public;
grant execute on function drop_inbox_partitions to tallyman_inventory, tallyman_allocation, tallyman_notification;
grant execute on function erase_person to tallyman_operator;

-- A worker marks the copies that it took out of its queue, and may change nothing else of a record.
grant update (copy_removed_at) on dead_letters to tallyman_inventory, tallyman_allocation, tallyman_notification;
-- An operator resolves records and says why; the trail is append-only for everybody.
grant select, insert on dead_letter_actions to tallyman_operator;
grant select on erasures to tallyman_operator;
