"""What the systems around Tallyman publish in a fault run: a stream of messages drawn from a seed.

Products, places, policies, receipts, orders (some of them for scarce favourites), cancellations (some before their
order), moves; with repetitions, disorder and poison. A message that must never be applied says so by its label; the
label goes into the journal and to nobody else. Shipments are not here: they answer what was reserved (subscriber.py).
"""
import collections
import heapq
import json
import random
import time

Item = collections.namedtuple("Item", "key id source body poison content_type")

SHOP, WAREHOUSE, CATALOGUE = "urn:faults:shop", "urn:faults:warehouse", "urn:faults:catalogue"
CLOUD_EVENT = "application/cloudevents+json"
PLACES = ("WH-A", "WH-B", "WH-C", "WH-Q")  # nobody sells from the last one
HOT, WARM, COLD = 5, 45, 250


class Clock:
    """Times of messages: now, and never the same twice, so that the newest policy is always known."""

    def __init__(self):
        self.second, self.text, self.count = 0, "", 0

    def text_of(self, offset=0):
        self.count = (self.count + 1) % 1_000_000
        second = int(time.time()) + offset
        if second != self.second:
            self.second, self.text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self.text}.{self.count:06d}Z"


class Story:
    """Draws messages. `next()` never ends; `rest()` is what was still to come of messages already begun."""

    def __init__(self, seed):
        self.random = random.Random(f"story {seed}")
        self.prefix = f"f{seed}"
        self.clock = Clock()
        self.step = self.number = self.orders = self.papers = 0
        self.later = []  # (step, number, item)
        self.ready = collections.deque()
        self.skus = [f"HOT-{n}" for n in range(HOT)] + [f"WARM-{n}" for n in range(WARM)] + [
            f"COLD-{n}" for n in range(COLD)]
        self.short = collections.Counter()
        self.wanted = collections.deque(maxlen=3000)
        self.known = collections.deque(maxlen=4000)  # orders published
        self.papers_known = collections.deque(maxlen=400)  # receipts and moves: (type, data)
        self.open()

    # One message.

    def message(self, kind, source, data, offset=0, poison=None, number=None):
        if number is None:
            self.number += 1
            number = self.number
        identity = f"{self.prefix}-{number}"
        extra = ',"extra":{"note":"unknown fields are ignored"}' if self.random.random() < 0.02 else ""
        body = (f'{{"specversion":"1.0","id":"{identity}","source":"{source}","type":"{kind}",'
                f'"time":"{self.clock.text_of(offset)}","data":{data}{extra}}}').encode()
        return Item(kind, identity, source, body, poison, CLOUD_EVENT)

    def send(self, item, delay=0):
        if delay:
            self.number += 1
            heapq.heappush(self.later, (self.step + delay, self.number, item))
        else:
            self.ready.append(item)

    def next(self):
        """The next message."""
        while not self.ready:
            self.step += 1
            self.draw()
            while self.later and self.later[0][0] <= self.step:
                self.ready.append(heapq.heappop(self.later)[2])
        item = self.ready.popleft()
        if self.random.random() < 0.04:
            self.send(item, self.random.choice((1, 5, 50, 500)))
        return item

    def rest(self):
        """Repetitions and late messages that wait for their step."""
        items = list(self.ready) + [entry[2] for entry in sorted(self.later)]
        self.ready.clear()
        self.later.clear()
        return items

    # The opening: catalogue, places, policies, first receipts.

    def open(self):
        for place in PLACES:
            sellable = "false" if place == "WH-Q" else "true"
            self.send(self.message("location.registered", WAREHOUSE, f'{{"location_id":"{place}",'
                                   f'"name":"Warehouse {place}","priority":{PLACES.index(place)},"sellable":{sellable}}}'))
        for sku in self.skus:
            self.register(sku)
        for sku in self.skus:
            self.policy(sku, None)
            if self.random.random() < 0.2:
                self.policy(sku, self.random.choice(PLACES))
            for place in PLACES:
                self.receipt(sku, place, self.random.randint(10, 60))

    def register(self, sku, delay=0):
        self.send(self.message("product.registered", CATALOGUE, f'{{"sku":"{sku}","name":"Product {sku}",'
                               f'"unit_price":{self.random.randint(1, 99)}.90}}'), delay)

    def policy(self, sku, place, offset=0):
        low = self.random.randint(5, 40)
        where = f'"location_id":"{place}",' if place else ""
        self.send(self.message("stock.policy.set", WAREHOUSE, f'{{"sku":"{sku}",{where}"safety_stock":'
                               f'{self.random.randint(0, 3)},"reorder_point":{low},"recover_point":{low * 3}}}', offset))

    def receipt(self, sku, place, quantity, delay=0):
        self.papers += 1
        data = (f'{{"receipt_id":"{self.prefix}-r{self.papers}","sku":"{sku}","location_id":"{place}",'
                f'"quantity":{quantity},"reference":"PO-{self.papers % 97}"}}')
        self.papers_known.append(("goods.received", data))
        self.send(self.message("goods.received", WAREHOUSE, data), delay)

    # The stream.

    def draw(self):
        ticket = self.random.random()
        if ticket < 0.72:
            self.order()
        elif ticket < 0.88:
            self.restock()
        elif ticket < 0.93:
            self.cancel()
        elif ticket < 0.965:
            self.move()
        elif ticket < 0.975:
            self.policy(self.random.choice(self.skus), self.random.choice((None, None, "WH-A", "WH-B")),
                        self.random.choice((0, 0, 0, -3600, 3600)))
        elif ticket < 0.978:
            self.late_product()
        elif ticket < 0.985:
            self.same_again()
        else:
            self.poison()

    def pick(self):
        ticket = self.random.random()
        if ticket < 0.25:
            return self.skus[self.random.randrange(HOT)]
        if ticket < 0.65:
            return self.skus[HOT + self.random.randrange(WARM)]
        return self.skus[HOT + WARM + self.random.randrange(COLD)]

    def order_data(self, order, skus):
        lines = ",".join(f'{{"sku":"{sku}","quantity":{self.random.choice((1, 1, 1, 2, 2, 3, 5))}}}' for sku in skus)
        more = ',"backorder":"deny"' if self.random.random() < 0.25 else ""
        if self.random.random() < 0.1:
            more += f',"priority":{self.random.randint(1, 9)}'
        return (f'{{"order_id":"{order}","customer_id":"cust-{self.random.randint(1, 500)}",'
                f'"lines":[{lines}]{more}}}')

    def order(self):
        self.orders += 1
        order = f"{self.prefix}-o{self.orders}"
        skus = [self.pick() for _ in range(self.random.choice((1, 1, 1, 2, 2, 3)))]
        for sku in skus:
            self.short[sku] += 2
            self.wanted.append(sku)
        item = self.message("order.created", SHOP, self.order_data(order, skus),
                            self.random.choice((0,) * 18 + (-5 * 86400, 8 * 3600)))
        if self.random.random() < 0.01:  # its cancellation comes first
            self.cancellation(order)
            self.send(item, self.random.randint(1, 40))
        else:
            self.known.append(order)
            self.send(item, self.random.choice((0,) * 15 + (1, 3, 10, 100)))

    def cancellation(self, order):
        self.send(self.message("order.cancelled", SHOP, f'{{"order_id":"{order}","reason":"changed their mind"}}'))

    def cancel(self):
        if self.known:
            self.cancellation(self.random.choice(self.known))

    def restock(self):
        if not self.wanted:
            return
        sku = self.random.choice(self.wanted)
        cover = 0.7 if sku.startswith("HOT") else 0.95
        quantity = max(1, int(self.short[sku] * cover * self.random.uniform(0.6, 1.4)))
        self.short[sku] = 0
        self.receipt(sku, self.random.choice(PLACES[:3]), quantity, self.random.choice((0, 0, 0, 0, 2, 20)))

    def move(self):
        self.papers += 1
        source, target = self.random.sample(PLACES, 2)
        quantity = 100_000_000 if self.random.random() < 0.05 else self.random.randint(1, 4)
        data = (f'{{"move_id":"{self.prefix}-m{self.papers}","sku":"{self.random.choice(self.skus)}",'
                f'"from_location_id":"{source}","to_location_id":"{target}","quantity":{quantity}}}')
        self.papers_known.append(("stock.move.requested", data))
        self.send(self.message("stock.move.requested", WAREHOUSE, data))

    def late_product(self):
        """Orders and a receipt for a product that is registered only a little later."""
        self.papers += 1
        sku = f"LATE-{self.papers}"
        for _ in range(2):
            self.orders += 1
            self.send(self.message("order.created", SHOP, self.order_data(f"{self.prefix}-o{self.orders}", [sku])))
        self.receipt(sku, "WH-A", 3)
        self.register(sku, self.random.choice((1, 10, 100)))

    def same_again(self):
        """A receipt or move that a publisher reports again under a new message id: harmless."""
        kind, data = self.random.choice(self.papers_known)
        self.send(self.message(kind, WAREHOUSE, data))

    # Poison.

    def poison(self):
        self.orders += 1
        order = f"{self.prefix}-x{self.orders}"
        sku = self.pick()
        good = f'{{"order_id":"{order}","customer_id":"cust-1","lines":[{{"sku":"{sku}","quantity":1}}]}}'
        kind = self.random.choice(("cut off", "not UTF-8", "wrong type", "missing", "zero", "too many", "fraction",
                                   "old", "ahead", "other type", "content type", "unknown product", "unknown place",
                                   "unknown order", "no such line", "same id", "same order", "repeated key"))
        self.send(getattr(self, "poison_" + kind.replace(" ", "_").replace("-", "_").lower())(good, order, sku, kind))

    def spoilt(self, good, kind, old, new):
        return self.message("order.created", SHOP, good.replace(old, new), poison=kind)

    def poison_cut_off(self, good, order, sku, kind):
        item = self.message("order.created", SHOP, good, poison=kind)
        return item._replace(body=item.body[:self.random.randint(1, len(item.body) - 1)])

    def poison_not_utf_8(self, good, order, sku, kind):
        item = self.message("order.created", SHOP, good, poison=kind)
        return item._replace(body=item.body.replace(b"cust-1", b"cust-\xff\xfe"))

    def poison_wrong_type(self, good, order, sku, kind):
        return self.spoilt(good, kind, '"quantity":1', '"quantity":"one"')

    def poison_missing(self, good, order, sku, kind):
        return self.spoilt(good, kind, '"customer_id":"cust-1",', "")

    def poison_zero(self, good, order, sku, kind):
        return self.spoilt(good, kind, '"quantity":1', '"quantity":0')

    def poison_too_many(self, good, order, sku, kind):
        return self.spoilt(good, kind, '"quantity":1', '"quantity":1000000001')

    def poison_fraction(self, good, order, sku, kind):
        return self.spoilt(good, kind, '"quantity":1', '"quantity":1.5')

    def poison_repeated_key(self, good, order, sku, kind):
        return self.spoilt(good, kind, '"customer_id"', '"order_id":"twice","customer_id"')

    def poison_old(self, good, order, sku, kind):
        return self.message("order.created", SHOP, good, -31 * 86400, kind)

    def poison_ahead(self, good, order, sku, kind):
        return self.message("order.created", SHOP, good, 26 * 3600, kind)

    def poison_other_type(self, good, order, sku, kind):
        return self.message("order.created", SHOP, good, poison=kind)._replace(key="order.cancelled")

    def poison_content_type(self, good, order, sku, kind):
        return self.message("order.created", SHOP, good, poison=kind)._replace(content_type="text/plain")

    def poison_unknown_product(self, good, order, sku, kind):
        return self.spoilt(good, kind, sku, f"NEVER-{self.orders}")

    def poison_unknown_place(self, good, order, sku, kind):
        return self.message("goods.received", WAREHOUSE, f'{{"receipt_id":"{order}","sku":"{sku}",'
                            f'"location_id":"NOWHERE","quantity":5}}', poison=kind)

    def poison_unknown_order(self, good, order, sku, kind):
        return self.message("shipment.dispatched", WAREHOUSE, f'{{"shipment_id":"{order}","order_id":"{order}",'
                            f'"lines":[{{"line":1,"location_id":"WH-A","quantity":1}}]}}', poison=kind)

    def poison_no_such_line(self, good, order, sku, kind):
        if not self.known:
            return self.poison_zero(good, order, sku, kind)
        return self.message("shipment.dispatched", WAREHOUSE, f'{{"shipment_id":"{order}","order_id":'
                            f'"{self.known[0]}","lines":[{{"line":99,"location_id":"WH-A","quantity":1}}]}}',
                            poison=kind)

    # Two that contradict each other: either may come first, so neither is labelled; the oracle knows that one loses.

    def poison_same_id(self, good, order, sku, kind):
        self.number += 1
        number = self.number
        self.send(self.message("order.created", SHOP, good.replace(order, order + "b"), number=number), 200)
        return self.message("order.created", SHOP, good, number=number)

    def poison_same_order(self, good, order, sku, kind):
        self.send(self.message("order.created", SHOP, good.replace('"quantity":1', '"quantity":2')), 200)
        return self.message("order.created", SHOP, good)


def journal_line(item, number):
    """One line of the journal; the body's bytes as Latin-1, which any bytes survive."""
    return json.dumps({"n": number, "key": item.key, "id": item.id, "source": item.source, "poison": item.poison,
                       "content_type": item.content_type, "body": item.body.decode("latin-1")}) + "\n"
