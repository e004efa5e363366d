"""A receipt for a SKU for which many orders wait must not be slow because of their number."""
import json
import time

from .. import database
from ..paths import PROGRAMS
from ..statistics_of import table

NAME, TITLE = "backorders", "Receipts while orders wait"
WAITING = (0, 100, 1_000, 10_000)


def run(bench) -> dict:
    return {"runs": [measure(bench, n, 100 if bench.full else 40) for n in WAITING]}


def measure(bench, waiting: int, receipts: int) -> dict:
    """`receipts` receipts of one piece each, one at a time, then one receipt that fills everything that waits."""
    rig = bench.rig()
    keys = ["backorder.filled"] if waiting else ["stock.received"]
    rig.prepare(stock=0, sink_keys=keys, PEER_SKUS=100, PEER_WORKERS="inventory,allocation")
    c = rig.contestant
    commands = [[str(PROGRAMS / "inventory-worker")], *c.start_commands]
    with rig.running(commands) as started, database.Psql(c.database) as psql:
        rig._wait_for_consumers(started)
        if waiting:
            rig.load(waiting, "hot", BENCH_LINES=1, BENCH_QUANTITY=1)
            _wait(lambda: psql.number("select count(*) from tallyman.backorders") >= waiting)
            _wait(lambda: not psql.number("select count(*) from tallyman.outbox"))
        words = ("supply.events", "goods.received", c.sink["queue"])
        one = json.loads(rig.broker("single", receipts, 0.02, *words, "s", "hot-receipts", BENCH_QUANTITY=1))
        seconds = fill_all(rig, psql, waiting - receipts, words) if waiting > receipts else None
        dead = psql.number("select count(*) from tallyman.dead_letters")
        owed = psql.number("select sum(owed) from tallyman.stock_items")
        rig.require_alive(started)
    bench.say(f"{waiting} waiting: p50 {one['p50_ms']} ms, p99 {one['p99_ms']} ms; filling the rest took {seconds} s")
    return {"waiting": waiting, **one, "rest": max(0, waiting - receipts), "fill_s": seconds, "left": owed, "dead": dead}


def fill_all(rig, psql, rest: int, words: tuple) -> float:
    """One receipt for all that still wait. Returns how long it takes until the last is filled."""
    start = time.monotonic()
    rig.broker("load", 1, 1, words[0], words[1], "all", "hot-receipts", BENCH_QUANTITY=rest)
    _wait(lambda: not psql.number("select owed from tallyman.stock_items where sku = 'SKU-000000'"))
    return round(time.monotonic() - start, 2)


def _wait(condition, patience: float = 120) -> None:
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what was waited for did not happen")
        time.sleep(0.02)


def text(data: dict) -> str:
    rows = []
    for r in data["runs"]:
        filling = f"{r['fill_s']:.2f} s for {r['rest']:,}" if r["fill_s"] is not None else "–"
        rows.append([f"{r['waiting']:,}", f"{r['p50_ms']:.2f}", f"{r['p99_ms']:.2f}", f"{r['max_ms']:.2f}", filling, r["left"]])
    return ("Orders that wait for one SKU, and receipts of one piece of it, one at a time: milliseconds from publishing "
            "`goods.received` to `backorder.filled` (with none waiting: to `stock.received`, one worker and one event "
            "less). Then one receipt for all that still wait.\n\n"
            + table(["orders waiting", "p50 ms", "p99 ms", "max ms", "one receipt for all the rest", "still owed"], rows))
