-- The catalogue's news: changes and ends of products, barcodes, units of measure.

alter table products
  add column as_of timestamptz not null default 'epoch',
  add column listed_at timestamptz not null default 'epoch',
  add column discontinued_at timestamptz,
  add column original text;
comment on column products.as_of is 'when this was said, by the publisher''s clock: older news is ignored';
comment on column products.listed_at is 'when it was last registered, by the publisher''s clock';
comment on column products.discontinued_at is 'when it was last discontinued, by the publisher''s clock; in force unless listed_at is later';
comment on column products.original is 'what it was registered as, where a change has come since: as the message said it';

alter table stock_items add column discontinued boolean not null default false;
comment on column stock_items.discontinued is 'whether new orders get nothing of it; what is promised or waits already goes on';

create table product_barcodes (
  gtin text collate "C" primary key check (gtin ~ '^[0-9]{14}$'),
  barcode text collate "C" not null,
  sku text collate "C" not null
);
create index product_barcodes_of on product_barcodes (sku);
comment on column product_barcodes.gtin is 'in 14 digits, whatever it was written with: each belongs to one product';
comment on column product_barcodes.barcode is 'as it was written';

create table product_units (
  sku text collate "C" not null,
  unit text collate "C" not null,
  factor bigint not null check (factor between 1 and 1000000),
  primary key (sku, unit)
);
comment on column product_units.factor is 'how many base units one of it is';

alter table receipts add column barcode text, add column unit text, add column unit_quantity bigint;
comment on column receipts.quantity is 'in base units';
comment on column receipts.unit_quantity is 'as the receipt said it, in its unit';

grant update on products to tallyman_inventory;
grant select, insert, delete on product_barcodes, product_units to tallyman_inventory;
grant select on product_barcodes, product_units to tallyman_allocation, tallyman_operator;

comment on column decisions.rule is
  'short: less could be promised than the line wanted; line_incomplete: the line could not be promised wholly; order_incomplete: a line of the order could not; cancelled_before: the cancellation came before its order; discontinued: the product, or one that the order cannot do without, is not sold any more; requested: somebody asked for it';
