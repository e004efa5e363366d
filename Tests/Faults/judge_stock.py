"""Quantities: the ledger is whole, balances are its sums, nothing is oversold, what is owed is known."""
import collections

BUCKETS = ("on_hand", "reserved", "damaged", "quality_control")


class Ledger:
    """One pass over the entries, in the order of each balance."""

    def __init__(self, evidence):
        self.faults = collections.defaultdict(list)
        self.sums = {}
        self.booked = collections.Counter()  # (reason, bucket, reference, balance): units
        self.entries = collections.Counter()  # the same: entries
        balance, seq, totals, cause, recorded = None, 0, None, None, 0.0
        for row in evidence.table("stock_ledger"):
            current = int(row["balance_id"])
            mine = (row["consumer"], row["source"], row["message_id"])
            if current != balance:
                if totals is not None:
                    self.check_available(balance, totals, cause)
                balance, seq, recorded, totals = current, 0, 0.0, dict.fromkeys(BUCKETS, 0)
                self.sums[balance] = totals
            elif cause != mine:
                self.check_available(balance, totals, cause)
            cause = mine
            seq += 1
            self.take(evidence, row, balance, seq, totals, recorded, mine)
            recorded = float(row["recorded"])
        if totals is not None:
            self.check_available(balance, totals, cause)

    def take(self, evidence, row, balance, seq, totals, recorded, cause):
        where = f"balance {balance} entry {row['seq']} ({row['reason']} {row['reference']}, {row['message_id']})"
        if int(row["seq"]) != seq:
            self.faults["seq"].append(f"{where}: number {seq} was due")
        totals[row["bucket"]] += int(row["delta"])
        if int(row["balance_after"]) != totals[row["bucket"]]:
            self.faults["after"].append(f"{where}: says {row['balance_after']} {row['bucket']} after it, "
                                        f"the sum is {totals[row['bucket']]}")
        if float(row["recorded"]) < recorded:
            self.faults["time"].append(f"{where}: its time runs backwards")
        if cause not in evidence.applied:
            self.faults["cause"].append(f"{where}: {cause[0]} has not applied {cause[2]} of {cause[1]}")
        key = (row["reason"], row["bucket"], row["reference"], balance)
        self.booked[key] += int(row["delta"])
        self.entries[key] += 1

    def check_available(self, balance, totals, cause):
        free = totals["on_hand"] - totals["damaged"] - totals["quality_control"] - totals["reserved"]
        if free < 0 or min(totals.values()) < 0:
            self.faults["oversold"].append(f"balance {balance} after {cause[2]}: {totals}")


def ledger(evidence):
    if not hasattr(evidence, "ledger"):
        evidence.ledger = Ledger(evidence)
    return evidence.ledger


def fault(kind):
    return lambda evidence: iter(ledger(evidence).faults[kind])


def sums(evidence):
    for balance, row in evidence.balances.items():
        totals = ledger(evidence).sums.get(balance, dict.fromkeys(BUCKETS, 0))
        for bucket in BUCKETS:
            if int(row[bucket]) != totals[bucket]:
                yield f"{row['sku']} at {row['location_id']}: {bucket} is {row[bucket]}, its ledger {totals[bucket]}"
    for balance in ledger(evidence).sums.keys() - evidence.balances.keys():
        yield f"balance {balance} is in the ledger only"


def not_oversold(evidence):
    for row in evidence.balances.values():
        on_hand, reserved, damaged, held = (int(row[bucket]) for bucket in BUCKETS)
        if reserved > on_hand - damaged - held or min(on_hand, reserved, damaged, held) < 0:
            yield f"{row['sku']} at {row['location_id']}: {reserved} reserved of {on_hand} on hand"
    yield from ledger(evidence).faults["oversold"]


def receipts_booked(evidence):
    """Each receipt once in the ledger, as what and where it says."""
    numbers = {(row["sku"], row["location_id"]): number for number, row in evidence.balances.items()}
    wanted = {("RECEIPT", "on_hand", row["receipt_id"], numbers.get((row["sku"], row["location_id"]))):
              int(row["quantity"]) for row in evidence.table("receipts")}
    for row in evidence.table("moves"):
        if not row["rejected_reason"]:
            source, target = (numbers.get((row["sku"], row[name])) for name in ("from_location_id", "to_location_id"))
            wanted["TRANSFER_OUT", "on_hand", row["move_id"], source] = -int(row["quantity"])
            wanted["TRANSFER_IN", "on_hand", row["move_id"], target] = int(row["quantity"])
    found = {key: units for key, units in ledger(evidence).booked.items()
             if key[0] in ("RECEIPT", "TRANSFER_OUT", "TRANSFER_IN")}
    yield from compare(wanted, found)
    for key in found:
        if ledger(evidence).entries[key] != 1:
            yield f"{key[0]} {key[2]} is booked {ledger(evidence).entries[key]} times at balance {key[3]}"


