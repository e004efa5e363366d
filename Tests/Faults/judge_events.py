"""Follow-on events: each at least once under one stable id with one body, in order, and true."""
import collections

ANSWERS = ("order.reserved", "order.partially_reserved", "order.backordered", "order.rejected")


def stable(evidence):
    return (f"event {identity} came with different bodies" for identity in evidence.events.contradictions)


def in_order(evidence):
    return (f"{aggregate}: {key} {identity} with sequence {found} came where {expected} was due"
            for aggregate, expected, found, identity, key in evidence.events.disorder)


def complete(evidence):
    """As many events per order and SKU as the database says that it has numbered."""
    last = evidence.events.last
    for kind, rows in (("order", evidence.orders), ("stock", evidence.items)):
        for name, row in rows.items():
            if last.get(f"{kind}/{name}", 0) != int(row["sequence"]):
                yield f"{kind}/{name}: {row['sequence']} events were numbered, {last.get(f'{kind}/{name}', 0)} arrived"


def counted(evidence):
    """The inbox counts the events of orders and SKUs that follow from each message; as many arrived with that cause.
    What a worker or a sweeper asks of a worker is no event of an order or a SKU."""
    caused = collections.Counter(cause for key, _, cause, _, _ in evidence.events.stream
                                 if not key.startswith("notification.") and not key.endswith(".due"))
    for row in evidence.table("inbox"):
        if int(row["events"]) > 0:
            caused[row["message_id"]] -= int(row["events"])
    for identity, left in caused.items():
        if left:
            yield f"{identity}: {abs(left)} events {'more' if left > 0 else 'fewer'} arrived than the inbox counts"


class Tales:
    """Each order's history as its events tell it."""

    def __init__(self, evidence):
        self.faults = collections.defaultdict(list)
        self.answers = collections.defaultdict(list)
        self.lines = collections.defaultdict(dict)
        self.received, self.moved, self.shipped = (collections.Counter() for _ in range(3))
        questions = {message.id for message in evidence.by_key["order.created"]}
        for key, identity, cause, _, data in evidence.events.stream:
            if key in ANSWERS and cause in questions:
                self.answers[data["order_id"]].append((key, identity))
                if key == "order.rejected":
                    self.reject(evidence, data["order_id"])
                else:
                    self.lines[data["order_id"]] = {line["line"]: [
                        line["reserved"], line["backordered"], line["shipped"], line["cancelled"]]
                        for line in data["lines"]}
            else:
                self.tell(key, identity, data)

    def reject(self, evidence, order):
        self.lines[order] = {number: [0, 0, 0, line[1]] for number, line in evidence.lines.get(order, {}).items()}

    def tell(self, key, identity, data):
        lines = self.lines.get(data.get("order_id"), {})
        if key == "backorder.filled":
            self.shift(lines, data["line"], 1, 0, data["quantity"])
        elif key in ("reservation.released", "reservation.expired"):
            self.shift(lines, data["line"], 0, 3, data["quantity"])
        elif key == "reservation.bumped":
            self.shift(lines, data["line"], 0, 1, data["backordered"])
            self.shift(lines, data["line"], 0, 3, data["cancelled"])
        elif key in ("order.shipped", "order.partially_shipped"):
            self.shipped[data["shipment_id"]] += 1
            for line in data["lines"]:
                # Whatever its units were before: they have left, and the event says how its line stands.
                lines[line["line"]] = [line["reserved"], line["backordered"], line["shipped"], line["cancelled"]]
        elif key == "order.closed_cancelled":
            for number, line in lines.items():
                self.shift(lines, number, 1, 3, line[1])
        elif key == "order.replanned":
            self.lines[data["order_id"]] = {line["line"]: [
                line["reserved"], line["backordered"], line["shipped"], line["cancelled"]] for line in data["lines"]}
        elif key == "order.reserved":
            told = {line["line"]: [line["reserved"], line["backordered"], line["shipped"], line["cancelled"]]
                    for line in data["lines"]}
            if told != lines:
                self.faults["fold"].append(f"{data['order_id']}: {identity} says {told}, the events before it {lines}")
        elif key == "stock.received":
            self.received[data["receipt_id"], data["sku"], data["location_id"], str(data["quantity"])] += 1
        elif key in ("stock.moved", "stock.move.rejected"):
            self.moved[data["move_id"], key == "stock.moved"] += 1

    @staticmethod
    def shift(lines, number, source, target, units):
        if number in lines:
            lines[number][source] -= units
            lines[number][target] += units


