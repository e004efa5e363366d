"""Orders: the line equation, reservations for live orders only, states that follow from the lines."""
import collections


def line_equation(evidence):
    for order, lines in evidence.lines.items():
        for number, (_, ordered, *parts) in lines.items():
            if ordered != sum(parts) or min(parts) < 0:
                yield f"{order} line {number}: {ordered} ordered is not the sum of {parts}"


def reservations_match(evidence):
    """A line's reserved and shipped units are its reservations' open and consumed ones, each unit resolved once."""
    opened, consumed = collections.Counter(), collections.Counter()
    for row in evidence.reservations:
        line = (row["order_id"], int(row["line_no"]))
        units = [int(row[name]) for name in ("quantity", "open_quantity", "consumed", "released")]
        if units[0] != sum(units[1:]) or min(units) < 0:
            yield f"{line[0]} line {line[1]}: a reservation of {units[0]} resolves as {units[1:]}"
        opened[line] += units[1]
        consumed[line] += units[2]
    for order, lines in evidence.lines.items():
        for number, (_, _, reserved, backordered, shipped, _) in lines.items():
            if opened[order, number] != reserved or consumed[order, number] != shipped:
                yield (f"{order} line {number}: {reserved} reserved and {shipped} shipped, its reservations say "
                       f"{opened[order, number]} and {consumed[order, number]}")
            waiting = evidence.backorders.get((order, number))
            if (int(waiting["open_quantity"]) if waiting else 0) != backordered:
                yield f"{order} line {number}: {backordered} backordered, its backorder says {waiting}"


def live_orders_only(evidence):
    for row in evidence.reservations:
        order = evidence.orders.get(row["order_id"])
        if int(row["open_quantity"]) and (order is None or order["state"] in ("cancelled", "rejected", "expired")):
            state = order["state"] if order else "missing"
            yield f"{row['order_id']} is {state}, yet {row['open_quantity']} of {row['sku']} are reserved for it"
    for (order, line), row in evidence.backorders.items():
        if int(row["open_quantity"]) and evidence.orders[order]["state"] in ("cancelled", "rejected", "expired"):
            yield f"{order} is {evidence.orders[order]['state']}, yet line {line} waits for {row['open_quantity']}"


def states(evidence):
    """A state follows from the lines."""
    for order, row in evidence.orders.items():
        lines = evidence.lines.get(order, {})
        if row["answered"] != "t":
            if lines or row["state"] != "cancelled":
                yield f"{order} is a tombstone, but {row['state']} with {len(lines)} lines"
            continue
        reserved, backordered, shipped, cancelled = (sum(line[place] for line in lines.values())
                                                     for place in (2, 3, 4, 5))
        if shipped:
            right = ("partially_shipped",) if reserved + backordered else ("shipped",)
        elif reserved + backordered == 0:
            right = ("cancelled", "rejected", "expired")
        elif reserved == 0:
            right = ("backordered",)
        else:
            right = ("partially_reserved",) if backordered + cancelled else ("reserved",)
        if row["state"] not in right:
            yield f"{order} is {row['state']}, its lines say {right[0]}: {lines}"


PROMISES = (("the line equation", line_equation), ("lines are their reservations and backorders", reservations_match),
            ("reservations for live orders only", live_orders_only), ("states follow from lines", states))
