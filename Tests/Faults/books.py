"""The evidence of a run, read once, in a form that is easy to judge."""
import collections
import csv
import hashlib
import json
import os

# Who consumes what, as topology/README.md says; what others publish has one consumer.
CONSUMER = {
    "product.registered": "inventory", "location.registered": "inventory", "stock.policy.set": "inventory",
    "goods.received": "inventory", "stock.move.requested": "inventory",
    "order.created": "allocation", "order.cancelled": "allocation", "shipment.dispatched": "allocation",
    "stock.received": "allocation", "stock.moved": "allocation", "reservation.released": "allocation",
    "order.confirmed": "allocation", "order.amended": "allocation", "hold.due": "allocation",
    "reservation.expired": "allocation",
    "reservation.bumped": "allocation notification", "backorders.due": "allocation",
    "stock.low": "notification", "stock.out": "notification", "backorder.created": "notification",
    "lots.due": "inventory", "lot.expired": "notification",
    "product.changed": "inventory", "product.discontinued": "inventory",
    "order.reserved": "notification", "order.shipped": "notification",
    "order.partially_shipped": "notification",
}
INBOUND = {key for key in list(CONSUMER)[:8]}
DONE = ("applied", "unchanged")

Row = collections.namedtuple("Row", "attempt outcome body")


class Message:
    """One distinct message that was published: the same id with another body is another one."""

    __slots__ = ("number", "key", "id", "source", "poison", "body", "sha", "data", "time")

    def __init__(self, line, number):
        self.number, self.key, self.id = number, line["key"], line["id"]
        self.source, self.poison = line["source"], line["poison"]
        raw = line["body"].encode("latin-1")
        self.sha = hashlib.sha256(raw).hexdigest()
        self.data = self.time = None
        if not self.poison:
            event = json.loads(raw)
            self.data, self.time = event["data"], event["time"]

    @property
    def consumer(self):
        return CONSUMER[self.key]

    def __str__(self):
        return f"{self.key} {self.id} of {self.source}"


