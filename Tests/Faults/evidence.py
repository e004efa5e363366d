#!/usr/bin/env python3
"""Takes down what the oracle judges: raw tables as CSV, and the copies in the dead-letter queues.

    evidence.py POSTGRES_PORT BROKER_PORT PASSWORD_FILE FOLDER
"""
import json
import os
import subprocess
import sys

import amqp

TABLES = {
    "products": "sku", "locations": "location_id, sellable",
    "stock_items": "sku, registered, owed, safety_stock, reorder_point, recover_point, alert_state, alert_episode, "
                   "sequence",
    "balances": "sku, location_id, balance_id, on_hand, reserved, damaged, quality_control, sellable, safety_stock, "
                "reorder_point, recover_point, alert_state, alert_episode, seq",
    "stock_ledger": "balance_id, seq, bucket, delta, balance_after, reason, reference, consumer, source, message_id, "
                    "extract(epoch from recorded_at) as recorded",
    "receipts": "receipt_id, sku, location_id, quantity, reference",
    "moves": "move_id, sku, from_location_id, to_location_id, quantity, rejected_reason",
    "orders": "order_id, customer_id, state, answered, backorder, priority, sequence",
    "order_lines": "order_id, line_no, sku, ordered, reserved, backordered, shipped, cancelled",
    "reservations": "order_id, line_no, sku, location_id, quantity, open_quantity, consumed, released",
    "backorders": "order_id, line_no, sku, quantity, open_quantity, filled, cancelled, fillable",
    "shipments": "shipment_id, order_id",
    "shipment_lines": "shipment_id, line_no, location_id, quantity",
    "inbox": "message_id, source, consumer, attempt, outcome, events, encode(sha256(body), 'hex') as body",
    "dead_letters": "dead_letter_id, consumer, source, message_id, attempt, kind, field, rule, state, "
                    "encode(body_hash, 'hex') as body",
    "notification_deliveries": "notification_id, event_id, event_type, channel, recipient, state, attempts",
    "outbox": "shard, id, routing_key, message_id",
}
# The oracle walks along each balance.
ORDER = {"stock_ledger": " order by balance_id, seq"}


def tables(port, folder):
    for table, columns in TABLES.items():
        with open(os.path.join(folder, table + ".csv"), "wb") as file:
            subprocess.run(
                ("psql", "--no-psqlrc", "-qX", "-v", "ON_ERROR_STOP=1", "-c",
                 f"copy (select {columns} from tallyman.{table}{ORDER.get(table, str())}) to stdout (format csv, header)",
                 f"postgresql://postgres@127.0.0.1:{port}/tallyman"), stdout=file, stdin=subprocess.DEVNULL, check=True)


def copies(port, password, folder):
    """Every message of the dead-letter queues with its headers. Takes them away: the run is over."""
    with open(os.path.join(folder, "dead_copies.jsonl"), "w", encoding="ascii") as file:
        for queue in ("inventory.dead", "allocation.dead", "notification.dead"):
            connection = amqp.Connection(port, "faults", password)
            expected = connection.declare(queue, passive=True)
            connection.consume(queue, 500)
            seen, idle = 0, 0
            while seen < expected and idle < 50:
                idle += 1
                connection.pump(0.2)
                while connection.deliveries:
                    delivery, idle = connection.deliveries.popleft(), 0
                    seen += 1
                    file.write(json.dumps({"queue": queue, "id": delivery.message_id, "headers": delivery.headers,
                                           "body": delivery.body.decode("latin-1")}) + "\n")
                    if not connection.deliveries:
                        connection.ack(delivery.tag)
            connection.close()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    tables(sys.argv[1], sys.argv[4])
    with open(sys.argv[3], encoding="ascii") as secret:
        copies(int(sys.argv[2]), secret.read().strip(), sys.argv[4])