def tales(evidence):
    if not hasattr(evidence, "tales"):
        evidence.tales = Tales(evidence)
    return evidence.tales


def one_answer(evidence):
    for order, row in evidence.orders.items():
        answers = tales(evidence).answers.get(order, [])
        if row["answered"] == "t" and len(answers) != 1:
            yield f"{order} has {len(answers)} answers: {answers}"
    for order in tales(evidence).answers.keys() - evidence.orders.keys():
        yield f"{order} was answered by {tales(evidence).answers[order]}, but does not exist"


def true_tales(evidence):
    """The events of an order, one after the other, lead to the order as it is."""
    yield from tales(evidence).faults["fold"]
    for order, row in evidence.orders.items():
        if row["answered"] != "t":
            continue
        told = tales(evidence).lines.get(order, {})
        found = {number: list(line[2:]) for number, line in evidence.lines.get(order, {}).items()}
        if told != found:
            yield f"{order} is {found} (reserved, backordered, shipped, cancelled), its events say {told}"


def receipts_told(evidence):
    rows = collections.Counter((row["receipt_id"], row["sku"], row["location_id"], row["quantity"])
                               for row in evidence.table("receipts"))
    for key in rows.keys() | tales(evidence).received.keys():
        if rows[key] != tales(evidence).received[key]:
            yield f"receipt {key}: {rows[key]} booked, {tales(evidence).received[key]} stock.received"
    moves = collections.Counter((row["move_id"], not row["rejected_reason"]) for row in evidence.table("moves"))
    for key in moves.keys() | tales(evidence).moved.keys():
        if moves[key] != tales(evidence).moved[key]:
            yield f"move {key[0]}: {moves[key]} booked as {'moved' if key[1] else 'rejected'}, {tales(evidence).moved[key]} events"
    for shipment in evidence.shipments.keys() | tales(evidence).shipped.keys():
        if tales(evidence).shipped[shipment] != (shipment in evidence.shipments):
            yield f"{shipment}: {tales(evidence).shipped[shipment]} events of it"


def levels(evidence):
    """Per place, an episode is opened once, closed once, and the state in force is the last one told."""
    state, told = {}, collections.Counter()
    for key, identity, _, _, data in evidence.events.stream:
        if key not in ("stock.low", "stock.out", "stock.recovered"):
            continue
        told[data["episode_id"], key] += 1
        if told[data["episode_id"], key] > 1:
            yield f"{key} {identity}: episode {data['episode_id']} was told of that before"
        state[data["sku"], data.get("location_id")] = key.split(".")[1].replace("recovered", "normal")
    rows = {(row["sku"], row["location_id"]): row for row in evidence.balances.values()}
    rows |= {(sku, None): row for sku, row in evidence.items.items()}
    for place, row in rows.items():
        if state.get(place, "normal") != row["alert_state"]:
            yield f"{place}: its level is {row['alert_state']}, told was {state.get(place, 'nothing')}"


PROMISES = (
    ("an event keeps its id and body", stable), ("each aggregate's events in order, without gap", in_order),
    ("no event lost", complete), ("events as many as counted", counted), ("one answer per order", one_answer),
    ("events tell the truth about orders", true_tales), ("receipts, moves and shipments told once", receipts_told),
    ("alerts per episode", levels))
