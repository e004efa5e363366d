#!/usr/bin/env python3
"""Makes the product ready for a benchmark as a user would: `tallyman migrate`, its own topology, then stock.

The harness sets PEER_PG (the database) and PEER_STOCK (on hand per balance); its broker's management API is on 15685.
The stock is booked with its ledger entries, so that `tallyman audit` holds before and after a run.
"""
import base64, json, os, subprocess, sys, urllib.request

checkout, database, stock = sys.argv[1], os.environ["PEER_PG"], os.environ["PEER_STOCK"]
tallyman = checkout + "/.build/release/tallyman"
management = "http://127.0.0.1:15685/api/"


def api(method, path, body=None):
    request = urllib.request.Request(management + path, json.dumps(body).encode() if body is not None else None, method=method)
    request.add_header("authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
    request.add_header("content-type", "application/json")
    try:
        urllib.request.urlopen(request, timeout=30).read()
    except urllib.error.HTTPError as error:
        if error.code != 404: raise


environment = {**os.environ, "TALLYMAN_DATABASE_URL": database}
subprocess.run([tallyman, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)

definitions = json.loads(subprocess.run([tallyman, "topology", "--without-users"], check=True, capture_output=True, text=True).stdout)
for queue in definitions["queues"]: api("DELETE", f"queues/%2F/{queue['name']}")
api("POST", "definitions", definitions)

seed = f"""
set search_path = tallyman;
insert into locations (location_id, name, registered_at) values ('WH-1', 'one', now()), ('WH-2', 'two', now());
insert into products (sku, name, registered_at) select 'SKU-' || lpad(i::text, 6, '0'), 'a product', now() from generate_series(0, 9999) i;
insert into stock_items (sku, registered) select sku, true from products order by sku;
insert into balances (sku, location_id, on_hand, seq, recorded_at)
  select sku, location_id, {stock}, 1, now() from products cross join locations order by 1, 2;
insert into stock_ledger (balance_id, seq, bucket, delta, balance_after, reason, reference, consumer, source, message_id, occurred_at, recorded_at)
  select balance_id, 1, 'on_hand', on_hand, on_hand, 'RECEIPT', 'benchmark', 'benchmark', 'benchmark', 'benchmark', recorded_at, recorded_at from balances;
analyze;
"""
subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", database], input=seed, text=True, check=True)
subprocess.run(["psql", "-qX", "-c", "vacuum analyze", "-c", "checkpoint", database], check=True)
