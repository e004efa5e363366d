"""Each accepted input takes effect exactly once, and nothing takes effect that nobody published."""
import collections

import books


def settled_once(evidence):
    """The inbox applies a message at most once; an innocent one is applied or changes nothing, or is excused."""
    for key, rows in evidence.inbox.items():
        finals = [row for row in rows if row.outcome in books.DONE]
        if len(finals) > 1:
            yield f"{key[0]} settled {key[2]} of {key[1]} {len(finals)} times: {[tuple(row[:2]) for row in finals]}"


def none_lost(evidence):
    """Every published message that can be applied has been, unless it is excused."""
    for message in evidence.messages:
        if message.poison or evidence.is_done(message):
            continue
        reasons = [evidence.excuse(message, letter) for letter in evidence.letter(message)]
        if not reasons:
            rows = [tuple(row[:2]) for row in evidence.rows(message)]
            yield f"{message} was published and has no effect: inbox {rows}, no dead letter"


def none_invented(evidence):
    """The inbox knows only what was published."""
    known = {(m.consumer, m.source, m.id) for m in evidence.messages}
    events = evidence.events.hash_of
    for consumer, source, identity in evidence.inbox:
        if (consumer, source, identity) not in known and identity not in events:
            yield f"{consumer} settled {identity} of {source}, which was neither published nor heard"


def events_consumed(evidence):
    """Every event of ours that a worker consumes is settled by it exactly once."""
    for key, identity, _, source, _ in evidence.events.stream:
        for consumer in books.CONSUMER.get(key, "").split():
            finals = [row for row in evidence.inbox.get((consumer, source, identity), ()) if row.outcome in books.DONE]
            if len(finals) != 1:
                yield f"{key} {identity} was settled {len(finals)} times by {consumer}"


def receipts(evidence):
    yield from papers(evidence, "goods.received", "receipt_id", "receipts",
                      ("sku", "location_id", "quantity", "reference"))


def moves(evidence):
    yield from papers(evidence, "stock.move.requested", "move_id", "moves",
                      ("sku", "from_location_id", "to_location_id", "quantity"))


def papers(evidence, key, name, table, fields):
    """Business ids: a row per published id, with the content of one of the messages that bore it."""
    published = collections.defaultdict(set)
    for message in evidence.by_key[key]:
        if message.data and evidence.is_done(message):
            published[message.data[name]].add(tuple(str(message.data[field]) for field in fields))
    rows = {row[name]: tuple(row[field] for field in fields) for row in evidence.table(table)}
    for identity in published.keys() - rows.keys():
        yield f"{identity} was settled, but {table} has no row of it"
    for identity, row in rows.items():
        if row not in published.get(identity, ()):
            yield f"{table} has {identity} as {row}, published was {sorted(published.get(identity, ()))}"


def orders(evidence):
    """Orders exist with their lines, as one of the messages said that bore the number."""
    published = evidence.orders_published()
    for order, messages in published.items():
        done = [message for message in messages if evidence.is_done(message)]
        if not done:
            continue
        row = evidence.orders.get(order)
        if row is None or row["answered"] != "t":
            yield f"{order} was settled by {done[0].id}, but there is no answered order"
            continue
        lines = {number: line[:2] for number, line in evidence.lines[order].items()}
        if not any(lines == expected(message.data) for message in done):
            yield f"{order} has lines {lines}, published was {expected(done[0].data)} in {done[0].id}"
    for order, row in evidence.orders.items():
        if row["answered"] == "t" and order not in published:
            yield f"{order} exists, but was never published"
        if row["answered"] != "t" and order not in evidence.cancelled:
            yield f"{order} is the tombstone of a cancellation that was never published"


def expected(data):
    return {line.get("line", index + 1): (line["sku"], line["quantity"]) for index, line in enumerate(data["lines"])}


def shipments(evidence):
    """What was shipped is what the warehouse reported, once."""
    shipped = collections.defaultdict(collections.Counter)
    for row in evidence.table("shipment_lines"):
        shipped[row["shipment_id"]][int(row["line_no"]), row["location_id"]] += int(row["quantity"])
    published = set()
    for message in evidence.by_key["shipment.dispatched"]:
        if not message.data or not evidence.is_done(message):
            continue
        identity = message.data["shipment_id"]
        published.add(identity)
        wanted = collections.Counter()
        for line in message.data["lines"]:
            wanted[line["line"], line["location_id"]] += line["quantity"]
        if evidence.shipments.get(identity) != message.data["order_id"] or shipped[identity] != wanted:
            yield f"{identity} was settled as {dict(wanted)}, booked is {dict(shipped[identity])}"
    for identity in evidence.shipments.keys() - published:
        yield f"{identity} is booked, but no message says so"


def cancellations(evidence):
    """Nothing is reserved and nothing waits for an order whose cancellation was accepted."""
    for message in evidence.by_key["order.cancelled"]:
        if not message.data or not evidence.is_done(message):
            continue
        order = message.data["order_id"]
        if order not in evidence.orders:
            yield f"{message} was settled, but there is no order {order}, not even a tombstone"
        for number, line in evidence.lines.get(order, {}).items():
            if line[2] or line[3]:
                yield f"{order} was cancelled by {message.id}, yet line {number} has {line[2]} reserved, {line[3]} waiting"


def policies(evidence):
    """The newest policy of a SKU and place is in force."""
    newest = {}
    for message in evidence.by_key["stock.policy.set"]:
        if message.data and evidence.is_done(message):
            place = (message.data["sku"], message.data.get("location_id"))
            if place not in newest or newest[place].time < message.time:
                newest[place] = message
    balances = {(row["sku"], row["location_id"]): row for row in evidence.balances.values()}
    for (sku, location), message in newest.items():
        row = balances.get((sku, location)) if location else evidence.items.get(sku)
        names = ("safety_stock", "reorder_point", "recover_point")
        found = row and tuple(int(row[name]) for name in names)
        wanted = tuple(message.data[name] for name in names)
        if found != wanted:
            yield f"{sku} at {location or 'all places'}: in force is {found}, {message.id} said {wanted}"


def catalogue(evidence):
    """Products and places exist as registered."""
    for key, table, name in (("product.registered", "products", "sku"),
                             ("location.registered", "locations", "location_id")):
        wanted = {m.data[name] for m in evidence.by_key[key] if m.data and evidence.is_done(m)}
        found = {row[name] for row in evidence.table(table)}
        for identity in wanted ^ found:
            yield f"{table}: {identity} is {'missing' if identity in wanted else 'not published'}"


PROMISES = (
    ("each message settled once", settled_once), ("no message lost", none_lost),
    ("no message invented", none_invented), ("our own events settled once", events_consumed),
    ("receipts booked once", receipts), ("moves answered once", moves), ("orders as published", orders),
    ("shipments as published", shipments), ("cancelled orders hold nothing", cancellations),
    ("the newest policy in force", policies), ("catalogue as published", catalogue))
