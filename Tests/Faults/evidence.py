#!/usr/bin/env python3
"""Takes down what the oracle judges: raw tables as CSV, and the copies in the dead-letter queues.

    evidence.py POSTGRES_PORT POSTGRES_LOG BROKER_PORT PASSWORD_FILE FOLDER
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
    "orders": "order_id, customer_id, state, answered, backorder, priority, sequence, "
              "extract(epoch from updated_at) as updated",
    "order_lines": "order_id, line_no, sku, ordered, reserved, backordered, shipped, cancelled",
    "reservations": "order_id, line_no, reservation_no, sku, location_id, quantity, open_quantity, consumed, released",
    "backorders": "order_id, line_no, sku, quantity, open_quantity, filled, cancelled, fillable, "
                  "extract(epoch from created_at) as created",
    "bumps": "order_id, line_no, reservation_no, sku, location_id, quantity, reference",
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


def deadlocks(log, folder):
    """What the database's own log says of deadlocks, with the statements that met."""
    found, left = [], 0
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            if "deadlock detected" in line:
                found.append("")
                left = 6
            if left:
                found[-1] += line.strip() + " | "
                left -= 1
    with open(os.path.join(folder, "deadlocks.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in found)


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
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    postgres, postgres_log, broker, password_file, target = sys.argv[1:]
    tables(postgres, target)
    deadlocks(postgres_log, target)
    with open(password_file, encoding="ascii") as secret:
        copies(int(broker), secret.read().strip(), target)