def reservations_booked(evidence):
    """The ledger's reserves, releases and shipments are those of the reservations and shipments."""
    numbers = {(row["sku"], row["location_id"]): number for number, row in evidence.balances.items()}
    wanted, open_sums = collections.Counter(), collections.Counter()
    bumped = collections.Counter()
    for row in evidence.bumps:
        bumped[row["order_id"], row["line_no"], row["reservation_no"]] += int(row["quantity"])
        balance = numbers.get((row["sku"], row["location_id"]))
        wanted["BUMP", "reserved", row["reference"], balance] -= int(row["quantity"])
    for row in evidence.reservations:
        balance = numbers.get((row["sku"], row["location_id"]))
        wanted["RESERVE", "reserved", row["order_id"], balance] += int(row["quantity"])
        released = int(row["released"]) - bumped[row["order_id"], row["line_no"], row["reservation_no"]]
        if released:
            wanted["RELEASE", "reserved", row["order_id"], balance] -= released
        open_sums[balance] += int(row["open_quantity"])
    for row in evidence.table("shipment_lines"):
        order = evidence.shipments.get(row["shipment_id"])
        line = evidence.lines.get(order, {}).get(int(row["line_no"]))
        balance = numbers.get((line[0], row["location_id"])) if line else None
        for bucket in ("on_hand", "reserved"):
            wanted["SHIP", bucket, row["shipment_id"], balance] -= int(row["quantity"])
    found = {key: units for key, units in ledger(evidence).booked.items()
             if key[0] not in ("RECEIPT", "TRANSFER_OUT", "TRANSFER_IN")}
    yield from compare(wanted, found)
    for balance, row in evidence.balances.items():
        if int(row["reserved"]) != open_sums[balance]:
            yield f"{row['sku']} at {row['location_id']}: {row['reserved']} reserved, open reservations {open_sums[balance]}"


def compare(wanted, found):
    for key in wanted.keys() | found.keys():
        if wanted.get(key, 0) != found.get(key, 0):
            yield (f"{key[0]} {key[2]} of {key[1]} at balance {key[3]}: {wanted.get(key, 0)} expected, "
                   f"{found.get(key, 0)} in the ledger")


def owed(evidence):
    waiting = collections.Counter()
    for row in evidence.backorders.values():
        if row["fillable"] == "t":
            waiting[row["sku"]] += int(row["open_quantity"])
    for sku, item in evidence.items.items():
        if int(item["owed"]) != waiting[sku]:
            yield f"{sku}: owed is {item['owed']}, open backorders are {waiting[sku]}"


def nobody_waits(evidence):
    """After everything has come to rest no order waits for stock that is there."""
    free = collections.Counter()
    for row in evidence.balances.values():
        if row["sellable"] == "t":
            free[row["sku"]] += (int(row["on_hand"]) - int(row["damaged"]) - int(row["quality_control"])
                                 - int(row["reserved"]) - int(row["safety_stock"]))
    for (order, line), row in evidence.backorders.items():
        left = free[row["sku"]] - int(evidence.items[row["sku"]]["safety_stock"])
        if row["fillable"] == "t" and int(row["open_quantity"]) > 0 and left > 0:
            yield f"{order} line {line} waits for {row['open_quantity']} of {row['sku']}, of which {left} are free"


PROMISES = (
    ("nothing oversold", not_oversold), ("ledger numbers without gap", fault("seq")),
    ("the balance after each entry", fault("after")), ("ledger sums are balances", sums),
    ("a ledger entry has an applied cause", fault("cause")), ("a balance's time runs forward", fault("time")),
    ("receipts and moves in the ledger once", receipts_booked),
    ("reservations and shipments in the ledger", reservations_booked), ("owed is what waits", owed),
    ("nobody waits for stock that is there", nobody_waits))
