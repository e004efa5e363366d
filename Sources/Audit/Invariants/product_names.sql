-- Every barcode and every unit is one of a product in the catalogue; a barcode is kept with its 14 digits.
-- counts: barcodes and units
select case
  when p.sku is null then format('%s: %s is named so, but is not in the catalogue', n.name, n.sku)
  when n.gtin <> lpad(n.name, 14, '0') then format('%s of %s: is kept as %s', n.name, n.sku, n.gtin)
  end as violation
from (
  select sku, barcode as name, gtin from product_barcodes
  union all
  select sku, unit, null from product_units
) as n
left join products p using (sku)
