-- What a SKU owes is the sum of its fillable open backorders.
-- counts: SKUs
select case when coalesce(i.owed, 0) <> coalesce(b.open, 0) then
  format('%s: owed is %s, fillable open backorders are %s', coalesce(i.sku, b.sku), coalesce(i.owed, 0),
         coalesce(b.open, 0))
  end as violation
from stock_items i
full join (
  select sku, sum(open_quantity) as open from backorders where fillable and open_quantity > 0 group by sku
) as b on b.sku = i.sku
