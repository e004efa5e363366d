"""The inventory-worker: receipts and moves per second, end to end."""
from ..contestants import Contestant
from ..database import Psql
from ..paths import PROGRAMS
from ..statistics_of import ratio, shown, table

NAME, TITLE = "inventory", "Receipts and moves"
KINDS = {"zipf-receipts": ("goods.received", ["stock.received"]),
         "zipf-moves": ("stock.move.requested", ["stock.moved", "stock.move.rejected"]),
         "zipf": ("order.created", None)}


def run(bench) -> dict:
    n = 100_000 if bench.full else 40_000
    data = {"n": n, "runs": []}
    for _ in range(3 if bench.full else 2):
        for kind in KINDS:
            result = measure(bench, kind, n)
            bench.say(f"{kind}: {result['end_to_end_per_s']}/s, broken: {result['broken']}")
            data["runs"].append({"kind": kind, **result})
    return data


def measure(bench, kind: str, n: int) -> dict:
    rig = bench.rig()
    key, sink_keys = KINDS[kind]
    rig.prepare(sink_keys=sink_keys, PEER_WORKERS="inventory" if sink_keys else "allocation")
    if sink_keys is None:
        return rig.throughput(n, kind)
    as_inventory(rig.contestant)
    commands = [[str(PROGRAMS / "inventory-worker")], [str(PROGRAMS / "outbox-relay")]]
    result = rig.throughput(n, kind, key=key, commands=commands, check=False)
    with Psql(rig.contestant.database) as psql:
        result["broken"] = broken(rig, psql, kind, n) or None
    return result


def as_inventory(contestant: Contestant) -> None:
    contestant.entry["input"] = {**contestant.input, "queue": "inventory"}
    applied = "select count(*) from tallyman.inbox where consumer = 'inventory' and source <> 'benchmark'"
    contestant.entry["sql"] = {**contestant.sql, "committed": applied, "progress": applied}


def broken(rig, psql, kind: str, n: int) -> dict:
    table_name = "receipts where receipt_id like 'rcv-%'" if "receipts" in kind else "moves"
    found = {
        "applied": psql.number(rig.contestant.sql["committed"]) - n,
        "booked": psql.number(f"select count(*) from tallyman.{table_name}") - n,
        "sink": rig.depth(rig.contestant.sink["queue"]) - n,
        "dead letters": psql.number("select count(*) from tallyman.dead_letters"),
        "ledger=balances": psql.number(
            "select (select sum(delta) from tallyman.stock_ledger where bucket = 'on_hand') "
            "- (select sum(on_hand) from tallyman.balances)"),
    }
    return {name: value for name, value in found.items() if value}


def text(data: dict) -> str:
    names = {"zipf-receipts": "receipts", "zipf-moves": "moves", "zipf": "orders of two lines (allocation-worker)"}

    def of(kind, get):
        return [get(r) for r in data["runs"] if r["kind"] == kind]

    def speeds(kind):
        return of(kind, lambda r: r["end_to_end_per_s"])

    def committed(kind):
        return of(kind, lambda r: r["allocated_per_s"])

    rows = [[names[k], shown(speeds(k)), ratio(speeds(k), speeds("zipf")), shown(committed(k)),
             ratio(committed(k), committed("zipf")),
             shown(of(k, lambda r: list(r["cpu_us"].values())[0]), "{:.1f}"),
             shown(of(k, lambda r: r["postgres_us"])), shown(of(k, lambda r: r["rabbitmq_us"])),
             shown(of(k, lambda r: list(r["memory_mb"].values())[0]), "{:.1f}"),
             sum(bool(r["broken"]) for r in data["runs"] if r["kind"] == k)] for k in KINDS]
    return (
        f"{data['n']:,} waiting messages over 10,000 SKUs (Zipf), until all events are in the sink. One worker, one relay. "
        "What became of a receipt or a move enters the sink alone, as the answer to an order does. A tenth of them is of one "
        "SKU, and of one SKU one event is on its way at a time: that, and not the worker, is what the end of publishing "
        "waits for.\n\n"
        + table(["", "per s end to end", "÷ orders", "committed/s", "÷ orders", "worker CPU µs", "PostgreSQL", "RabbitMQ",
                 "worker MB", "broken"], rows))
