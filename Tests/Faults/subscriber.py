#!/usr/bin/env python3
"""Writes down everything that passes the exchange, and plays the warehouse that ships what was reserved.

    subscriber.py PORT PASSWORD_FILE FOLDER SEED

The queue subscriber.faults is bound with `#`. FOLDER/heard.jsonl gets a line per delivery before it is acknowledged;
messages of other publishers without their bodies. Of the reserved orders about a third is shipped, each at most once,
wholly or in part; FOLDER/shipped.jsonl is the journal of these messages. Ends on SIGTERM when the queue is empty.
"""
import json
import os
import signal
import sys
import time
import zlib

import amqp
import courier
import story

QUEUE = "subscriber.faults"
INBOUND = {"product.registered", "location.registered", "stock.policy.set", "goods.received", "stock.move.requested",
           "order.created", "order.cancelled", "shipment.dispatched"}


class Warehouse:
    """Decides from the event alone, so that a repetition of it gives the same shipment under the same ids.

    An order that lost a promise is told to be reserved once more when it is filled again: it has been shipped by then.
    """

    def __init__(self, seed):
        self.seed = seed
        self.shipped_because = {}  # order: event

    def shipment(self, key, body):
        event = json.loads(body)
        data = event["data"]
        ticket = zlib.crc32(f"{self.seed}/{data['order_id']}".encode())
        if ticket % 100 >= 30 or (key == "order.reserved") != (ticket // 100 % 3 > 0):
            return None
        only_first = ticket // 1000 % 4 == 0
        lines = []
        for line in data["lines"]:
            for part in line["allocations"]:
                lines.append(f'{{"line":{line["line"]},"location_id":"{part["location_id"]}",'
                             f'"quantity":{part["quantity"]}}}')
        if not lines:
            return None
        if self.shipped_because.setdefault(data["order_id"], event["id"]) != event["id"]:
            return None
        chosen = ",".join(lines[:1] if only_first else lines)
        identity = f"ship-{event['id']}"
        text = (f'{{"specversion":"1.0","id":"{identity}","source":"{story.WAREHOUSE}","type":"shipment.dispatched",'
                f'"time":"{event["time"]}","data":{{"shipment_id":"shp-{data["order_id"]}",'
                f'"order_id":"{data["order_id"]}","lines":[{chosen}]}}}}')
        return story.Item("shipment.dispatched", identity, story.WAREHOUSE, text.encode(), None, story.CLOUD_EVENT)


class Subscriber:
    """One consumer, one courier, one file."""

    def __init__(self, login, folder, seed):
        self.login, self.folder = login, folder
        self.file = open(os.path.join(folder, "heard.jsonl"), "ab")
        self.post = courier.Courier(*login, os.path.join(folder, "shipped.jsonl"))
        self.warehouse = Warehouse(seed)
        self.connection = None
        self.heard, self.answered, self.quiet_since = 0, set(), time.monotonic()

    def turn(self):
        try:
            if self.connection is None:
                self.connection = amqp.Connection(*self.login, timeout=5)
                self.connection.declare(QUEUE, arguments={"x-queue-type": "quorum"})
                self.connection.bind(QUEUE, courier.EXCHANGE, "#")
                self.connection.consume(QUEUE, 2000)
            self.connection.pump(0.02)
            self.take()
        except amqp.Lost:
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            time.sleep(0.2)
        if self.post.open_count or self.post.connection is None:
            self.post.turn(0.0)

    def take(self):
        deliveries, last = self.connection.deliveries, None
        lines = []
        while deliveries:
            last = deliveries.popleft()
            lines.append(self.line(last))
            if last.key in ("order.reserved", "order.partially_reserved") and last.message_id not in self.answered:
                self.answered.add(last.message_id)
                item = self.warehouse.shipment(last.key, last.body)
                if item:
                    self.post.add(item)
        if last is None:
            return
        self.heard += len(lines)
        self.quiet_since = time.monotonic()
        self.file.write(b"".join(lines))
        self.file.flush()
        self.connection.ack(last.tag)

    @staticmethod
    def line(delivery):
        identity = json.dumps(delivery.message_id or "")
        if delivery.key in INBOUND:
            return f'{{"key":"{delivery.key}","id":{identity}}}\n'.encode()
        return f'{{"key":"{delivery.key}","id":{identity},"body":'.encode() + delivery.body + b"}\n"

    def is_quiet(self):
        return (self.connection is not None and not self.post.open_count
                and time.monotonic() - self.quiet_since > 1.5)


def main(port, password_file, folder, seed):
    with open(password_file, encoding="ascii") as file:
        password = file.read().strip()
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    subscriber = Subscriber((int(port), "faults", password), folder, seed)
    report_at = 0.0
    while not (ending and subscriber.is_quiet()):
        subscriber.turn()
        if time.monotonic() > report_at:
            report_at = time.monotonic() + 1
            report(folder, subscriber)
    subscriber.post.close()
    report(folder, subscriber)


def report(folder, subscriber):
    path = os.path.join(folder, "heard.json")
    with open(path + ".new", "w", encoding="ascii") as file:
        json.dump({"heard": subscriber.heard, "shipments": len(subscriber.post.journaled),
                   "unconfirmed": subscriber.post.open_count}, file)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
