-- A relay that has read all there is asks for what came since, of all its shards together: one descent of an index in
-- place of sixteen. Of an expression, lest the planner should take it for the questions about single shards: of an empty
-- table it thinks every index as good as any other, and it keeps its plans.
create index outbox_by_id on outbox ((id + 0));
