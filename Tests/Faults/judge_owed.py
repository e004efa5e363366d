"""What is owed to orders that wait is not given to an order that comes later."""
import collections



class History:
    """Per SKU, what changed at which instant: the transactions of a SKU have each a time of their own."""

    def __init__(self, evidence):
        self.changes = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
        waiting = {row["sku"] for row in evidence.backorders.values()}
        created = {message.id: message.data["order_id"] for message in evidence.by_key["order.created"] if message.data}
        self.read_backorders(evidence)
        for row in evidence.table("stock_ledger"):
            balance = evidence.balances[int(row["balance_id"])]
            if balance["sku"] in waiting and balance["sellable"] == "t":
                self.book(self.changes[balance["sku"]][row["recorded"]], row, created)

    def read_backorders(self, evidence):
        bumped = self.bumped(evidence)
        for key, row in evidence.backorders.items():
            order, cancelled = evidence.orders[key[0]], int(row["cancelled"])
            # Units that wait again since a bump did not wait before it.
            later = [[instant, units] for instant, units in bumped[key] if float(instant) > float(row["created"])]
            waits = [[row["created"], int(row["quantity"]) - sum(units for _, units in later)], *later]
            if order["state"] == "cancelled":
                self.changes[row["sku"]][order["updated"]]["left"] += cancelled
            else:  # an order that went on does not say since when units of it wait no more
                for wait in waits:
                    gone = min(wait[1], cancelled)
                    wait[1], cancelled = wait[1] - gone, cancelled - gone
            for instant, units in waits:
                self.changes[row["sku"]][instant]["waits"] += units

    @staticmethod
    def bumped(evidence):
        """When units of a line that were promised had to wait again, by order and line."""
        instants = {(evidence.balances[int(row["balance_id"])]["sku"], row["reference"]): row["recorded"]
                    for row in evidence.table("stock_ledger") if row["reason"] == "BUMP"}
        found = collections.defaultdict(list)
        for row in evidence.table("bumps"):
            if (row["sku"], row["reference"]) in instants:
                instant = instants[row["sku"], row["reference"]]
                found[row["order_id"], int(row["line_no"])].append((instant, int(row["quantity"])))
        return found

    @staticmethod
    def book(change, row, created):
        units = int(row["delta"])
        if row["bucket"] == "reserved" and row["reason"] == "RESERVE":
            change["taken" if row["message_id"] in created else "filled"] += units
        elif row["bucket"] == "on_hand":
            change["came" if units > 0 else "went"] += abs(units)
        elif row["bucket"] == "reserved":
            change["came" if units < 0 else "went"] += abs(units)


def not_stolen(evidence):
    """An order takes at most what is free beyond all that waits. Safety stocks are left out: they only make it less."""
    for sku, changes in History(evidence).changes.items():
        free = owed = 0
        for instant in sorted(changes, key=float):
            change = changes[instant]
            free += change["came"]
            left = free - change["filled"] - (owed - change["filled"] - change["left"])
            if change["taken"] > max(0, left):
                yield (f"{sku} at {instant}: new orders took {change['taken']}, {free} were free and {owed} owed to "
                       "orders that waited")
            free -= change["filled"] + change["taken"] + change["went"]
            owed += change["waits"] - change["filled"] - change["left"]


def no_deadlock(evidence):
    """One global lock order: transactions wait for one another in one direction only."""
    return (f"the database found a deadlock: {entry['text']}" for entry in evidence.lines_of("deadlocks.jsonl"))


PROMISES = (("nobody takes what is owed to others", not_stolen), ("no deadlock", no_deadlock))
