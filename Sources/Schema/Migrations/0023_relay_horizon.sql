-- A relay compares the last id that was drawn with the transactions that write, lest it read past a row that will be
-- committed with a lower one.
grant select on sequence outbox_id_seq to tallyman_relay;
