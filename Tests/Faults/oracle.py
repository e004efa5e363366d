#!/usr/bin/env python3
"""The verdict over a fault run: oracle.py FOLDER

Shares no code with the workers: it reads what was published (journal.jsonl, shipped.jsonl), what a subscriber bound to
`#` heard (heard.jsonl), what the receiver of mails and webhooks got (received.jsonl), the dead-letter queues' copies
and the raw tables (CSV), and computes anew what must hold. Prints the first violation with the ids involved, and how
many more there are of each promise. Exit code 0: all promises were kept; 1: not; 2: the evidence cannot be read.
"""
import gc
import itertools
import sys
import time

import books
import judge_events
import judge_inputs
import judge_letters
import judge_notifications
import judge_orders
import judge_owed
import judge_stock

PROMISES = (judge_inputs.PROMISES + judge_letters.PROMISES + judge_stock.PROMISES + judge_owed.PROMISES
            + judge_orders.PROMISES + judge_events.PROMISES + judge_notifications.PROMISES)
COUNTED = 100_000


def main(folder):
    gc.disable()  # millions of small objects, none of them in a circle
    began = time.monotonic()
    evidence = books.Evidence(folder)
    first, broken = None, []
    for name, judge in PROMISES:
        violations = judge(evidence)
        shown = list(itertools.islice(violations, 3))
        if not shown:
            continue
        more = sum(1 for _ in itertools.islice(violations, COUNTED))
        first = first or f"VIOLATION {name}: {shown[0]}"
        broken.append((name, shown, len(shown) + more))
    if first:
        print(first)
        for name, shown, count in broken:
            print(f"  {name}: {count} violations")
            for text in shown:
                print(f"    {text}")
    print(f"{len(PROMISES)} promises, {len(PROMISES) - len(broken)} kept: {evidence.size()} "
          f"({time.monotonic() - began:.0f} s)")
    for note in evidence.notes():
        print(f"  {note}")
    return 1 if first else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1]))
    except (OSError, KeyError, ValueError) as error:
        print(f"the evidence cannot be read: {error!r}")
        raise
