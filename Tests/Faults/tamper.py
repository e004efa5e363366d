#!/usr/bin/env python3
"""Falsifies the evidence of a run that passed, one way at a time; the oracle has to name the promise that it breaks.

    tamper.py FOLDER      the folder `evidence` that a run leaves with KEEP=1

Quicker than the mutations, and closer to each promise: these show that the oracle looks, those that it sees what real
sabotage does. Exit code 0: every falsification was found, under the name that it should have.
"""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def rows(change):
    """Changes the rows of a CSV file, as dictionaries."""
    def tamper(text):
        table = list(csv.DictReader(io.StringIO(text)))
        names = text.split("\n", 1)[0].strip().split(",")
        out = io.StringIO()
        writer = csv.DictWriter(out, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(table))
        return out.getvalue()
    return tamper


def lines(change):
    return lambda text: "".join(change(text.splitlines(keepends=True)))


def drop(wanted=lambda row: True):
    """Without the first row that is wanted."""
    def change(table):
        place = next(index for index, row in enumerate(table) if wanted(row))
        return table[:place] + table[place + 1:]
    return change


def add(name, units=1, wanted=lambda row: True):
    """The first wanted row with a number raised."""
    def change(table):
        row = next(row for row in table if wanted(row))
        row[name] = int(row[name]) + units
        return table
    return change


def put(name, value, wanted):
    def change(table):
        next(row for row in table if wanted(row))[name] = value
        return table
    return change


def again(**changes):
    def change(table):
        row = next(row for row in table if row.get("outcome", "applied") == "applied")
        return [*table, row | changes]
    return change


def is_own(line):
    return '"body":' in line and '"order/' in line


def swapped(table):
    """Two events of one order change places."""
    first = {}
    for place, line in enumerate(table):
        if is_own(line):
            order = json.loads(line)["body"]["aggregate"]
            if order in first:
                table[first[order]], table[place] = table[place], table[first[order]]
                return table
            first[order] = place
    raise ValueError("no order has two events")


def other_body(table):
    line = next(line for line in table if is_own(line))
    return [*table, line.replace('"time":"2', '"time":"3')]


def lines_plus(entry):
    return lines(lambda table: [*table, json.dumps(entry) + "\n"])


FALSIFICATIONS = (
    ("receipts.csv", rows(drop()), "receipts booked once"),
    ("receipts.csv", rows(add("quantity")), "receipts booked once"),
    ("moves.csv", rows(drop()), "moves answered once"),
    ("orders.csv", rows(put("answered", "f", lambda row: row["answered"] == "t")), "orders as published"),
    ("order_lines.csv", rows(add("ordered")), "orders as published"),
    ("shipment_lines.csv", rows(add("quantity")), "shipments as published"),
    ("order_lines.csv", rows(add("reserved", wanted=lambda row: int(row["cancelled"]))), "the line equation"),
    ("products.csv", rows(drop()), "catalogue as published"),
    ("stock_items.csv", rows(add("reorder_point")), "the newest policy in force"),
    ("stock_items.csv", rows(add("owed")), "owed is what waits"),
    ("inbox.csv", rows(again(attempt=1)), "each message settled once"),
    ("inbox.csv", rows(again(message_id="nobody")), "no message invented"),
    ("inbox.csv", rows(drop(lambda row: row["outcome"] == "applied" and row["source"] == "urn:faults:shop")),
     "no message lost"),
    ("inbox.csv", rows(drop(lambda row: row["source"] == "urn:tallyman:worker:inventory")),
     "our own events settled once"),
    ("dead_letters.csv", rows(drop()), "poison is dead-lettered"),
    ("dead_copies.jsonl", lines(drop()), "each dead letter has its copy"),
    ("stock_ledger.csv", rows(drop()), "ledger sums are balances"),
    ("stock_ledger.csv", rows(add("balance_after")), "the balance after each entry"),
    ("stock_ledger.csv", rows(put("message_id", "nobody", lambda row: True)), "a ledger entry has an applied cause"),
    ("balances.csv", rows(add("on_hand")), "ledger sums are balances"),
    ("balances.csv", rows(add("reserved", 10 ** 9)), "nothing oversold"),
    ("reservations.csv", rows(add("quantity")), "reservations and shipments in the ledger"),
    ("orders.csv", rows(put("state", "shipped", lambda row: row["state"] == "reserved")), "states follow from lines"),
    ("heard.jsonl", lines(drop(is_own)), "each aggregate's events in order, without gap"),
    ("heard.jsonl", lines(swapped), "each aggregate's events in order, without gap"),
    ("heard.jsonl", lines(other_body), "an event keeps its id and body"),
    ("received.jsonl", lines(lambda table: []), "notifications arrive"),
    ("notification_deliveries.csv", rows(drop()), "a notification per event and channel"),
    ("outbox.csv", lambda text: text + "3,9,order.created,left-behind\n", "the outbox is empty"),
    ("deadlocks.jsonl", lines_plus({"text": "deadlock detected"}), "no deadlock"),
)


def main(folder):
    missed = 0
    for name, tamper, promise in FALSIFICATIONS:
        with tempfile.TemporaryDirectory() as copy:
            for file in os.listdir(folder):
                os.symlink(os.path.join(os.path.abspath(folder), file), os.path.join(copy, file))
            try:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = tamper(file.read())
            except (StopIteration, ValueError):
                missed += 1
                print(f"NOTHING TO FALSIFY {name}: {promise} (a longer run has it)", flush=True)
                continue
            os.remove(os.path.join(copy, name))
            with open(os.path.join(copy, name), "w", encoding="utf-8") as file:
                file.write(text)
            found = subprocess.run((sys.executable, os.path.join(HERE, "oracle.py"), copy), capture_output=True,
                                   text=True, check=False).stdout
        named = f"\n  {promise}: " in found
        missed += not named
        print(f"{'found ' if named else 'MISSED'} {name}: {promise}" + ("" if named else f"\n{found[:600]}"), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
