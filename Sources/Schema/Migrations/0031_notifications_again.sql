-- A notification that was given up can be sent again once its receiver works.

alter table notification_deliveries
  add column round int not null default 1 check (round > 0),
  add column resent_at timestamptz,
  add column resent_by text,
  add column resent_why text;
comment on column notification_deliveries.round is
  'how often it was begun: the first time for its event, then for operators; also the sequence of its next end';
comment on column notification_deliveries.resent_at is 'when an operator had it sent again; resent_by and resent_why say who and why';
-- An operator looks for what was given up among all that was ever sent.
create index notification_deliveries_failed on notification_deliveries (created_at) where state = 'failed';

grant update (state, attempts, next_attempt_at, settled_at, round, resent_at, resent_by, resent_why)
  on notification_deliveries to tallyman_operator;
-- Whoever erases wants to know what that reaches.
grant select on personal_data to tallyman_operator;