class Evidence:
    """Everything the judges look at."""

    def __init__(self, folder):
        self.folder = folder
        self.excuses = collections.Counter()
        self.read_published()
        self.read_inbox()
        self.read_dead_letters()
        self.orders = {row["order_id"]: row for row in self.table("orders")}
        self.lines = collections.defaultdict(dict)
        for row in self.table("order_lines"):
            self.lines[row["order_id"]][int(row["line_no"])] = (row["sku"], *(int(row[name]) for name in (
                "ordered", "reserved", "backordered", "shipped", "cancelled")))
        self.balances = {int(row["balance_id"]): row for row in self.table("balances")}
        self.items = {row["sku"]: row for row in self.table("stock_items")}
        self.shipments = {row["shipment_id"]: row["order_id"] for row in self.table("shipments")}
        self.reservations = list(self.table("reservations"))
        self.bumps = list(self.table("bumps"))
        self.bumped = {row["order_id"] for row in self.bumps}
        self.backorders = {(row["order_id"], int(row["line_no"])): row for row in self.table("backorders")}
        self._events = None

    def table(self, name):
        """Rows of a raw table as dictionaries."""
        with open(os.path.join(self.folder, name + ".csv"), encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def lines_of(self, name):
        """Objects of a file of JSON lines."""
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def read_published(self):
        self.messages = []
        self.by_key = collections.defaultdict(list)
        self.by_id = collections.defaultdict(list)
        for name in ("journal.jsonl", "shipped.jsonl"):
            for line in self.lines_of(name):
                message = Message(line, len(self.messages))
                self.messages.append(message)
                self.by_key[message.key].append(message)
                self.by_id[message.source, message.id].append(message)
        self.cancelled = {m.data["order_id"] for m in self.by_key["order.cancelled"] if m.data}
        self.registered = {m.data["sku"]: m.number for m in self.by_key["product.registered"] if m.data}
        self.placed = {m.data["location_id"]: m.number for m in self.by_key["location.registered"] if m.data}

    def read_inbox(self):
        self.inbox = collections.defaultdict(list)
        self.applied = set()
        for row in self.table("inbox"):
            key = (row["consumer"], row["source"], row["message_id"])
            self.inbox[key].append(Row(int(row["attempt"]), row["outcome"], row["body"]))
            if row["outcome"] == "applied":
                self.applied.add(key)

    def read_dead_letters(self):
        self.dead = collections.defaultdict(list)  # (consumer, body): rows
        self.letters = []
        for row in self.table("dead_letters"):
            self.letters.append(row)
            self.dead[row["consumer"], row["body"]].append(row)
        self.copies = list(self.lines_of("dead_copies.jsonl"))

    @property
    def events(self):
        """What was heard of Tallyman's own events, read when somebody first asks."""
        if self._events is None:
            self._events = Events(self.lines_of("heard.jsonl"))
        return self._events

    # What became of a message.

    def letter(self, message):
        """The dead letters of exactly this message."""
        return self.dead.get((message.consumer, message.sha), ())

    def rows(self, message):
        return self.inbox.get((message.consumer, message.source, message.id), ())

    def is_done(self, message):
        """Whether the inbox says that this message, with this body, took effect or changed nothing."""
        return any(row.outcome in DONE and row.body == message.sha for row in self.rows(message))

    def excuse(self, message, letter):
        """Why an innocent message may be a dead letter, as the documentation says; None if it may not."""
        data = message.data
        if data is None:
            return None
        if message.key == "order.cancelled" and letter["kind"] == "refused":
            order = self.orders.get(data["order_id"])
            return "a cancellation of what was shipped" if order and order["state"] == "shipped" else None
        if message.key == "shipment.dispatched" and letter["kind"] == "exhausted":
            # Its promise was gone, and others have shipped what was there.
            gone = data["order_id"] in self.cancelled or data["order_id"] in self.bumped
            return "a shipment of what was cancelled or bumped" if gone else None
        if len(self.by_id[message.source, message.id]) > 1 and letter["field"] == "id":
            return "an id used for two messages"
        if message.key == "order.created" and letter["kind"] == "refused":
            others = {m.sha for m in self.orders_published().get(data["order_id"], ())}
            return "an order number used for two orders" if len(others) > 1 else None
        if letter["kind"] == "exhausted" and self.was_early(message):
            return "sent before its product, and retried in vain"
        return None

    def was_early(self, message):
        data = message.data
        skus = [line["sku"] for line in data["lines"]] if message.key == "order.created" else [data.get("sku")]
        return any(self.registered.get(sku, -1) > message.number for sku in skus)

    def orders_published(self):
        if not hasattr(self, "_orders_published"):
            self._orders_published = collections.defaultdict(list)
            for message in self.by_key["order.created"]:
                if message.data:
                    self._orders_published[message.data["order_id"]].append(message)
        return self._orders_published

    def size(self):
        return (f"{len(self.messages)} messages published, {len(self.orders)} orders, {self.events.first} events, "
                f"{self.events.repeated} repeated, {len(self.letters)} dead letters")

    def notes(self):
        for text, count in sorted(self.excuses.items()):
            yield f"{count} dead letters, as documented: {text}"


class Events:
    """First occurrences in the order in which they came; repetitions are compared and counted."""

    def __init__(self, heard):
        self.hash_of, self.contradictions, self.disorder = {}, [], []
        self.last = collections.defaultdict(int)  # aggregate: sequence
        self.stream = []
        self.first = self.repeated = self.foreign = 0
        for entry in heard:
            if "body" not in entry:
                self.foreign += 1
                continue
            self.add(entry["key"], entry["body"])

    def add(self, key, event):
        digest = hash(json.dumps(event, sort_keys=True))
        known = self.hash_of.get(event["id"])
        if known is not None:
            self.repeated += 1
            if known != digest:
                self.contradictions.append(event["id"])
            return
        self.hash_of[event["id"]] = digest
        self.first += 1
        aggregate, sequence = event["aggregate"], int(event["sequence"])
        expected = self.last[aggregate] + 1
        if sequence != expected:
            self.disorder.append((aggregate, expected, sequence, event["id"], key))
        self.last[aggregate] = max(sequence, self.last[aggregate])
        self.stream.append((key, event["id"], event.get("causationid"), event["source"], event["data"]))
