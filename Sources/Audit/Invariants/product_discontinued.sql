-- A SKU is discontinued for orders exactly where the catalogue says so, and known to both or to none.
-- counts: products and registered SKUs
select case
  when p.sku is null then format('%s: is registered, but not in the catalogue', i.sku)
  when i.sku is null or not i.registered then format('%s: is in the catalogue, but not registered', p.sku)
  when i.discontinued <> coalesce(p.discontinued_at >= p.listed_at, false) then
    format('%s: discontinued is %s, the catalogue says registered %s and discontinued %s', p.sku, i.discontinued,
           p.listed_at, coalesce(p.discontinued_at::text, 'never'))
  end as violation
from products p
full join (select * from stock_items where registered) as i on i.sku = p.sku
