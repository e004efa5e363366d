-- Workers claim a message in the inbox before they lock anything, with the outcome that is usual for it, and correct the
-- row where it ends otherwise.
grant update (outcome, events) on inbox to tallyman_inventory, tallyman_allocation, tallyman_notification;

comment on column inbox.recorded_at is 'when the transaction that settled it began';
