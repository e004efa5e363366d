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
        for (order, _), row in evidence.backorders.items():
            changes = self.changes[row["sku"]]
            changes[row["created"]]["waits"] += int(row["quantity"])
            if int(row["cancelled"]):
                changes[evidence.orders[order]["updated"]]["left"] += int(row["cancelled"])

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
